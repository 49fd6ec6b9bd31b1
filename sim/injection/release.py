"""Injectors of a release: a candidate's file is damaged, or a bad model proves itself."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.core.arrays import F32, F64
from actors.core.errors import ArtifactError
from actors.core.work import Core
from actors.model.artifact import MANIFEST_FILE, Artifact
from actors.model.manifest import read_manifest
from actors.model.serving import ServingModel
from actors.model.verification import Verification
from sim.faults.model import ModelBadRelease, ModelCorruptFile
from sim.injection.injector import Injector
from sim.injection.model import ScoringInjector
from sim.injection.model_damage import damaged_copy, nonsense_copy
from sim.injection.switch import FaultSwitch


async def to_the_end(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread and return when it has ended, also when cancelled: what it writes can then be removed."""
    under_way = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.gather(under_way, return_exceptions=True)
        raise


class BadRelease(ScoringInjector):
    """Lets a bad model take over at each injection, and takes it out at each lift; its scores are the harm."""

    fault: ModelBadRelease

    def __init__(self, fault: ModelBadRelease, switch: FaultSwitch) -> None:
        super().__init__(fault, switch)
        self._digest: str | None = None
        self._releasing: asyncio.Task[None] | None = None
        switch.when_injected(self._begin)
        switch.when_lifted(self._end)

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
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
        model_changes = self.switch.targets.releasing()
        await to_the_end(lambda: nonsense_copy(model_changes.serving, copy, self.fault.scores))
        self._digest = read_manifest(copy / MANIFEST_FILE).digest
        outcome = await model_changes.release(self.switch.name, copy)
        if not outcome.done:
            raise RuntimeError(outcome.detail.replace(str(copy), "the bad model"))


class DamagedCandidates(Injector):
    """Has a damaged copy of each candidate verified instead of it."""

    fault: ModelCorruptFile
    _verification: Verification

    def around_verification(self, verification: Verification) -> Verification:
        """Take candidates."""
        self._verification = verification
        return self

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        """Verify, or damage a copy and verify that."""
        if self.switch.strikes():
            with TemporaryDirectory(prefix="riskdrill-damaged-", ignore_cleanup_errors=True) as place:
                copy = Path(place) / "model"
                if await self._damage(folder, copy):
                    return await self._verify_copy(folder, copy, proof=proof)
        return await self._verification.verify(folder, proof=proof)

    async def _damage(self, folder: Path, copy: Path) -> bool:
        """Return whether there is a damaged copy; if not, the fault has failed."""
        fault, drawn = self.fault, self.switch.chance.next("where")
        with self.switch.effect():
            await to_the_end(lambda: damaged_copy(folder, copy, fault.damage, drawn, signed=fault.signed))
            return True
        return False

    async def _verify_copy(self, folder: Path, copy: Path, *, proof: bool) -> Artifact:
        try:
            found = await self._verification.verify(copy, proof=proof)
        except ArtifactError as error:
            raise ArtifactError(str(error).replace(str(copy), f"a damaged copy of {folder}")) from error
        return replace(found, folder=folder)
