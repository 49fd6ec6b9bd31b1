"""Who makes the traffic of a run on virtual time makes no difference to the run, and nothing is left of it."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from actors.errors import OutputError
from sim.report.lines import JsonLines
from sim.run import execute as execution
from sim.run import traffic
from sim.run.plan import SyntheticLoad
from sim.trials.side_by_side import side_by_side
from sim.world import piped_feed, traffic_process
from sim.world.feed import InlineFeed
from sim.world.phases import Phase
from sim.world.piped_feed import PipedFeed
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.drills import run_thin
from tests.world.samples import steady

BLOCKS = tuple(f"phases.{phase}.rate=2000" for phase in ("calm", "trouble", "recovery"))  # four of them
FILES = ("decisions.jsonl", "journal.jsonl", "latency.hlog", "summary.json")
Children = list[subprocess.Popen[bytes]]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """Let even short runs have their traffic made by a child, and keep those that were started."""
    started: Children = []
    spawn = traffic_process._spawn

    def spawn_and_keep(*words: object) -> subprocess.Popen[bytes]:
        started.append(spawn(*words))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(traffic_process, "_spawn", spawn_and_keep)
    monkeypatch.setattr(traffic, "LONG", 0)
    monkeypatch.setattr(piped_feed, "HERE", 1)
    monkeypatch.setattr(traffic, "_core_to_spare", lambda: True)
    return started


def ended(child: subprocess.Popen[bytes]) -> bool:
    """Return whether ``child`` is gone and buried."""
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_traffic_from_a_child_changes_no_byte_of_a_run(
    tmp_path: Path, world_model: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are the same, and the child is gone with the run."""
    piped, inline = tmp_path / "piped", tmp_path / "inline"
    for folder in (piped, inline):
        folder.mkdir()
    run_thin(piped, world_model, BLOCKS)
    assert len(children) == 1
    assert ended(children[0])
    monkeypatch.setattr(traffic, "LONG", 10**9)
    run_thin(inline, world_model, BLOCKS)
    assert len(children) == 1
    for name in FILES:
        assert (piped / name).read_bytes() == (inline / name).read_bytes(), name


@pytest.mark.slow
def test_a_child_that_dies_fails_the_run_with_its_last_words(
    tmp_path: Path, world_model: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The producer is given up, as on the real clock; what it had sent is decided."""
    read = traffic_process.TrafficProcess.read

    def kill_and_read(self: traffic_process.TrafficProcess) -> bytes | None:
        self.kill()
        children[0].wait()
        while read(self) is not None:  # what was made before still comes
            pass
        return None

    monkeypatch.setattr(traffic_process.TrafficProcess, "read", kill_and_read)
    summary = run_thin(tmp_path, world_model, BLOCKS).summary
    assert summary.verdict == "fail"
    assert any("makes the traffic was killed (SIGKILL)" in reason for reason in summary.reasons), summary.reasons
    assert ended(children[0])


@pytest.mark.slow
def test_a_run_that_cannot_begin_leaves_no_child(
    tmp_path: Path, world_model: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be created ends it before the pipeline is there."""

    class Unwritable(JsonLines):
        def __init__(self, file: Path) -> None:
            raise OutputError(f"{file}: cannot be written")

    monkeypatch.setattr(execution, "JsonLines", Unwritable)
    with pytest.raises(OutputError, match="cannot be written"):
        run_thin(tmp_path, world_model)
    assert len(children) == 1
    assert ended(children[0])


def load_of(*rates: float) -> SyntheticLoad:
    """Return load at ``rates``, ten seconds each."""
    phases = tuple(msgspec.structs.replace(steady(10), name=str(at), rate=rate) for at, rate in enumerate(rates))
    return SyntheticLoad(TrafficSpec(world=WorldSpec(), phases=phases, seed=1))


def test_transactions_are_counted_ahead() -> None:
    """Ramps count with their mean."""
    ramp = Phase(name="ramp", duration_ns=10 * 10**9, rate=0, ramp_to=1_000)
    assert load_of(100, 200).expected_count == 3_000
    assert SyntheticLoad(TrafficSpec(world=WorldSpec(), phases=(ramp,), seed=1)).expected_count == 5_000


class Child(InlineFeed):
    """Stands for a feed with a child."""


def test_only_a_long_run_with_a_core_to_spare_has_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one would be over before it has started, and where many run side by side no core is free."""

    def has_child(load: SyntheticLoad) -> bool:
        return isinstance(traffic.virtual_feed(load), Child)

    monkeypatch.setattr(traffic, "PipedFeed", Child)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    long, short = load_of(traffic.LONG / 10), load_of(traffic.LONG / 10 - 1)
    assert has_child(long)
    assert not has_child(short)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert not has_child(long)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert list(side_by_side(has_child_in_worker, [None, None], 2)) == [False, False]


def has_child_in_worker(_: None) -> bool:
    """Return whether a long run would have a child in the process that this is."""
    feed = traffic.virtual_feed(load_of(traffic.LONG / 10))
    feed.close()
    return isinstance(feed, PipedFeed)
