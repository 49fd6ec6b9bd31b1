"""A run that is ended by a condition of its own, and one that goes wrong only at its end, on virtual time."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from actors.model.artifact import load_artifact
from actors.pipeline import Pipeline
from sim.exit_codes import FAILED
from sim.report.run_folder import RunFolder
from sim.run.composition import Attachments
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from tests.support.drills import run_thin

# An outage in the last ten seconds of five minutes.
LATE = """\
version: 1
name: late
clock: virtual
world: {cards: 4000, merchants: 400}
phases: [{name: all, duration: 5m, rate: 20}]
faults: [{name: down, kind: feature_store_outage, at: 290s, duration: 10s}]
expect:
  - {name: average, expr: "mode.full.ratio > 90%"}
  - {name: windows, expr: "mode.full.ratio > 90%", every: 10s}
"""
# Nothing is scored from the third second on.
BROKEN = """\
version: 1
name: broken
clock: virtual
world: {cards: 4000, merchants: 400}
phases:
  - {name: calm, duration: 3s, rate: 100}
  - {name: trouble, duration: 30s, rate: 100}
faults:
  - {name: errors, kind: model_errors, at: 3s, duration: 20s}
  - {name: later, kind: feature_store_outage, at: 30s, duration: 1s}
expect:
  - {name: calm, during: calm, expr: "error_ratio < 1%"}
  - {name: books, expr: "ledger.balanced == 1"}
abort_on:
  - restarts > 3
  - mode.rules.ratio > 50%
"""


def run(folder: Path, model: Path, text: str, overrides: Sequence[str] = ()) -> Result:
    return run_thin(folder, model, overrides, text)


@pytest.mark.slow
def test_an_outage_at_the_end_fails_a_window_though_the_average_passes(world_model: Path, tmp_path: Path) -> None:
    """A thirtieth of the run is little to the whole, and all of its last window; the verdict says which."""
    summary = run(tmp_path, world_model, LATE).summary
    average, windows = summary.expectations
    assert (average.state, windows.state, summary.exit_code) == ("passed", "failed", FAILED)
    (reason,) = summary.reasons
    assert reason.startswith("windows: mode.full.ratio = ")
    assert "(from 290 s to 300 s, the worst of 30 windows; 1 failed), wanted mode.full.ratio > 90% in every" in reason


@pytest.mark.slow
def test_windows_change_nothing_in_what_they_judge(world_model: Path, tmp_path: Path) -> None:
    """Looking at it more often makes the run no other: the same bytes, with windows and without."""
    short = ("phases.all.duration=20s", "faults.down.at=15s", "faults.down.duration=2s")
    expected = [f"[{{name: it, expr: throughput > 1{every}}}]" for every in ("", ", every: 1500ms", ", every: 1s")]
    summaries = [
        run(tmp_path / str(number), world_model, LATE, (*short, f"expect={each}")).summary
        for number, each in enumerate(expected)
    ]
    assert [each.expectations[0].windows and each.expectations[0].windows.of for each in summaries] == [None, 14, 20]
    assert len({each.trace_hash for each in summaries}) == 1


@pytest.mark.slow
def test_the_first_condition_that_holds_ends_the_run(world_model: Path, tmp_path: Path) -> None:
    """It is drained, its books balance, and the verdict says when and by what; what was seen by then is judged."""
    summary = run(tmp_path / "once", world_model, BROKEN).summary
    assert (summary.verdict, summary.exit_code) == ("fail", FAILED)
    aborted = summary.aborted
    assert aborted is not None
    assert (aborted.by, aborted.seen.startswith("mode.rules.ratio = ")) == ("mode.rules.ratio > 50%", True)
    assert 3 < aborted.at_s < 15
    assert summary.reasons[0] == f"aborted at {round(aborted.at_s, 3):g} s by {aborted.by}: {aborted.seen}"
    assert summary.duration_s == pytest.approx(aborted.at_s, abs=1)
    assert summary.ledger.balanced
    assert summary.ledger.decided + summary.ledger.dead_lettered == summary.ledger.produced
    assert [each.state for each in summary.expectations] == ["passed", "inconclusive"]
    assert summary.expectations[1].note == "the run ended before its span ended"
    journal = [json.loads(line) for line in (tmp_path / "once" / "journal.jsonl").read_text().splitlines()]
    (entry,) = (each for each in journal if each["kind"] == "aborted")
    assert (entry["at_s"], entry["detail"]) == (aborted.at_s, f"{aborted.by}: {aborted.seen}")
    again = run(tmp_path / "again", world_model, BROKEN).summary
    assert (again.trace_hash, again.aborted) == (summary.trace_hash, aborted)


@pytest.mark.slow
def test_a_condition_that_never_holds_ends_nothing(world_model: Path, tmp_path: Path) -> None:
    """The run is the same as without it; what the clock knows nothing of is said to be so."""
    short = ("phases.trouble.duration=2s", "faults=[]", "expect=[]")
    never = "abort_on=[restarts > 3, memory_mb > 1MB]"
    watched = run(tmp_path / "watched", world_model, BROKEN, (*short, never)).summary
    plain = run(tmp_path / "plain", world_model, BROKEN, (*short, "abort_on=[]")).summary
    assert watched.aborted is None
    assert watched.trace_hash == plain.trace_hash
    why = "a figure of this process, which says nothing on the virtual clock: it cannot end this run"
    assert set(watched.warnings) - set(plain.warnings) == {f"abort_on: memory_mb > 1MB: {why}"}


# What proves nothing, whatever its expectation says of it.
DOUBTFUL = """\
version: 1
name: doubtful
clock: virtual
world: {cards: 4000, merchants: 400}
phases: [{name: all, duration: 2s, rate: 100, arrivals: constant}]
expect: [{name: some, expr: "throughput > 1"}]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (
            "faults=[{name: never, kind: feature_store_outage, at: 500ms, duration: 1s, probability: 0}]",
            "fault never touched nothing: no call met it",
        ),
        (
            'expect=[{name: tail, expr: "latency.p99_9 < 1s"}]',
            "tail: too few samples: latency.p99_9 has 200 samples, a pass takes 10,000",
        ),
    ],
)
def test_what_was_not_met_or_too_little_proves_nothing(
    world_model: Path, tmp_path: Path, override: str, reason: str
) -> None:
    """A fault that strikes nobody, a p99.9 of two hundred samples: 3, with the reason."""
    summary = run(tmp_path, world_model, DOUBTFUL, (override,)).summary
    assert (summary.verdict, summary.exit_code) == ("inconclusive", 3)
    assert any(each.startswith(reason) for each in summary.reasons), summary.reasons


@pytest.mark.slow
def test_four_fifths_of_the_load_prove_nothing(world_model: Path, tmp_path: Path) -> None:
    """A producer that stands still at the end, while the pipeline waits for it, has measured another load: 3."""

    def tire(pipeline: Pipeline) -> None:
        asyncio.get_running_loop().call_at(1.6, setattr, pipeline.producer, "_stopping", True)

    plan = prepare(Cut(parse(DOUBTFUL, "doubtful.yaml")), load_artifact(world_model), tmp_path)
    summary = execute(plan, RunFolder(tmp_path), NullScreen(), Attachments(alter=tire)).summary
    assert (summary.verdict, summary.exit_code) == ("inconclusive", 3)
    reason = "only 80 % of the scheduled arrivals were sent (160 of 200), and the pipeline was not the reason"
    assert summary.reasons[0].startswith(reason)


@pytest.mark.slow
def test_no_window_of_the_drain_is_judged(world_model: Path, tmp_path: Path) -> None:
    """Twice as much came as can be decided, so the drain lasts, and nothing is sent in it: that proves nothing."""
    text = DOUBTFUL.replace("duration: 2s, rate: 100", "duration: 20s, rate: 400").replace(
        'expect: [{name: some, expr: "throughput > 1"}]',
        'expect: [{name: some, expr: "offered_rate > 1", every: 1s}]\nabort_on: [latency.p50 > 1s]\n'
        "machine: {costs: {decide: {fixed: 1us, per_row: 5ms}}}\n",
    )
    summary = run(tmp_path, world_model, text).summary
    assert summary.aborted is not None
    assert summary.duration_s > summary.aborted.at_s + 1
    (result,) = summary.expectations
    assert (result.state, result.note) == ("inconclusive", "the run ended before its span ended")
