"""The file of a candidate is damaged while it is released."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from actors.errors import ArtifactError
from actors.model.verification import Verification
from sim.faults.model_damage import Damage, damaged_copy
from sim.faults.port import CandidateFault
from sim.faults.switch import FaultSwitch
from sim.faults.thread import to_the_end

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.artifact import Artifact


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
