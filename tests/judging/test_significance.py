"""What samples prove of a condition: few can prove a failure, and no pass."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import Read
from actors.telemetry.histogram import Histogram
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.metrics.catalogue import METRICS
from sim.judging.result import Samples
from sim.judging.significance import BY_CHANCE, NO_SAMPLES, Proof, enough_for, prove, upper_tail
from tests.support.sim.judged_run import Drill

MS = 1_000
PERCENTS = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "p99_9": 99.9}
TIMES = st.integers(0, 100 * MS) | st.sampled_from([9_999, 10_000, 10_001, 50_000, 4_000_000_000])


def counts(times_us: Sequence[int]) -> HistogramCounts:
    """Return a histogram of these."""
    histogram = Histogram()
    histogram.record(np.array(times_us, dtype=np.int64))
    return histogram.counts()


Spans = dict[str | None, HistogramCounts]


def proof(text: str, spans: Spans, min_samples: int | None = None, **more: float) -> Proof:
    """Prove a condition on latencies, with the histogram of each span, and ``more`` figures by their names."""

    def resolve(scope: str | None, metric: str) -> float | None:
        found, name = spans[scope], metric.removeprefix("latency.")
        if name in PERCENTS:
            return found.percentile_us(PERCENTS[name])
        return found.max_us if name == "max" else more[name]

    def counts_of(read: Read) -> HistogramCounts:
        return spans[read.scope]

    return prove(Expression.parse(text, ("calm",)).condition, resolve, counts_of, min_samples)


def of(text: str, times_us: Sequence[int], min_samples: int | None = None) -> bool | None:
    """Return what ``times_us`` prove of a condition on them."""
    return proof(text, {None: counts(times_us)}, min_samples).holds


FAST, SLOW = 1 * MS, 90 * MS


@pytest.mark.parametrize(
    ("text", "fast", "slow", "holds"),
    [
        # A twentieth may be beyond p95: of 3 samples 2 (0.7 %) refute it, of 20 samples 5 (0.3 %), and not 4 (1.6 %).
        ("latency.p95 < 50ms", 3, 0, None),
        ("latency.p95 < 50ms", 2, 1, None),
        ("latency.p95 < 50ms", 1, 2, False),
        ("latency.p95 < 50ms", 16, 4, None),
        ("latency.p95 < 50ms", 15, 5, False),
        ("latency.p95 < 50ms", 199, 0, None),
        ("latency.p95 < 50ms", 200, 0, True),
        ("latency.p95 < 50ms", 190, 10, True),
        ("latency.p95 < 50ms", 185, 15, None),
        ("latency.p95 < 50ms", 181, 19, False),
        ("latency.p99_9 < 1s", 9_999, 0, None),
        ("latency.p99_9 < 1s", 10_000, 0, True),
        ("latency.p50 < 50ms", 20, 0, True),
        ("latency.p50 < 50ms", 19, 0, None),
        ("latency.p50 < 50ms", 0, 7, False),
        ("latency.p50 < 50ms", 0, 6, None),
        # Nineteen twentieths may be below p95: 89 samples below could be chance, 90 (0.99 %) could not.
        ("latency.p95 > 50ms", 89, 0, None),
        ("latency.p95 > 50ms", 90, 0, False),
        ("latency.p95 > 50ms", 0, 199, None),
        ("latency.p95 > 50ms", 0, 200, True),
        ("latency.p95 > 50ms", 180, 20, True),
        ("latency.p95 > 50ms", 192, 8, None),
        ("50ms > latency.p95", 200, 0, True),
        ("50ms < latency.p95", 90, 0, False),
        # A maximum needs one sample.
        ("latency.max < 50ms", 1, 0, True),
        ("latency.max < 50ms", 1_000, 1, False),
    ],
)
def test_a_verdict_is_what_the_samples_prove(text: str, fast: int, slow: int, holds: bool | None) -> None:
    """The three rules, on either side of each of their borders."""
    assert of(text, [FAST] * fast + [SLOW] * slow) is holds


@pytest.mark.parametrize(("min_samples", "holds"), [(2, True), (3, True), (4, None)])
def test_min_samples_takes_the_place_of_what_the_percentile_needs(min_samples: int, holds: bool | None) -> None:
    """It may ask for less, and for more."""
    assert of("latency.p99 < 50ms", [FAST] * 3, min_samples) is holds
    assert of("latency.p50 < 50ms", [FAST] * 3, min_samples) is holds


def test_min_samples_does_not_pardon_a_failure() -> None:
    """What is refuted is refuted."""
    assert of("latency.p95 < 50ms", [SLOW] * 3, 1_000) is False


@pytest.mark.parametrize(
    ("calm", "now", "holds"),
    [
        ([FAST] * 1_000, [FAST] * 1_000, True),
        ([FAST] * 999, [FAST] * 1_000, None),
        ([FAST] * 1_000, [FAST] * 999, None),
        ([FAST] * 1_000, [SLOW] * 5, False),
        ([FAST] * 5, [SLOW] * 1_000, None),
    ],
)
def test_a_comparison_of_two_percentiles_needs_both(calm: list[int], now: list[int], holds: bool | None) -> None:
    """A limit that rests on few samples proves nothing either way."""
    spans: Spans = {None: counts(now), "calm": counts(calm)}
    assert proof("latency.p99 < max(2 * calm.latency.p99, 10ms)", spans).holds is holds


def test_what_is_computed_from_percentiles_is_judged_once_each_has_enough() -> None:
    """No sample lies beyond the limit of a quotient; with enough of them the figure speaks for itself."""
    enough: Spans = {None: counts([FAST] * 990 + [SLOW] * 10)}
    assert proof("latency.p99 / latency.p50 < 3", enough).holds is True
    assert proof("2 * latency.p99 < 1ms", enough).holds is False
    few: Spans = {None: counts([FAST] * 20)}
    assert proof("latency.p99 / latency.p50 < 3", few).holds is None
    assert proof("2 * latency.p99 < 1ms", few).holds is None


def test_parts_of_a_condition_are_judged_each_by_its_own_samples() -> None:
    """One refuted part refutes ``and``, one proved part proves ``or``, whatever is open beside it."""
    span: Spans = {None: counts([SLOW] * 20)}
    assert proof("latency.p50 < 50ms and latency.p99 < 1s", span).holds is False
    assert proof("latency.p50 > 50ms or latency.p99 < 1s", span).holds is True
    open_one = proof("latency.p50 > 50ms and latency.p99 < 1s", span)
    assert open_one.holds is None
    assert "latency.p99 has 20 samples, a pass takes 1,000" in open_one.note


def test_a_ratio_is_judged_as_it_is() -> None:
    """Only percentiles are counted."""
    assert proof("error_ratio < 1%", {None: HistogramCounts()}, error_ratio=0.0) == Proof(True)


def test_nothing_measured_is_said_to_be_nothing() -> None:
    """No sample at all is another thing than few."""
    assert proof("latency.p95 < 50ms", {None: HistogramCounts()}) == Proof(
        None, (Samples(metric="latency.p95", of=0, beyond=0),), NO_SAMPLES
    )


def test_the_counts_stand_beside_each_percentile() -> None:
    """K and n of what is judged, n of what it is compared with, in words and as figures."""
    spans: Spans = {None: counts([FAST] * 195 + [SLOW] * 5), "calm": counts([FAST] * 1_000)}
    assert list(map(str, proof("latency.p95 < 50 * calm.latency.p99", spans).samples)) == [
        "5 of 200 beyond",
        "1,000 samples of calm.latency.p99",
    ]
    assert list(map(str, proof("latency.p95 > 50ms", spans).samples)) == ["195 of 200 below"]


def test_a_limit_within_a_counter_bounds_the_count_from_both_sides() -> None:
    """Of 100 samples in one counter none is known to be beyond a limit in it but the largest, and all may be."""
    samples = proof("latency.p50 < 10.003ms", {None: counts([10_002] * 60 + [10_006] * 40)}).samples
    assert samples == (Samples(metric="latency.p50", of=100, beyond=1, beyond_at_most=100),)
    assert str(samples[0]) == "1 to 100 of 100 beyond"
    undecided = proof("latency.p50 > 10.003ms", {None: counts([10_002] * 60 + [10_006] * 40)})
    assert undecided.holds is None
    assert "within a counter of the histogram" in undecided.note


SIGNS = st.sampled_from(["<", "<=", ">", ">="])
LIMITS = st.integers(1, 120 * MS) | st.sampled_from([9_999, 10_000, 10_001, 50_000, 3_600_000_000, 3_999_999_999])


def wrong(times_us: Sequence[int], sign: str, limit_us: int) -> int:
    """Count exactly what is on the wrong side of a limit."""
    against = {"<": lambda t: t >= limit_us, "<=": lambda t: t > limit_us}
    against |= {">": lambda t: t <= limit_us, ">=": lambda t: t < limit_us}
    return sum(map(against[sign], times_us))


@given(st.lists(TIMES, min_size=1, max_size=400), st.sampled_from(list(PERCENTS)), SIGNS, LIMITS, st.integers(1, 50))
def test_no_pass_where_the_exact_samples_refute_it_and_no_failure_where_they_do_not(
    times_us: list[int], word: str, sign: str, limit_us: int, min_samples: int
) -> None:
    """The histogram's counters never turn a verdict round, and its bounds on k hold the exact one."""
    verdict = proof(f"latency.{word} {sign} {limit_us}us", {None: counts(times_us)}, min_samples)
    beyond = 1 - PERCENTS[word] / 100
    exact, share = wrong(times_us, sign, limit_us), beyond if sign in ("<", "<=") else 1 - beyond
    refuted = exact > len(times_us) * share and upper_tail(exact, len(times_us), share) < BY_CHANCE
    assert verdict.holds is not True or not refuted
    assert verdict.holds is not False or refuted
    (samples,) = verdict.samples
    assert samples.beyond is not None
    most = samples.beyond if samples.beyond_at_most is None else samples.beyond_at_most
    assert samples.beyond <= exact <= most
    assert samples.of == len(times_us)


@given(st.integers(1, 2_000), st.sampled_from(list(PERCENTS)), st.data())
def test_a_verdict_never_gets_better_as_more_samples_are_beyond(n: int, word: str, data: st.DataObject) -> None:
    """Pass, inconclusive, fail: in this order as k grows."""
    order = {True: 0, None: 1, False: 2}
    fewer = data.draw(st.integers(0, n - 1))
    more = data.draw(st.integers(fewer + 1, n))
    verdicts = [of(f"latency.{word} < 50ms", [FAST] * (n - k) + [SLOW] * k) for k in (fewer, more)]
    assert order[verdicts[0]] <= order[verdicts[1]]


@given(st.lists(TIMES, max_size=60), LIMITS, st.sampled_from([0, 1]))
def test_what_is_above_a_limit_is_counted_between_true_bounds(times_us: list[int], limit: int, at: int) -> None:
    """The exact count lies between them, and they are one at the edge of a counter."""
    least, most = counts(times_us).above(limit, inclusive=bool(at))
    exact = sum(time >= limit if at else time > limit for time in times_us)
    assert least <= exact <= most
    if limit < 2_048:
        assert least == most


def test_what_a_percentile_needs_leaves_ten_samples_beyond_it() -> None:
    """Exactly, for every percentile there is."""
    needed = {metric.percent: enough_for(metric.percent) for metric in METRICS.values() if metric.percent is not None}
    assert needed == {50.0: 20, 95.0: 200, 99.0: 1_000, 99.9: 10_000}


def test_an_expectation_on_few_samples_is_inconclusive_with_the_counts() -> None:
    """The result has k, n and what to do, and min_samples: makes it a pass."""
    drill = Drill("during: storm, expr: latency.p99 < 5ms")
    result = drill.finish(drill.run())
    assert (result.state, result.counted) == ("inconclusive", "0 of 100 beyond")
    assert result.note.startswith("too few samples: latency.p99 has 100 samples, a pass takes 1,000; make the span")
    drill = Drill("during: storm, expr: latency.p99 < 5ms, min_samples: 100")
    result = drill.finish(drill.run())
    assert (result.state, result.wanted) == ("passed", "latency.p99 < 5ms during storm, from 100 samples on")


def test_an_expectation_counts_the_samples_of_its_own_span() -> None:
    """Settling time and other phases do not lend it any."""
    for rule, counted in (
        ("during: down", "0 of 40"),
        ("during: down, within: 1s", "0 of 30"),
        ("during: calm", "0 of 100"),
    ):
        drill = Drill(f"{rule}, expr: latency.p95 < 5ms")
        assert drill.finish(drill.run()).counted == f"{counted} beyond"


def test_an_expectation_holds_while_its_span_lasts_however_few_the_samples() -> None:
    """Only its end asks for proof."""
    drill = Drill("during: storm, expr: latency.p99 < 5ms")
    standing = drill.standing(drill.run(until_s=12), 12)
    assert (standing.state, standing.counted) == ("holding", "0 of 20 beyond")
