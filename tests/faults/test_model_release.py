"""Faults of releases, around what changes the model: what they do to candidates and to what serves, and their end."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from actors.core.work import Core
from actors.model.artifact import Artifact, load_artifact
from actors.model.scoring import LocalScoring, Scoring
from actors.model.serving import ModelSlot
from actors.telemetry.telemetry import Telemetry
from sim.clocks.modelled_waits import ModelledVerification
from sim.faults.fault import Fault, FaultRecord, Repeat
from sim.faults.model import ModelBadRelease, ModelCorruptFile, Nonsense
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.steps.model_changes import ModelChanges
from tests.support.actors.small_model import Fitted, other_folder, write_folder
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

S = NS_PER_S
WHEN: dict[str, Any] = {"name": "fault", "at": 10 * S, "duration": 10 * S}


class Loading:
    """Loads without a child process; only for what no child would die of."""

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        return load_artifact(folder, proof=proof)


class Shop:
    """Model changes, their slot and its scoring, with faults around them; a verification takes a second."""

    def __init__(self, first: Path, *faults: Fault) -> None:
        self.clock = virtual_clock()
        self.journal = Journal(self.clock)
        self.first = load_artifact(first)
        self.targets = FaultTargets()
        self.schedule = FaultSchedule(faults, self.clock, self.journal, 3, self.targets)
        self.slot = ModelSlot(self.first)
        verification = self.schedule.wrap_verification(ModelledVerification(Loading(), self.clock))
        telemetry = Telemetry(self.first.reference)
        self.model_changes = self.targets.model_changes = ModelChanges(
            self.slot, self.first, verification, telemetry, self.journal
        )
        self.scoring: Scoring = self.schedule.wrap_scoring(LocalScoring(self.slot, None))  # type: ignore[arg-type]

    @property
    def record(self) -> FaultRecord:
        return self.schedule.records()[0]

    async def until(self, at_s: float) -> None:
        await self.clock.sleep_until_ns(int(at_s * S))

    async def score(self) -> np.ndarray[Any, Any]:
        """Score the golden rows with what serves now."""
        return await self.scoring.score(self.scoring.current(), self.first.golden.features, Core.LOOP)

    async def sound(self) -> bool:
        return bool((await self.score() == self.first.golden.scores).all())


def kept() -> set[str]:
    """Return the copies that faults have lying about."""
    place = Path(tempfile.gettempdir())
    return {each.name for pattern in ("riskdrill-damaged-*", "riskdrill-nonsense-*") for each in place.glob(pattern)}


def during(first: Path, *faults: Fault, do: Callable[[Shop], Awaitable[None]]) -> Shop:
    """Run the schedule of ``faults`` from 0 s, and beside it ``do``; afterwards no copy may be left."""

    async def main() -> Shop:
        shop = Shop(first, *faults)
        running = asyncio.create_task(shop.schedule.run())
        await do(shop)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return shop

    before = kept()
    shop = run_virtual(main())
    assert kept() <= before
    return shop


@pytest.fixture(scope="module")
def models(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model and another one of the same features."""
    place = tmp_path_factory.mktemp("models")
    return write_folder(place / "first", fitted), other_folder(place / "other", fitted, 8)


def test_only_what_is_released_while_the_fault_is_in_is_damaged(models: tuple[Path, Path]) -> None:
    """The same folder is refused in between, with its own name in the reason, and taken up before and after."""
    first, other = models
    outcomes = []

    async def do(shop: Shop) -> None:
        for at_s in (5, 12, 20):
            await shop.until(at_s)
            outcomes.append(await shop.model_changes.release("step", other))
            if outcomes[-1].done:
                await shop.model_changes.roll_back("step")

    shop = during(first, ModelCorruptFile(**WHEN, damage="leaf", signed=True), do=do)
    assert [each.done for each in outcomes] == [True, False, True]
    assert f"a damaged copy of {other}/golden.npz: golden rows" in outcomes[1].detail
    assert (shop.record.touched_count, shop.record.first_effect_at_s, shop.record.state) == (1, 12.0, "lifted")


def test_what_is_believed_without_proof_serves_under_its_own_folder(models: tuple[Path, Path]) -> None:
    """A damaged candidate that nobody asks for proof takes over; its copy is gone, its folder is the candidate's."""
    first, other = models

    async def do(shop: Shop) -> None:
        await shop.until(12)
        assert (await shop.model_changes.release("step", other, verify=False)).done
        assert shop.model_changes.serving.folder == other
        assert not await shop.sound()

    during(first, ModelCorruptFile(**WHEN, damage="permuted"), do=do)


def test_what_is_no_model_cannot_be_damaged(models: tuple[Path, Path], tmp_path: Path) -> None:
    """The fault fails and says so; the candidate is refused for what it is."""

    async def do(shop: Shop) -> None:
        await shop.until(12)
        outcome = await shop.model_changes.release("step", tmp_path)
        assert "manifest.json: must be there" in outcome.detail

    assert during(models[0], ModelCorruptFile(**WHEN), do=do).record.state == "failed"


@pytest.mark.parametrize("scores", ["inverted", "shuffled", "constant"])
def test_a_bad_release_takes_over_when_it_is_verified_and_is_gone_at_the_lift(
    scores: Nonsense, models: tuple[Path, Path]
) -> None:
    """Before, during its verification and after the lift every score is right; in between the bad model's are given."""
    found = {}

    async def do(shop: Shop) -> None:
        for at_s in (9, 10.9, 11.1, 19.9, 20, 25):
            await shop.until(at_s)
            found[at_s] = await shop.sound()

    shop = during(models[0], ModelBadRelease(**WHEN, scores=scores), do=do)
    assert [at_s for at_s, sound in found.items() if not sound] == [11.1, 19.9]
    assert shop.record.touched_count == 2 * len(shop.first.golden.scores)
    assert (shop.record.first_effect_at_s, shop.record.lifted_at_s) == (11.1, 20.0)
    entries = [(entry.kind, entry.name, entry.at_s) for entry in shop.journal.entries if entry.kind == "model_swapped"]
    assert entries == [("model_swapped", "fault", 11.0), ("model_swapped", "fault", 20.0)]


def test_a_rollback_ends_a_bad_release_for_good(models: tuple[Path, Path]) -> None:
    """The lift then has nothing left to do, and nobody can roll back to the bad model."""

    async def do(shop: Shop) -> None:
        await shop.until(15)
        assert not await shop.sound()
        await shop.model_changes.roll_back("step")
        assert await shop.sound()
        await shop.until(25)
        assert await shop.sound()
        assert not (await shop.model_changes.roll_back("step")).done

    assert during(models[0], ModelBadRelease(**WHEN), do=do).slot.current.generation == 2


def test_a_lift_leaves_what_was_released_after_the_bad_model(models: tuple[Path, Path]) -> None:
    """A good one serves on, and a rollback finds the first one and not the bad one."""
    first, other = models

    async def do(shop: Shop) -> None:
        await shop.until(15)
        assert (await shop.model_changes.release("step", other)).done
        good = shop.slot.current.digest
        await shop.until(21)
        assert shop.slot.current.digest == good
        await shop.model_changes.roll_back("step")
        assert await shop.sound()

    during(first, ModelBadRelease(**WHEN), do=do)


def test_each_injection_is_a_release(models: tuple[Path, Path]) -> None:
    """Repeated, the same bad model comes back as often."""

    async def do(shop: Shop) -> None:
        await shop.until(60)

    fault = ModelBadRelease(name="fault", at=10 * S, duration=5 * S, repeat=Repeat(count=3, every=10 * S))
    assert during(models[0], fault, do=do).slot.current.generation == 6


@settings(max_examples=30)
@given(
    at_ms=st.integers(9_000, 21_000),
    fault=st.sampled_from((ModelBadRelease(**WHEN), ModelCorruptFile(**WHEN, damage="leaf", signed=True))),
)
def test_interrupted_at_any_instant_nothing_of_the_fault_is_left(
    at_ms: int, fault: Fault, models: tuple[Path, Path]
) -> None:
    """Ctrl-C in the middle of a verification or of a bad model's service: the old model serves, no copy lies about."""
    first, other = models

    async def do(shop: Shop) -> None:
        release = asyncio.create_task(release_at(shop, 12, other))
        await shop.until(at_ms / 1_000)
        shop.schedule.lift_all()
        release.cancel()
        await asyncio.gather(release, return_exceptions=True)
        served = shop.slot.current.digest
        await shop.until(40)
        assert shop.slot.current.digest == served
        good = {shop.first.manifest.digest, load_artifact(other).manifest.digest}
        assert served in good

    during(first, fault, do=do)


async def release_at(shop: Shop, at_s: float, folder: Path) -> None:
    await shop.until(at_s)
    await shop.model_changes.release("step", folder)


def test_a_serving_model_that_is_gone_from_disk_makes_the_fault_fail_and_nothing_else(
    fitted: Fitted, tmp_path: Path
) -> None:
    """What it would be made from cannot be read: the run goes on with the model in memory."""
    first = write_folder(tmp_path / "first", fitted)

    async def do(shop: Shop) -> None:
        (first / "model.joblib").unlink()
        await shop.until(15)
        assert await shop.sound()

    record = during(first, ModelBadRelease(**WHEN), do=do).record
    assert (record.state, record.touched_count) == ("failed", 0)
