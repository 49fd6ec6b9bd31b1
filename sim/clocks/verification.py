"""The verification of a candidate on virtual time."""

from pathlib import Path

from actors.clock import NS_PER_S, Clock
from actors.model.artifact import Artifact
from actors.model.verification import Verification

TAKES_NS = NS_PER_S  # a child process that imports LightGBM, checks digests and scores golden rows


class ModelledVerification:
    """A verification that takes a second of the run, whatever it takes this machine; it holds no core meanwhile.

    Args:
        verification: looks at the candidate, at once as far as the run's clock can tell.
        clock: the run's.
        takes_ns: how long it seems to take.
    """

    def __init__(self, verification: Verification, clock: Clock, takes_ns: int = TAKES_NS) -> None:
        self._verification = verification
        self._clock = clock
        self._takes_ns = takes_ns

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        """Look at the candidate, then let the time pass; a refusal takes as long."""
        try:
            return await self._verification.verify(folder, proof=proof)
        finally:
            await self._clock.sleep_ns(self._takes_ns)
