"""Each change of the model is accounted for."""

import asyncio
from pathlib import Path

import numpy as np

from actors.core.arrays import F32
from actors.model.artifact import Artifact, load_artifact
from actors.model.serving import ModelSlot
from actors.model.verification import Verification
from actors.telemetry.drift import FEATURE_BUFFER, MIN_ROWS, Reference
from actors.telemetry.snapshot import Gauges, Snapshot
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import Window
from sim.clocks.modelled_waits import ModelledVerification
from sim.journal import Journal
from sim.steps.model_changes import ModelChanges
from sim.steps.step import StepOutcome
from tests.support.actors.small_model import Fitted, other_folder, write_folder
from tests.support.actors.telemetry import reference
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual


class Loading:
    """Loads without a child process."""

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        return load_artifact(folder)


class Counter:
    """Model changes with everything that they account to."""

    def __init__(self, first: Path, verification: Verification | None = None) -> None:
        clock, artifact = virtual_clock(), load_artifact(first)
        self.first = artifact
        self.telemetry = Telemetry(artifact.reference)
        self.journal = Journal(clock)
        self.slot = ModelSlot(artifact)
        self.model_changes = ModelChanges(
            self.slot,
            artifact,
            ModelledVerification(verification or Loading(), clock, 500),
            self.telemetry,
            self.journal,
        )


def test_a_swap_is_counted_and_written_down_when_it_has_been_verified(fitted: Fitted, tmp_path: Path) -> None:
    """The journal has who asked and what replaced what, at the instant at which the modelled verification ends."""
    old, new = write_folder(tmp_path / "old", fitted), other_folder(tmp_path / "new", fitted, 8)

    async def main() -> tuple[Counter, StepOutcome]:
        counter = Counter(old)
        return counter, await counter.model_changes.release("noon", new)

    counter, outcome = run_virtual(main())
    names = [load_artifact(each).manifest.digest for each in (old, new)]
    assert outcome == StepOutcome(done=True, detail=f"{names[0]} → {names[1]}")
    (entry,) = counter.journal.entries
    assert (entry.kind, entry.name, entry.detail, entry.at_s) == ("model_swapped", "noon", outcome.detail, 500e-9)
    assert (counter.telemetry.counters.model_swaps, counter.telemetry.counters.model_refusals) == (1, 0)
    assert counter.slot.current.digest == names[1] == counter.model_changes.serving.manifest.digest


class GivesUp:
    """Ends as a call does whose executor was shut down under it."""

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        raise asyncio.CancelledError


def test_a_verification_that_gives_up_is_a_refusal(fitted: Fitted, tmp_path: Path) -> None:
    """Nobody has cancelled whoever asked: it goes on, the old model serves, and the journal says why."""
    old, new = write_folder(tmp_path / "old", fitted), other_folder(tmp_path / "new", fitted, 8)

    async def main() -> tuple[Counter, StepOutcome]:
        counter = Counter(old, GivesUp())
        return counter, await counter.model_changes.release("noon", new)

    counter, outcome = run_virtual(main())
    assert outcome == StepOutcome(done=False, detail="the call was cancelled from within")
    assert [(each.kind, each.name, each.detail) for each in counter.journal.entries] == [
        ("model_refused", "noon", outcome.detail)
    ]
    assert counter.telemetry.counters.model_refusals == 1
    assert counter.slot.current.digest == load_artifact(old).manifest.digest


def test_a_refusal_is_an_outcome_with_a_reason(fitted: Fitted, tmp_path: Path) -> None:
    """A damaged candidate is counted and written down, takes as long to look at, and the old model serves on."""
    old, new = write_folder(tmp_path / "old", fitted), other_folder(tmp_path / "new", fitted, 8)
    (new / "golden.npz").write_bytes(b"damaged")

    async def main() -> tuple[Counter, StepOutcome]:
        counter = Counter(old)
        return counter, await counter.model_changes.release("noon", new)

    counter, outcome = run_virtual(main())
    assert not outcome.done
    assert "golden.npz" in outcome.detail
    (entry,) = counter.journal.entries
    assert (entry.kind, entry.at_s) == ("model_refused", 500e-9)
    assert (counter.telemetry.counters.model_swaps, counter.telemetry.counters.model_refusals) == (0, 1)
    assert counter.slot.current.generation == 0


def test_drift_is_measured_against_the_model_that_serves(fitted: Fitted, tmp_path: Path) -> None:
    """From a swap on, its reference and only what came since count; back again, the first one's."""
    old, new = write_folder(tmp_path / "old", fitted), other_folder(tmp_path / "new", fitted, 8)

    async def main() -> Counter:
        counter = Counter(old)
        await counter.model_changes.release("noon", new)
        assert counter.telemetry.reference == load_artifact_reference(counter)
        await counter.model_changes.roll_back("back")
        return counter

    counter = run_virtual(main())
    assert counter.telemetry.reference is counter.first.reference
    assert counter.telemetry.counters.model_swaps == 2


def load_artifact_reference(counter: Counter) -> Reference:
    return counter.model_changes.serving.reference


def rows(low: float, high: float) -> F32:
    count = -(-MIN_ROWS // FEATURE_BUFFER) * FEATURE_BUFFER
    return np.repeat(np.linspace(low, high, count, dtype=np.float32)[:, None], 2, axis=1)


def test_a_window_across_a_swap_has_the_new_models_drift_and_no_mean_of_two() -> None:
    """What the old model's time left in the bins is not held against the new one; scores of both are not compared."""
    telemetry = Telemetry(reference(), feature_stride=1)

    def read(at_s: int) -> Snapshot:
        return telemetry.snapshot(at_s * 1_000_000_000, Gauges())

    first = read(0)
    telemetry.observe_features(rows(0.0, 0.1))
    telemetry.observe_scores(np.full(500, 0.1))
    before = read(1)
    telemetry.follow(reference(mean=0.4))
    telemetry.observe_features(rows(0.0, 1.0))
    telemetry.observe_scores(np.full(500, 0.1))
    after = read(2)
    drifted = Window(first, before, telemetry.reference_of(before))
    across = Window(first, after, telemetry.reference_of(after))
    assert max(drifted.psi_by_feature.values()) > 1
    assert max(across.psi_by_feature.values()) < 0.05
    assert not across.one_model
    assert [each.score_mean for each in (drifted.reference, across.reference) if each] == [0.1, 0.4]
