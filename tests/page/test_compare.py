"""Two runs of one scenario compared."""

import dataclasses
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from actors.core.errors import InputError, OutputError
from actors.telemetry.histogram import Histogram
from actors.telemetry.histogram_counts import HistogramCounts
from sim.cli import main
from sim.judging.abort import Aborted
from sim.page.comparison import Change, compare, decision_flips, percentile_noise
from sim.page.recorded import Interval, read_run
from sim.report.run_folder import DECISIONS


def counts_of(values_us: list[int]) -> HistogramCounts:
    histogram = Histogram()
    histogram.record(np.array(values_us, dtype=np.int64))
    return histogram.counts()


def test_a_run_compared_with_itself_is_the_same(run_folder: Path) -> None:
    """No figure changes, no decision flips, no line of the scenario differs, and no tolerance is exceeded."""
    run = read_run(run_folder)
    found = compare(run, run, ["latency.p99=0%"])
    assert {each.by for each in found.changes} <= {0.0, None}
    assert found.flips.same == found.first.ledger.decided
    assert (found.flips.count, found.flips.modes, found.config, found.beyond) == (0, 0, (), ())


def test_what_a_fault_changed_is_found(run_folder: Path, other_run: Path) -> None:
    """The same transactions with and without it: modes change, decisions flip, and the scenarios differ in it."""
    found = compare(read_run(other_run), read_run(run_folder))
    assert found.flips.same == found.first.ledger.decided
    assert found.flips.modes == found.second.modes.realtime_only > 0
    assert any("store-down" in line for line in found.config)


def test_a_figure_beyond_its_tolerance_fails(run_folder: Path, other_run: Path, tmp_path: Path) -> None:
    """Exit code 99, with a line that says by how much; within it 0."""
    words = ["compare", str(other_run), str(run_folder), "--out", str(tmp_path / "page.html")]
    assert main([*words, "--tolerance", "fraud_loss=0%"]) == 99
    assert main([*words, "--tolerance", "fraud_loss=90%"]) == 0
    assert "riskdrill" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    "tolerance", ["latency.p98=1%", "latency.p99", "latency.p99=-1%", "latency.p99=3", "=", "x=nan%"]
)
def test_a_tolerance_that_says_nothing_is_refused(run_folder: Path, tolerance: str) -> None:
    """A figure that is none, or a share that is none: one line, and no page."""
    run = read_run(run_folder)
    with pytest.raises(InputError, match="--tolerance"):
        compare(run, run, [tolerance])


@pytest.mark.parametrize(("what", "value"), [("scenario", "another"), ("model", "0" * 12)])
def test_runs_of_other_scenarios_or_models_are_refused(run_folder: Path, what: str, value: str) -> None:
    """They have nothing to be compared by; the line names both."""
    run = read_run(run_folder)
    assert run.summary is not None
    other = dataclasses.replace(run, summary=msgspec.structs.replace(run.summary, **{what: value}))
    with pytest.raises(InputError, match=f"compare runs of one {what}"):
        compare(run, other)


@pytest.mark.parametrize(
    ("part", "how"),
    [
        ({"exit_code": 130}, "was interrupted"),
        ({"aborted": Aborted(by="error_ratio > 1%", at_s=2.0, seen="error_ratio = 2 %")}, "was ended by abort_on"),
    ],
)
def test_no_tolerance_is_kept_by_a_part_of_a_run(run_folder: Path, part: dict[str, object], how: str) -> None:
    """Half of a run has lost half as much: that is told in a table, and passes nothing."""
    run = read_run(run_folder)
    assert run.summary is not None
    ended = dataclasses.replace(run, summary=msgspec.structs.replace(run.summary, **part))
    for two in ((run, ended), (ended, run)):
        with pytest.raises(InputError, match=how):
            compare(*two, ["fraud_loss=10%"])
        assert compare(*two).changes


def test_a_percentile_beyond_the_histogram_keeps_no_tolerance(run_folder: Path) -> None:
    """It may be an hour or ten; what is more than allowed even so is told."""
    run = read_run(run_folder)
    assert run.summary is not None
    stage = run.summary.stages["latency"]
    far = msgspec.structs.replace(stage, p99_ms=3_600_000.0, at_least=("p99_ms",))
    late = msgspec.structs.replace(run.summary, stages={**run.summary.stages, "latency": far})
    lost = dataclasses.replace(run, summary=late)
    assert compare(run, lost, ["latency.p99=10%"]).beyond
    with pytest.raises(InputError, match="beyond 1 h"):
        compare(lost, lost, ["latency.p99=10%"])
    assert compare(lost, run, ["latency.p99=10%"]).beyond == ()


@pytest.mark.parametrize("left", [0, 5])
def test_decisions_that_are_not_whole_are_not_compared(run_folder: Path, tmp_path: Path, left: int) -> None:
    """What was lost from a log would be told as no transaction that is the same, or as no decision that changed."""
    folder = tmp_path / "cut"
    shutil.copytree(run_folder, folder)
    lines = (folder / DECISIONS).read_bytes().splitlines(keepends=True)
    (folder / DECISIONS).write_bytes(b"".join(lines[:left]))
    whole = read_run(run_folder)
    for two in ((whole, read_run(folder)), (read_run(folder), whole)):
        with pytest.raises(OutputError, match=f"is not whole: it has {left} decisions, and its run logged"):
            compare(*two)


def test_a_run_without_an_end_is_refused(run_folder: Path) -> None:
    """There is no summary to compare."""
    run = read_run(run_folder)
    with pytest.raises(OutputError, match="did not come to its end"):
        compare(run, dataclasses.replace(run, summary=None))


def test_only_the_same_transactions_are_compared(tmp_path: Path) -> None:
    """One id with another amount is another transaction."""
    line = '{"id":"%s","card":"***1","event_time":5,"amount":%s,"decision":"%s","mode":"full"}\n'
    (tmp_path / "a").write_text(
        line % ("1", 2.0, "approve") + line % ("2", 2.0, "approve") + line % ("3", 1.0, "block")
    )
    (tmp_path / "b").write_text(line % ("1", 2.0, "block") + line % ("2", 3.0, "block") + line % ("4", 1.0, "block"))
    flips = decision_flips(tmp_path / "a", tmp_path / "b")
    assert (flips.same, flips.flipped) == (1, {"approve_to_block": 1})
    with pytest.raises(OutputError, match=DECISIONS):
        decision_flips(tmp_path / DECISIONS, tmp_path / "b")


@pytest.mark.parametrize(
    ("worse", "before", "after", "by"),
    [
        ("more", 10.0, 12.0, 0.2),
        ("less", 10.0, 12.0, -0.2),
        ("more", 0.0, 0.0, 0.0),
        ("more", 0.0, 1.0, np.inf),
        ("more", None, 1.0, None),
    ],
)
def test_a_change_is_for_the_worse_or_the_better(
    worse: str, before: float | None, after: float | None, by: float | None
) -> None:
    """More latency is worse, more throughput is better; from nothing to something is without bound."""
    change = Change(name="x", unit="ms", before=before, after=after, worse="more" if worse == "more" else "less")
    assert change.by == (None if by is None else pytest.approx(by))


def test_noise_is_that_of_stretches_of_one_kind() -> None:
    """Where stretches of a phase are alike there is none, though phases differ; where they swing it is told."""

    def stretches(values_us: list[int]) -> list[Interval]:
        return [Interval(float(at), at + 1.0, counts_of([us] * 50)) for at, us in enumerate(values_us)]

    alike = percentile_noise(stretches([100] * 10 + [900] * 10), [10.0])
    assert alike == {"p50": 0.0, "p95": 0.0, "p99": 0.0, "p99_9": 0.0}
    swinging = percentile_noise(stretches([100, 900] * 10), [])
    assert swinging["p50"] > 0.05
    assert percentile_noise(stretches([100]), []) == {}
