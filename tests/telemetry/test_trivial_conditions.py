"""A condition that is settled before anything was measured is a slip, and is refused as one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import COMPARE
from actors.telemetry.expression.trivial_conditions import EmptyConditionError
from actors.telemetry.metrics.catalogue import METRICS
from actors.telemetry.metrics.metric import Unit


def refusal(text: str) -> str:
    """Return why a condition says nothing; "" where it says something."""
    try:
        Expression.parse(text, ("calm",), ("amount",))
    except EmptyConditionError as error:
        assert 1 <= error.column <= len(text)  # noqa: PT017  both endings are fine
        return error.problem
    return ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("error_ratio < 5", "a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?"),
        ("error_ratio < 1", "did you mean 1%, or 100%?"),
        ("1 > error_ratio", "did you mean 1%, or 100%?"),
        ("calm.feature_store.miss_ratio <= 2.5", "did you mean 2.5%?"),
        ("mode.full.ratio > 99", "99 is 9,900 %; did you mean 99%?"),
        ("mode.full.ratio > 1.5", "did you mean 1.5%?"),
        ("live_roc_auc > 95", "a score, 0 to 1, and 95 is 9,500 %; did you mean 95%?"),
        ("score.shift > 20", "a ratio, where 1 is the whole, and 20 is 2,000 %; did you mean 20%?"),
        ("error_ratio < max(2 * calm.error_ratio, 5)", "did you mean 5%?"),
        (
            "throughput > 99%",
            "throughput is no share, and 99% would be read as 0.99; write a plain number, or 99% * another",
        ),
        ("max(restarts, 3) < 5%", "restarts is no share"),
        ("restarts < 5/s", "restarts is no rate, and 5/s would be read as 5; write it without /s"),
        ("recall > 0.5/s", "recall is no rate"),
        ("latency.p95 < -5ms", "-5ms is below 0, which a time never is"),
        ("latency.p95 > min(-5ms, 1s)", "-5ms is below 0"),
        ("recall > 0.5 and error_ratio < 3", "did you mean 3%?"),
    ],
)
def test_a_number_that_is_no_share_is_refused_with_what_was_meant(text: str, meant: str) -> None:
    """A plain number above 1 on a ratio, a plain 1 where it would mean that all went wrong, a time below 0."""
    assert meant in refusal(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("error_ratio <= 100%", "can never fail: error_ratio is 0 to 1"),
        ("error_ratio > 100%", "can never hold"),
        ("mode.full.ratio >= 0", "can never fail"),
        ("mode.full.ratio < 0", "can never hold"),
        ("mode.full.ratio == 150%", "can never hold"),
        ("2 * error_ratio < 3", "can never fail"),
        ("error_ratio + recall <= 2", "can never fail: error_ratio is 0 to 1 and recall is 0 to 1"),
        ("max(error_ratio, 5%) <= 100%", "can never fail"),
        ("restarts >= 0", "can never fail: restarts is 0 or more"),
        ("restarts < 0", "can never hold"),
        ("psi.amount > -1", "can never fail"),
        ("throughput != -3", "can never fail"),
        ("ledger.balanced > 1", "can never hold: ledger.balanced is 0 to 1"),
        ("fraud_loss < 0", "can never hold"),
        ("latency.p95 < latency.p50", "latency.p50 is never above latency.p95"),
        ("calm.latency.p50 <= calm.latency.max", "can never fail"),
        ("latency.p99 > latency.max", "can never hold"),
        ("latency.p99 < latency.p99", "compared with itself"),
        ("recall > 0.5 and 1 < 2", "both sides are numbers"),
    ],
)
def test_what_can_never_fail_or_never_hold_is_refused_with_the_reason(text: str, why: str) -> None:
    """Ranges, also of what is computed from them, and the order of the figures of one stage."""
    assert why in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "error_ratio < 0.1",
        "error_ratio < 1%",
        "error_ratio < 100%",
        "mode.full.ratio == 1",
        "mode.full.ratio >= 100%",
        "decision.approve.ratio < 1",
        "score.shift > 150%",
        "sent_ratio > 120%",
        "latency.max > 0",
        "latency.p95 - calm.latency.p95 < -5ms",
        "latency.p99 < calm.latency.p95",
        "latency.p50 < latency.p95",
        "latency.p95 > latency.mean",
        "error_ratio < 2 * calm.error_ratio",
        "throughput < 0.5 * offered_rate",
        "throughput < 50% * offered_rate",
        "throughput > 900/s",
        "psi.max < 20%",
        "latency.p99 / latency.p50 < 3",
        "restarts == 0",
        "alerts.firing == 0",
        "ledger.balanced == 1",
    ],
)
def test_what_can_be_missed_is_taken(text: str) -> None:
    """A limit that is wide is still a limit."""
    assert refusal(text) == ""


_ACT: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "==": float.__eq__,
    "!=": float.__ne__,
}
_PLAIN = [name for name, metric in METRICS.items() if metric.unit in (Unit.RATIO, Unit.SCORE, Unit.NATS)]


@given(st.sampled_from(_PLAIN), st.sampled_from(COMPARE), st.integers(-300, 300))
def test_a_limit_in_percent_is_refused_exactly_where_no_figure_could_miss_it_or_meet_it(
    name: str, sign: str, percent: int
) -> None:
    """Whatever the metric: a condition is taken if and only if figures of its range make it both true and false."""
    metric = METRICS[name]
    limit = percent / 100
    tried = [0.0, limit, limit - 0.005, limit + 0.005, min(metric.highest, 10.0)]
    outcomes = {_ACT[sign](value, limit) for value in tried if 0 <= value <= metric.highest}
    assert (refusal(f"{name} {sign} {percent}%") == "") == (len(outcomes) == 2)
