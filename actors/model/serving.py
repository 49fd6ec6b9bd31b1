"""The model that serves now: a slot in which releases follow each other."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.core.errors import ArtifactError
from actors.model.artifact import Artifact
from actors.model.engine import Engine
from actors.model.policy import RuleBook, Thresholds
from actors.model.verification import Verification


@dataclass(frozen=True, slots=True)
class ServingModel:
    """One generation of the serving model; a batch reads it once and keeps to it.

    Attributes:
        engine: scores rows.
        digest: the model's short name.
        generation: 0 for the first model of a run, one more with each swap.
        thresholds: scores from which to review and to block.
        rules: tuned with it; they decide what it does not score.
    """

    engine: Engine
    digest: str
    generation: int
    thresholds: Thresholds
    rules: RuleBook


class ModelSlot:
    """Holds the serving model. Owned by the pipeline; whoever scores reads `current` once a batch.

    Args:
        artifact: the first model.
        thresholds: of this run, for every generation; None takes each model's own.
    """

    def __init__(self, artifact: Artifact, thresholds: Thresholds | None = None) -> None:
        self._features = artifact.feature_names
        self._thresholds = thresholds
        self.digests: list[str] = []
        self.current = self._next(artifact)

    def swap(self, artifact: Artifact) -> ServingModel:
        """Let ``artifact`` serve from the next batch on; batches under way finish on the old model.

        Raises:
            ArtifactError: it takes other features, or in another order, than are being assembled; the old one stays.
        """
        if artifact.feature_names != self._features:
            raise ArtifactError(
                f"{artifact.folder}: a model swapped in must take the features being assembled, in their order;"
                " train it on the same catalogue"
            )
        self.current = self._next(artifact)
        return self.current

    def _next(self, artifact: Artifact) -> ServingModel:
        thresholds = self._thresholds or artifact.manifest.thresholds
        digest, generation = artifact.manifest.digest, len(self.digests)
        model = ServingModel(artifact.engine, digest, generation, thresholds, artifact.rule_book)
        self.digests.append(model.digest)
        return model


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
