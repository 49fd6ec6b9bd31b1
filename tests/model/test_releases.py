"""Another model serves only once it has proved itself; the one before can come back."""

import asyncio
import shutil
from pathlib import Path

import pytest

from actors.core.errors import ArtifactError
from actors.model.artifact import Artifact, load_artifact
from actors.model.integrity import sha256_of
from actors.model.serving import KEPT, ModelSlot, Releases
from actors.model.verification import ChildVerification, load_verified
from tests.support.actors.small_model import Fitted, other_folder
from tests.support.virtual import run_virtual


class SlowLoading:
    """Takes a second, and refuses what is called bad."""

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        await asyncio.sleep(1)
        if folder.name.startswith("bad"):
            raise ArtifactError(f"{folder.name}: is bad")
        return load_artifact(folder)


class Shop:
    """A slot with its first model, and what was told of swaps."""

    def __init__(self, first: Path) -> None:
        artifact = load_artifact(first)
        self.slot = ModelSlot(artifact)
        self.told: list[str] = []
        self.releases = Releases(self.slot, artifact, SlowLoading(), self._hear)

    def _hear(self, artifact: Artifact) -> None:
        assert self.slot.current.digest == artifact.manifest.digest
        self.told.append(artifact.manifest.digest)


@pytest.fixture
def other(fitted: Fitted, tmp_path: Path) -> Path:
    """Another model of the same features."""
    return other_folder(tmp_path / "other", fitted, 8)


def digest(folder: Path) -> str:
    return load_artifact(folder).manifest.digest


def test_a_released_model_serves_once_it_is_verified_and_not_before(folder: Path, other: Path) -> None:
    """While a candidate is looked at, the old model serves; then it is told of, in the instant of the swap."""

    async def main() -> tuple[Shop, str]:
        shop = Shop(folder)
        release = asyncio.create_task(shop.releases.release(other))
        await asyncio.sleep(0.999)
        meanwhile = shop.slot.current.digest
        before = await release
        assert before.manifest.digest == meanwhile
        return shop, meanwhile

    shop, meanwhile = run_virtual(main())
    assert (meanwhile, shop.slot.current.digest) == (digest(folder), digest(other))
    assert shop.told == [digest(other)]


@pytest.mark.parametrize("candidate", ["bad", "the same"])
def test_a_refused_model_changes_nothing(folder: Path, candidate: str) -> None:
    """A candidate that does not prove itself, or serves already, is an error with a reason."""

    async def main() -> Shop:
        shop = Shop(folder)
        with pytest.raises(ArtifactError, match=r"is bad|another model than the serving one"):
            await shop.releases.release(Path("bad") if candidate == "bad" else folder)
        return shop

    shop = run_virtual(main())
    assert (shop.slot.current.generation, shop.told) == (0, [])
    assert shop.releases.serving.manifest.digest == digest(folder)


def test_a_rollback_brings_back_the_one_before_as_a_new_generation(folder: Path, other: Path) -> None:
    """It needs no verification and nothing on disk; decisions tell its second service from its first."""

    async def main() -> Shop:
        shop = Shop(folder)
        await shop.releases.release(other)
        (other / "manifest.json").unlink()
        await shop.releases.roll_back()
        return shop

    shop = run_virtual(main())
    assert shop.slot.digests[0] == shop.slot.digests[2] == shop.slot.current.digest != shop.slot.digests[1]
    assert shop.slot.current.generation == 2


def test_changes_are_made_in_the_order_in_which_they_were_asked_for(folder: Path, other: Path) -> None:
    """A rollback that is asked for during a verification takes back what is being released, not what was before."""

    async def main() -> list[str]:
        shop = Shop(folder)
        release = asyncio.create_task(shop.releases.release(other))
        await asyncio.sleep(0.5)
        await asyncio.gather(release, shop.releases.roll_back())
        return shop.slot.digests

    assert run_virtual(main()) == [digest(folder), digest(other), digest(folder)]


def test_without_a_release_there_is_nothing_to_go_back_to(folder: Path, other: Path) -> None:
    """Each release can be taken back once."""

    async def main() -> None:
        shop = Shop(folder)
        await shop.releases.release(other)
        await shop.releases.roll_back()
        with pytest.raises(ArtifactError, match="no model was released"):
            await shop.releases.roll_back()

    run_virtual(main())


def test_a_model_that_is_withdrawn_is_gone_at_once_wherever_it_was(
    folder: Path, other: Path, fitted: Fitted, tmp_path: Path
) -> None:
    """Serving, the one before takes over; before the serving one, no rollback finds it; elsewhere, nothing changes."""
    third = other_folder(tmp_path / "third", fitted, 9)

    async def main() -> None:
        shop = Shop(folder)
        with pytest.raises(ArtifactError, match="no model was released before"):
            shop.releases.withdraw(digest(folder))
        assert shop.releases.withdraw(digest(other)) is None
        await shop.releases.release(other)
        back = shop.releases.withdraw(digest(other))
        assert back is not None
        assert back.manifest.digest == shop.slot.current.digest == digest(folder)
        await shop.releases.release(other)
        await shop.releases.release(third)
        assert shop.releases.withdraw(digest(other)) is None
        await shop.releases.roll_back()
        assert shop.slot.current.digest == digest(folder)

    run_virtual(main())


def test_models_to_go_back_to_are_few(folder: Path, other: Path) -> None:
    """However many models follow each other, a bounded number stays in memory."""

    async def main() -> int:
        shop, count = Shop(folder), 0
        for number in range(KEPT + 3):
            await shop.releases.release((other, folder)[number % 2])
        while count < 2 * KEPT:
            try:
                await shop.releases.roll_back()
            except ArtifactError:
                break
            count += 1
        return count

    assert run_virtual(main()) == KEPT


def test_a_sound_model_passes_the_child_and_is_loaded(folder: Path) -> None:
    """What comes back is the model in the folder."""
    found = asyncio.run(ChildVerification().verify(folder))
    assert found.manifest.digest == digest(folder)


def test_a_model_replaced_while_it_is_verified_is_refused(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the child survived is not what would be loaded here, so nothing is loaded."""

    def replace(candidate: Path, *, proof: bool) -> str:
        assert proof
        survived = sha256_of(candidate / "model.joblib")
        shutil.copytree(other, candidate, dirs_exist_ok=True)
        return survived

    monkeypatch.setattr("actors.model.verification.verify_in_child", replace)
    with pytest.raises(ArtifactError, match="was replaced"):
        load_verified(folder)
