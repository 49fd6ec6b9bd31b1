"""Faults of a release: a candidate's file is damaged, or a bad model proves itself."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from actors.core.arrays import F32, F64
from actors.core.errors import ArtifactError
from actors.core.work import Core
from actors.model.verification import Verification
from sim.faults.model import AroundScoring
from sim.faults.model_damage import Damage, Nonsense, damaged_copy, nonsense_copy
from sim.faults.port import CandidateFault, ModelFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.artifact import Artifact
    from actors.model.scoring import Scoring
    from actors.model.serving import ServingModel


async def to_the_end(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread and return when it has ended, also when cancelled: what it writes can then be removed."""
    under_way = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.gather(under_way, return_exceptions=True)
        raise


class ModelBadRelease(ModelFault, frozen=True, kw_only=True):
    """A model is released at the injection that proves itself and scores nonsense: its golden rows agree with it.

    It is made from the serving one and takes over once it is verified, about a second later. A rollback takes it out,
    by a step or by hand; the lift takes it out otherwise, also of what a later rollback would bring back. Each
    injection is one call for ``probability``.

    Attributes:
        scores: inverted, so that fraud is approved and honest customers are blocked; shuffled, as of a model whose
            columns are in the wrong order; or constant at 0.5.
    """

    kind: ClassVar[str] = "model_bad_release"
    summary: ClassVar[str] = "a model takes over that proves itself and scores nonsense"
    seen: ClassVar[str] = "a swap in the journal; then scores shift or cluster, recall falls, and no error at all"
    mitigation: ClassVar[str] = "alerts on score shift and clustered scores; rollback to the model before"
    scores: Nonsense = "inverted"

    def build(self, port: "Scoring", switch: FaultSwitch) -> "Scoring":
        """Return scoring that tells the bad model's work; the desk lets it take over."""
        return _Takeover(port, switch, self)


class _Takeover(AroundScoring):
    def __init__(self, scoring: "Scoring", switch: FaultSwitch, fault: ModelBadRelease) -> None:
        super().__init__(scoring, switch)
        self._fault = fault
        self._digest: str | None = None
        self._releasing: asyncio.Task[None] | None = None
        switch.when_injected(self._begin)
        switch.when_lifted(self._end)

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score; with the bad model this is the harm."""
        if model.digest == self._digest:
            self.switch.touch(len(features))
        return await self.scoring.score(model, features, core)

    def _begin(self) -> None:
        if self.switch.strikes():
            self._releasing = asyncio.create_task(self._release(), name=self.switch.name)

    def _end(self) -> None:
        """Take the bad model out at once, or keep it from being let in."""
        if self._releasing is not None:
            self._releasing.cancel()
        if self._digest is not None:
            self.switch.targets.releasing().withdraw(self.switch.name, self._digest)

    async def _release(self) -> None:
        with (
            self.switch.effect(0),
            TemporaryDirectory(prefix="riskdrill-nonsense-", ignore_cleanup_errors=True) as place,
        ):
            await self._release_from(Path(place) / "model")

    async def _release_from(self, copy: Path) -> None:
        from actors.model.artifact import MANIFEST_FILE
        from actors.model.manifest import read_manifest

        model_changes = self.switch.targets.releasing()
        await to_the_end(lambda: nonsense_copy(model_changes.serving, copy, self._fault.scores))
        self._digest = read_manifest(copy / MANIFEST_FILE).digest
        outcome = await model_changes.release(self.switch.name, copy)
        if not outcome.done:
            raise RuntimeError(outcome.detail.replace(str(copy), "the bad model"))


class ModelCorruptFile(CandidateFault, frozen=True, kw_only=True):
    """Whatever model is released while the fault is in is damaged on its way: a copy of it, never the folder itself.

    Touched are candidates. It has an effect only if a model is released meanwhile: by a step, or by whoever puts one
    into the served folder.

    Attributes:
        damage: truncated, as by a full disk; nul, a page of zeros, as by a lost write; flipped, one bit; leaf, one
            leaf's value edited; permuted, two columns mixed up. The last two still load.
        signed: whether the manifest's digest is that of the damaged file, as when it was damaged before it was
            signed: then only loading and the golden rows can tell.
    """

    kind: ClassVar[str] = "model_corrupt_file"
    summary: ClassVar[str] = "the file of a model is damaged while it is released"
    seen: ClassVar[str] = "model.refusals counts, the journal has the reason; every decision names the old model"
    mitigation: ClassVar[str] = "digest, a child process that may die of it, golden rows; the old model serves on"
    touches: ClassVar[str] = "candidates"
    damage: Damage = "truncated"
    signed: bool = False

    def build(self, port: Verification, switch: FaultSwitch) -> Verification:
        """Return a verification that gets a damaged copy while the fault is in."""
        return _Damaging(port, switch, self)


class _Damaging:
    def __init__(self, verification: Verification, switch: FaultSwitch, fault: ModelCorruptFile) -> None:
        self._verification = verification
        self._switch = switch
        self._fault = fault

    async def verify(self, folder: Path, *, proof: bool = True) -> "Artifact":
        """Verify, or damage a copy and verify that."""
        if self._switch.strikes():
            with TemporaryDirectory(prefix="riskdrill-damaged-", ignore_cleanup_errors=True) as place:
                copy = Path(place) / "model"
                if await self._damage(folder, copy):
                    return await self._verify_copy(folder, copy, proof=proof)
        return await self._verification.verify(folder, proof=proof)

    async def _damage(self, folder: Path, copy: Path) -> bool:
        """Return whether there is a damaged copy; if not, the fault has failed."""
        fault, drawn = self._fault, self._switch.chance.next("where")
        with self._switch.effect():
            await to_the_end(lambda: damaged_copy(folder, copy, fault.damage, drawn, signed=fault.signed))
            return True
        return False

    async def _verify_copy(self, folder: Path, copy: Path, *, proof: bool) -> "Artifact":
        try:
            found = await self._verification.verify(copy, proof=proof)
        except ArtifactError as error:
            raise ArtifactError(str(error).replace(str(copy), f"a damaged copy of {folder}")) from error
        return replace(found, folder=folder)
