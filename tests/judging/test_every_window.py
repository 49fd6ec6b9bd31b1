"""A condition that must hold in each window of its span."""

from collections.abc import Mapping

import pytest

from actors.core.batches import Mode
from actors.telemetry.expression.expression import Expression
from sim.judging.every_window import excess
from sim.judging.result import ExpectationResult, WindowTally
from sim.judging.verdict import seen
from sim.scenario.timeline import Span, window_spans
from tests.support.sim.judged_run import END_S, Drill

REPLAY = """\
name: replay
external: true
events:
  file: nowhere.parquet
  columns: {{id: ID, event_time: TIME, card: CARD, merchant: SHOP, amount: EUR, fraud: FRAUD}}
expect:
  - {{name: it, {rule}}}
"""
SLOW_US = 9_000


def judged(rule: str, slow: Mapping[int, int], until_s: int = END_S) -> ExpectationResult:
    """Return how a rule ended, with the latency of some seconds."""
    drill = Drill(rule)
    return drill.finish(drill.run(slow, until_s=until_s), until_s)


def tally(result: ExpectationResult) -> WindowTally:
    assert result.windows is not None
    return result.windows


def test_a_bad_end_fails_a_window_and_not_the_average() -> None:
    """Ten samples of two hundred are nothing to the whole run, and all of one window."""
    slow = {19: SLOW_US}
    assert judged("expr: latency.mean < 5ms", slow).state == "passed"
    result = judged("expr: latency.mean < 5ms, every: 1s", slow)
    assert (result.state, result.value) == ("failed", "latency.mean = 9 ms")
    assert tally(result) == WindowTally(every_s=1, of=20, failed=1, inconclusive=0, worst_from_s=19, worst_to_s=20)
    assert seen(result) == "latency.mean = 9 ms (from 19 s to 20 s, the worst of 20 windows; 1 failed)"
    assert result.wanted == "latency.mean < 5ms in every 1s during always"


@pytest.mark.parametrize("slow_at", range(20))
def test_no_second_of_a_span_is_left_out(slow_at: int) -> None:
    """Where the span is no multiple of the window, the last window begins before the one before it has ended."""
    result = judged("during: always, expr: latency.max < 5ms, every: 7s", {slow_at: SLOW_US})
    found = tally(result)
    assert (result.state, found.of) == ("failed", 3)
    assert found.worst_from_s <= slow_at < found.worst_to_s
    assert found.failed == (2 if slow_at == 13 else 1)


def test_windows_lie_within_the_span_after_its_settling_time() -> None:
    """What is slow before, after, or while the system settles is no concern of theirs."""
    slow = {11: SLOW_US, 12: SLOW_US, 16: SLOW_US}
    result = judged("during: down, within: 1s, every: 1s, expr: latency.max < 5ms", slow)
    assert (result.state, tally(result).of) == ("passed", 3)
    assert judged("during: down, every: 1s, expr: latency.max < 5ms", slow).state == "failed"


def test_a_window_with_too_few_samples_proves_nothing() -> None:
    """Each window needs as many as the percentile does, and the reason is the first one's."""
    result = judged("expr: latency.p95 < 5ms, every: 5s", {})
    assert result.state == "inconclusive"
    assert result.note == (
        "4 of 4 windows cannot be judged, the first from 0 s to 5 s: too few samples: latency.p95 has 50 samples, "
        "a pass takes 200; make the span longer, or set min_samples"
    )
    assert judged("expr: latency.p95 < 5ms, every: 5s, min_samples: 50", {}).state == "passed"


def test_a_failed_window_beats_those_that_prove_nothing() -> None:
    """The worst one is a window that failed, with the samples that it rests on."""
    drill = Drill("during: always, every: 5s, expr: mode.full.ratio == 1 and latency.p95 < 5ms")
    result = drill.finish(drill.run(modes={7: Mode.RULES}))
    found = tally(result)
    assert (result.state, found.failed, found.inconclusive) == ("failed", 1, 3)
    assert (found.worst_from_s, found.worst_to_s) == (5, 10)
    assert [each.of for each in result.samples] == [50]


def test_the_worst_window_is_the_one_furthest_beyond() -> None:
    """Of two that failed the verdict names the worse one, of those that passed the nearest to the limit."""
    result = judged("expr: latency.max < 5ms, every: 2s", {3: 6_000, 9: 8_000, 15: 7_000})
    assert (result.value, tally(result).failed, tally(result).worst_from_s) == ("latency.max = 8 ms", 3, 8)
    result = judged("expr: latency.max < 5ms, every: 2s", {9: 4_000})
    assert (result.state, result.value, tally(result).worst_from_s) == ("passed", "latency.max = 4 ms", 8)


def test_a_span_before_it_may_be_compared_with() -> None:
    """Each window is held against the figure of a span that is over."""
    rule = "during: storm, every: 5s, expr: latency.mean < 2 * calm.latency.mean"
    assert judged(rule, {}).state == "passed"
    result = judged(rule, dict.fromkeys(range(15, 20), 3_000))
    assert (result.state, tally(result).failed) == ("failed", 1)


def test_it_fails_as_soon_as_a_window_has() -> None:
    """While the span lasts it waits for the first window, holds, and fails for good."""
    rule = "expr: latency.max < 5ms, every: 2s"
    for until_s, state in ((1, "waiting"), (5, "holding"), (10, "failed"), (15, "failed")):
        drill = Drill(rule)
        assert drill.standing(drill.run({8: SLOW_US}, until_s=until_s), until_s).state == state


@pytest.mark.parametrize(
    ("until_s", "slow", "state", "note"),
    [
        (1, {}, "inconclusive", "the run ended before its first window ended"),
        (15, {}, "inconclusive", "the run ended before its span ended"),
        (15, {8: SLOW_US}, "failed", ""),
    ],
)
def test_a_run_that_ends_early_has_proved_what_its_windows_have(
    until_s: int, slow: dict[int, int], state: str, note: str
) -> None:
    """A window that failed has failed; those that passed say nothing of the rest."""
    result = judged("expr: latency.max < 5ms, every: 2s", slow, until_s)
    assert (result.state, result.note) == (state, note)


@pytest.mark.parametrize(("slow_at", "worst"), [(1, (0, 3)), (4, (3, 7)), (6, (3, 7))])
def test_what_is_left_of_a_run_without_a_planned_end_joins_the_last_window(
    slow_at: int, worst: tuple[float, float]
) -> None:
    """A replay ends with its events, so its last window is as long as one and a rest."""
    drill = Drill("expr: latency.max < 5ms, every: 3s", REPLAY)
    result = drill.finish(drill.run({slow_at: SLOW_US}, until_s=7), 7)
    found = tally(result)
    assert (result.state, found.of, (found.worst_from_s, found.worst_to_s)) == ("failed", 2, worst)


@pytest.mark.parametrize(
    ("span", "every", "windows"),
    [
        (Span(0, 6), 2, [(0, 2), (2, 4), (4, 6)]),
        (Span(1, 6), 2, [(1, 3), (3, 5), (4, 6)]),
        (Span(1, 6), 5, [(1, 6)]),
        (Span(1, 6), 6, []),
    ],
)
def test_windows_cover_their_span_and_are_all_as_long(span: Span, every: int, windows: list[tuple[int, int]]) -> None:
    """A span that is shorter than a window has none."""
    assert [(each.start_ns, each.end_ns) for each in window_spans(span, every)] == windows


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("latency.p95 < 50ms", 0.5),
        ("latency.p95 > 50ms", -0.5),
        ("latency.p95 == 75ms", 0.0),
        ("latency.p95 < 50ms and error_ratio < 5%", 1.0),
        ("latency.p95 < 50ms or error_ratio < 5%", 0.5),
        ("error_ratio == 0", 0.1),
        ("feature_store.p95 < 5ms or error_ratio > 5%", float("-inf")),
    ],
)
def test_how_far_a_figure_is_beyond_is_a_share_of_its_limit(text: str, beyond: float) -> None:
    """Parts joined by and are as bad as the worst, by or as the best; what has no samples says nothing."""
    figures = {"latency.p95": 75_000.0, "error_ratio": 0.1}
    found = excess(Expression.parse(text).condition, lambda _, metric: figures.get(metric))
    assert found == pytest.approx(beyond)
