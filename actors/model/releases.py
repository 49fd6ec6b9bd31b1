"""Models that follow each other: each proves itself before it serves, and the one before can come back."""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from actors.errors import ArtifactError
from actors.model.artifact import Artifact
from actors.model.slot import ModelSlot
from actors.model.verification import Verification

KEPT: Final = 8  # models that a rollback can reach; each is a few MB

OnSwap = Callable[[Artifact], None]
"""Called on the event loop, in the same instant as the swap, with the model that serves from now on. Must not raise."""


class Releases:
    """Replaces the model in a slot, one change after the other, in the order in which they were asked for.

    A refused candidate changes nothing: the old model serves before, while and after it is looked at.

    Args:
        slot: where the serving model is.
        first: the model in it.
        verification: what a candidate has to pass.
        on_swap: told of each swap.
    """

    def __init__(self, slot: ModelSlot, first: Artifact, verification: Verification, on_swap: OnSwap) -> None:
        self._slot = slot
        self._verification = verification
        self._on_swap = on_swap
        self._turn = asyncio.Lock()
        self._before: deque[Artifact] = deque(maxlen=KEPT)
        self.serving = first

    async def release(self, folder: Path, *, proof: bool = True) -> Artifact:
        """Verify the model in ``folder`` and let it serve from the next batch on; return the one before.

        Args:
            folder: of the candidate.
            proof: whether it must prove itself; otherwise it must only load and score.

        Raises:
            ArtifactError: it is refused, and why.
        """
        async with self._turn:
            candidate = await self._verification.verify(folder, proof=proof)
            before = self.serving
            if candidate.manifest.digest == before.manifest.digest:
                raise ArtifactError(f"{folder}: must be another model than the serving one, {before.manifest.digest}")
            self._swap(candidate)
            self._before.append(before)
            return before

    async def roll_back(self) -> Artifact:
        """Let the model serve again that served before the last release; return the one that served until now.

        It has proved itself once and is still in memory, so this takes effect at once, whatever is on disk.

        Raises:
            ArtifactError: there is none.
        """
        async with self._turn:
            if not self._before:
                raise ArtifactError("rollback: no model was released before this one; release a good one instead")
            after = self.serving
            self._swap(self._before[-1])
            self._before.pop()
            return after

    def withdraw(self, digest: str) -> Artifact | None:
        """Take the model called ``digest`` out, at once, wherever it is: serving, or waiting to be rolled back to.

        Returns:
            The model that serves instead, from the next batch on; None if another one serves.

        Raises:
            ArtifactError: it serves and no other model is left.
        """
        others = [each for each in self._before if each.manifest.digest != digest]
        serves = self.serving.manifest.digest == digest
        if serves and not others:
            raise ArtifactError(f"withdraw: no model was released before {digest}; release a good one instead")
        if serves:
            self._swap(others.pop())
        self._before = deque(others, maxlen=KEPT)
        return self.serving if serves else None

    def _swap(self, artifact: Artifact) -> None:
        self._slot.swap(artifact)
        self.serving = artifact
        self._on_swap(artifact)
