"""Changes of a run's serving model: each is carried out here, then written down."""

from collections.abc import Awaitable
from pathlib import Path

from actors.core.cancellation import CalledOffError, answer_of
from actors.core.errors import ArtifactError, MachineError
from actors.model.artifact import Artifact
from actors.model.serving import ModelSlot, Releases
from actors.model.verification import Verification
from actors.telemetry.telemetry import Telemetry
from sim.journal import Journal
from sim.steps.step import StepOutcome


class ModelChanges:
    """Makes changes of the model, and accounts for them: journal, counters, what drift is measured against.

    Args:
        slot: where the serving model is.
        first: the model in it.
        verification: what a candidate has to pass.
        telemetry: counts swaps and refusals, and follows the serving model's reference.
        journal: of the run.
    """

    def __init__(
        self, slot: ModelSlot, first: Artifact, verification: Verification, telemetry: Telemetry, journal: Journal
    ) -> None:
        self._releases = Releases(slot, first, verification, lambda artifact: telemetry.follow(artifact.reference))
        self._telemetry = telemetry
        self._journal = journal

    @property
    def serving(self) -> Artifact:
        """The model that serves now."""
        return self._releases.serving

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> StepOutcome:
        """Verify the model in ``folder`` and let it serve; ``by`` is who asks for it.

        Without ``verify`` it need not prove itself, only load and score.
        """
        change = self._releases.release(folder, proof=verify)
        return await self._change(by, change, note="" if verify else ", without proof")

    async def roll_back(self, by: str) -> StepOutcome:
        """Let the model before the last release serve again."""
        return await self._change(by, self._releases.roll_back())

    def withdraw(self, by: str, digest: str) -> None:
        """Take a released model out at once, whether it serves or is only remembered."""
        if self._releases.withdraw(digest) is not None:
            self._journal.add("model_swapped", by, self._swap(digest))

    async def _change(self, by: str, change: Awaitable[Artifact], note: str = "") -> StepOutcome:
        try:
            before = await answer_of(change)
        except (ArtifactError, MachineError, CalledOffError) as error:
            self._telemetry.counters.model_refusals += 1
            self._journal.add("model_refused", by, str(error))
            return StepOutcome(done=False, detail=str(error))
        detail = self._swap(before.manifest.digest) + note
        self._journal.add("model_swapped", by, detail)
        if self.serving.fallback:
            self._journal.add("engine_fallback", by, self.serving.fallback)
        return StepOutcome(done=True, detail=detail)

    def _swap(self, before: str) -> str:
        return f"{before} → {self.serving.manifest.digest}"
