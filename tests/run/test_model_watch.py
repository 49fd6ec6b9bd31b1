"""A model put into the served folder serves, once it is whole."""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actors.model.artifact import Artifact, load_artifact
from actors.model.serving import ModelSlot
from actors.telemetry.telemetry import Telemetry
from sim.journal import Journal
from sim.report.run_folder import ROLLBACK
from sim.run.model_watch import WATCH, ModelWatch
from sim.steps.model_changes import ModelChanges
from sim.training.cache import publish
from tests.support.actors.small_model import Fitted, other_folder, write_folder
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual


class Loading:
    """Loads without a child process."""

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        return load_artifact(folder)


@dataclass
class Place:
    """A served folder, a run's folder, and another model to put there."""

    served: Path
    run: Path
    new: Path
    entries: list[tuple[str, str]] = field(default_factory=list)

    def looks(self, *acts: Callable[[], object]) -> list[str]:
        """Do each act and look after it; return the digest that serves after each look."""

        async def main() -> list[str]:
            clock, artifact = virtual_clock(), load_artifact(self.served)
            slot, journal = ModelSlot(artifact), Journal(clock)
            model_changes = ModelChanges(slot, artifact, Loading(), Telemetry(artifact.reference), journal)
            watch, seen = ModelWatch(self.served, self.run, model_changes, clock), []
            for act in acts:
                act()
                await watch.look()
                seen.append(slot.current.digest)
            self.entries = [(entry.kind, entry.name) for entry in journal.entries]
            return seen

        return run_virtual(main())

    def put_new(self) -> None:
        """Replace the served model in one step, as training does."""
        publish(self.served, lambda draft: shutil.copytree(self.new, draft, dirs_exist_ok=True))


@pytest.fixture
def place(fitted: Fitted, tmp_path: Path) -> Place:
    (tmp_path / "run").mkdir()
    served = write_folder(tmp_path / "served", fitted)
    return Place(served, tmp_path / "run", other_folder(tmp_path / "new", fitted, 8))


def nothing() -> None:
    """Let a second pass."""


def digests(place: Place) -> tuple[str, str]:
    return load_artifact(place.served).manifest.digest, load_artifact(place.new).manifest.digest


def test_a_model_that_appears_serves_at_the_second_look_that_finds_it(place: Place) -> None:
    """Two looks that agree show that nobody is writing any more."""
    old, new = digests(place)
    assert place.looks(nothing, place.put_new, nothing, nothing) == [old, old, new, new]
    assert place.entries == [("model_swapped", WATCH)]


def test_a_model_that_is_still_being_copied_is_left_alone(place: Place) -> None:
    """Whatever the order in which its files arrive, it is looked at when they are all there, and not before."""
    old, new = digests(place)
    order = ["manifest.json", "reference.npz", "golden.npz", "model.joblib", "state/windows.npz"]
    copies = [lambda name=name: shutil.copy(place.new / name, place.served / name) for name in order]
    assert place.looks(*copies, nothing) == [old] * len(order) + [new]
    assert place.entries == [("model_swapped", WATCH)]


def test_without_a_manifest_there_is_no_model(place: Place) -> None:
    """The manifest is written last; a folder without it, or no folder at all, is waited for."""
    old, _ = digests(place)
    gone = place.looks((place.served / "manifest.json").unlink, nothing, lambda: shutil.rmtree(place.served), nothing)
    assert gone == [old] * 4
    assert place.entries == []


def test_a_refused_model_is_tried_again_only_when_it_changes(place: Place) -> None:
    """A damaged model is refused once; mended, it serves."""
    old, new = digests(place)

    def damage() -> None:
        place.put_new()
        (place.served / "golden.npz").write_bytes(b"damaged")

    def mend() -> None:
        shutil.copy(place.new / "golden.npz", place.served / "golden.npz")

    assert place.looks(damage, nothing, nothing, nothing, mend, nothing) == [old] * 5 + [new]
    assert place.entries == [("model_refused", WATCH), ("model_swapped", WATCH)]


def test_the_same_model_put_there_again_is_no_news(place: Place) -> None:
    """Training the same recipe once more changes inodes and times, and nothing else."""
    old, _ = digests(place)

    def touch() -> None:
        os.utime(place.served / "model.joblib", ns=(1, 1))

    assert place.looks(touch, nothing, nothing) == [old] * 3
    assert place.entries == []


def test_a_request_in_the_runs_folder_rolls_back_once(place: Place) -> None:
    """The request is taken away; the model that lies in the folder is not released again by itself."""
    old, new = digests(place)
    request = place.run / ROLLBACK
    assert place.looks(place.put_new, nothing, request.touch, nothing, nothing) == [old, new, old, old, old]
    assert place.entries == [("model_swapped", WATCH), ("model_swapped", ROLLBACK)]
    assert not request.exists()


def test_the_watch_looks_once_a_second(place: Place) -> None:
    """A model is in service two looks after it appeared."""
    old, new = digests(place)

    async def main() -> list[str]:
        clock, artifact = virtual_clock(), load_artifact(place.served)
        slot = ModelSlot(artifact)
        model_changes = ModelChanges(slot, artifact, Loading(), Telemetry(artifact.reference), Journal(clock))
        running = asyncio.create_task(ModelWatch(place.served, place.run, model_changes, clock).run())
        await clock.sleep_until_ns(1_500_000_000)
        place.put_new()
        seen = []
        for at_ns in (2_999_999_999, 3_000_000_001):
            await clock.sleep_until_ns(at_ns)
            seen.append(slot.current.digest)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return seen

    assert run_virtual(main()) == [old, new]
