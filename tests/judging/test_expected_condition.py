"""A condition on metrics over a span."""

import pytest

from actors.core.batches import Mode
from actors.core.clock import NS_PER_S
from actors.telemetry.snapshot import Quality
from actors.telemetry.telemetry import Telemetry
from sim.judging.judge import Judge
from sim.scenario.loader import parse
from sim.scenario.timeline import Span
from tests.support.actors.telemetry import decide, gauges, snapshot
from tests.support.sim.judged_run import END_S, SCENARIO, Drill

S = 1_000_000_000
NOT_SETTLED = "of a percentile beyond 1 h only that is known, which does not settle it"


@pytest.mark.parametrize(
    ("rule", "slow_at", "state"),
    [
        ("during: calm, expr: latency.max < 5ms", 15, "passed"),
        ("during: calm, expr: latency.max < 5ms", 5, "failed"),
        ("during: storm, expr: latency.max < 5ms", 5, "passed"),
        ("during: down, expr: latency.max < 5ms", 11, "passed"),
        ("during: down, expr: latency.max < 5ms", 12, "failed"),
        ("during: down, expr: latency.max < 5ms", 15, "failed"),
        ("during: down, expr: latency.max < 5ms", 16, "passed"),
        ("during: down, expr: latency.max < 5ms, within: 1s", 12, "passed"),
        ("during: always, expr: latency.max < 5ms", 19, "failed"),
        ("expr: latency.max < 5ms", 0, "failed"),
    ],
)
def test_condition_is_judged_over_its_span_and_nothing_else(rule: str, slow_at: int, state: str) -> None:
    """One slow second counts if it lies in the span, after the settling time."""
    drill = Drill(rule)
    assert drill.finish(drill.run({slow_at: 9_000})).state == state


def test_result_says_what_was_seen_and_what_was_wanted() -> None:
    """A reader sees the figure with its unit, and the rule with its span."""
    drill = Drill("during: storm, expr: latency.p95 < 5ms, within: 2s")
    result = drill.finish(drill.run())
    assert result.value == "latency.p95 = 1 ms"
    assert result.wanted == "latency.p95 < 5ms during storm, 2s after its start"


def test_metric_may_name_another_span() -> None:
    """A scoped figure is that span's, whatever span is judged."""
    rule = "during: storm, expr: latency.p50 < 2 * calm.latency.p50"
    slow = dict.fromkeys(range(10, 20), 3_000)
    drill = Drill(rule)
    assert drill.finish(drill.run(slow)).state == "failed"
    drill = Drill(rule)
    assert drill.finish(drill.run(dict.fromkeys(range(20), 2000))).state == "passed"


def test_condition_on_modes_is_a_share_of_its_span() -> None:
    """Degraded decisions of four seconds are all of the fault, and a fifth of the run."""
    degraded = dict.fromkeys(range(12, 16), Mode.REALTIME_ONLY)
    drill = Drill("during: down, expr: mode.realtime_only.ratio == 1")
    assert drill.finish(drill.run(modes=degraded)).state == "passed"
    drill = Drill("during: always, expr: mode.realtime_only.ratio == 0.2")
    assert drill.finish(drill.run(modes=degraded)).state == "passed"


@pytest.mark.parametrize(("at", "state"), [(5, "passed"), (10, "failed"), (13, "failed"), (20, "failed")])
def test_reading_of_an_instant_must_hold_all_along_its_span(at: int, state: str) -> None:
    """A mailbox that was full for one tick was full, though it is empty at the end."""
    drill = Drill("during: storm, expr: mailbox.scorer.depth < 90")
    last = drill.run(gauges={second: gauges(depth=95 if second == at else 5) for second in range(21)})
    result = drill.finish(last)
    assert (result.state, result.value) == (state, f"mailbox.scorer.depth = {95 if state == 'failed' else 5}")


def test_condition_without_samples_is_inconclusive() -> None:
    """Nothing measured is neither good nor bad."""
    drill = Drill("during: storm, expr: feature_store.p95 < 5ms")
    result = drill.finish(drill.run())
    assert (result.state, result.note) == ("inconclusive", "there were no samples to judge it by")


HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("expr", "slowest_us", "state"),
    [
        ("latency.max < 70s", 197_000_001, "failed"),
        ("latency.max < 197.000002s", 197_000_001, "passed"),
        ("latency.max <= 197.000001s", 197_000_001, "passed"),
        ("latency.max < 197.000001s", 197_000_001, "failed"),
        ("latency.max < 3h", 2 * HOUR_US + 1, "passed"),
        ("latency.max > 2h", 2 * HOUR_US + 1, "passed"),
        ("latency.max > 2h", 2 * HOUR_US, "failed"),
    ],
)
def test_the_maximum_of_a_span_is_judged_to_the_microsecond(expr: str, slowest_us: int, state: str) -> None:
    """However long it is, and however much longer those before and after the span took."""
    drill = Drill(f"during: storm, expr: {expr}")
    assert drill.finish(drill.run({9: 20 * HOUR_US, 15: slowest_us})).state == state
    drill = Drill(f"during: calm, expr: {expr}")
    assert drill.finish(drill.run({9: slowest_us, 10: 20 * HOUR_US})).state == state


@pytest.mark.parametrize(
    ("expr", "state"),
    [("latency.p99 < 2h", "inconclusive"), ("latency.p99 > 30m", "passed"), ("latency.p99 < 30m", "failed")],
)
def test_what_a_lower_bound_cannot_settle_is_inconclusive(expr: str, state: str) -> None:
    """A percentile beyond an hour is known to be more than that; the note says so where it does not help."""
    drill = Drill(f"during: storm, expr: {expr}, min_samples: 100")
    result = drill.finish(drill.run(dict.fromkeys(range(10, 20), 90 * 60_000_000)))
    assert (result.state, result.value) == (state, "latency.p99 = 1 h or more")
    assert result.note == ("" if state != "inconclusive" else NOT_SETTLED)


def test_division_by_nothing_is_told_as_such() -> None:
    """A figure of 0 is a sample; what cannot be divided by it proves nothing, and the note says why."""
    drill = Drill("during: storm, expr: throughput / error_ratio > 5")
    result = drill.finish(drill.run())
    assert (result.state, result.note) == ("inconclusive", "it divides by 0, of which nothing comes")


def test_condition_whose_span_did_not_end_is_inconclusive() -> None:
    """An interrupted run has not shown what it was to show."""
    drill = Drill("during: storm, expr: latency.max < 5ms")
    assert drill.finish(drill.run(until_s=15), 15).note == "the run ended before its span ended"
    drill = Drill("during: storm, expr: latency.max < 5ms")
    assert drill.finish(drill.run(until_s=5), 5).note == "the run ended before its span began"


def test_last_span_is_judged_after_the_drain() -> None:
    """What was accepted before the end and decided in the drain counts in the span that ends with the run."""
    drill = Drill("during: storm, expr: latency.max < 5ms")
    drill.run()
    decide(drill.telemetry, 1, latency_us=80_000)
    assert drill.finish(snapshot(drill.telemetry, 21)).state == "failed"


def test_condition_stands_while_its_span_lasts() -> None:
    """Before its span it waits, within it holds as long as it does."""
    drill = Drill("during: storm, expr: latency.max < 5ms")
    last = drill.run(until_s=5)
    assert drill.standing(last, 5).state == "waiting"
    drill = Drill("during: storm, expr: latency.max < 5ms")
    assert drill.standing(drill.run(until_s=15), 15).state == "holding"
    drill = Drill("during: storm, expr: latency.max < 5ms")
    assert drill.standing(drill.run({12: 9_000}, until_s=15), 15).state == "waiting"


def test_quality_is_that_of_the_span() -> None:
    """A condition on recall asks how good the decisions of its own span were, and of the span it compares with."""
    asked: list[Span] = []

    def quality(span: Span) -> Quality:
        asked.append(span)
        return Quality(recall=0.4 if span.start_ns else 0.8)

    rule = "during: storm, expr: recall > 0.5 * calm.recall"
    drill = Drill(rule)
    drill.judge = Judge(parse(SCENARIO.format(rule=rule), "drill.yaml"), quality=quality)
    result = drill.finish(drill.run())
    assert (result.state, result.value) == ("failed", "recall = 40 %, calm.recall = 80 %")
    assert asked == [Span(10 * S, 20 * S), Span(0, 10 * S)]


def test_quality_is_asked_for_once_a_span_and_only_where_it_is_read() -> None:
    """Sorting all scores of a run takes a while, and most scenarios expect nothing of their quality."""
    asked: list[Span] = []

    def quality(span: Span) -> Quality:
        asked.append(span)
        return Quality(recall=0.8, precision=0.8)

    for rule, spans in (
        ("during: storm, expr: latency.max < 5ms", []),
        ("during: storm, expr: recall + precision > storm.recall", [Span(10 * S, 20 * S)]),
    ):
        asked.clear()
        drill = Drill(rule)
        drill.judge = Judge(parse(SCENARIO.format(rule=rule), "drill.yaml"), quality=quality)
        drill.finish(drill.run())
        assert asked == spans


@pytest.mark.parametrize(("clock", "state"), [("virtual", "skipped"), ("real", "inconclusive")])
def test_figures_of_the_process_are_not_judged_on_a_modelled_machine(clock: str, state: str) -> None:
    """Its memory is that of a simulation; on the real clock a run without samples of it stays in doubt."""
    judge = Judge(
        parse(SCENARIO.format(rule='during: always, expr: "memory_mb < 500MB"'), "drill.yaml", (f"clock={clock}",))
    )
    telemetry = Telemetry()
    judge.mark(0, snapshot(telemetry, 0))
    (result,) = judge.finish(snapshot(telemetry, END_S), END_S * NS_PER_S)
    assert result.state == state
