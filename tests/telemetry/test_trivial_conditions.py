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
from tests.support.sim.scenario_texts import SHORT, line_at_mark


def refusal(text: str) -> str:
    """Return why a condition says nothing; "" where it says something."""
    try:
        Expression.parse(text, ("calm",), ("amount",))
    except EmptyConditionError as error:
        assert 1 <= error.column <= len(text)  # noqa: PT017  both endings are fine
        return error.problem
    return ""


def refused_at_mark(marked: str) -> str:
    """Return why a condition says nothing, which is told of the place where ``marked`` has a ▶."""
    text = marked.replace("▶", "")
    with pytest.raises(EmptyConditionError) as caught:
        Expression.parse(text, ("calm",), ("amount",))
    assert caught.value.column == marked.index("▶") + 1
    return caught.value.problem


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        ("error_ratio < ▶5", "error_ratio is a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?"),
        ("error_ratio < ▶1", "error_ratio is a ratio, 0 to 1, and 1 is 100 %; did you mean 1%, or 100%?"),
        ("▶1 > error_ratio", "error_ratio is a ratio, 0 to 1, and 1 is 100 %; did you mean 1%, or 100%?"),
        (
            "calm.feature_store.miss_ratio <= ▶2.5",
            "calm.feature_store.miss_ratio is a ratio, 0 to 1, and 2.5 is 250 %; did you mean 2.5%?",
        ),
        ("mode.full.ratio > ▶99", "mode.full.ratio is a ratio, 0 to 1, and 99 is 9,900 %; did you mean 99%?"),
        ("mode.full.ratio > ▶1.5", "mode.full.ratio is a ratio, 0 to 1, and 1.5 is 150 %; did you mean 1.5%?"),
        ("live_roc_auc > ▶95", "live_roc_auc is a score, 0 to 1, and 95 is 9,500 %; did you mean 95%?"),
        ("score.shift > ▶20", "score.shift is a ratio, where 1 is the whole, and 20 is 2,000 %; did you mean 20%?"),
        (
            "error_ratio < max(2 * calm.error_ratio, ▶5)",
            "error_ratio is a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?",
        ),
        (
            "throughput > ▶99%",
            "throughput is no share, and 99% would be read as 0.99; write a plain number, or 99% * another metric",
        ),
        (
            "max(restarts, 3) < ▶5%",
            "restarts is no share, and 5% would be read as 0.05; write a plain number, or 5% * another metric",
        ),
        ("restarts < ▶5/s", "restarts is no rate, and 5/s would be read as 5; write it without /s"),
        ("recall > ▶0.5/s", "recall is no rate, and 0.5/s would be read as 0.5; write it without /s"),
        ("latency.p95 < ▶-5ms", "-5ms is below 0, which a time never is; write what it is at most"),
        ("latency.p95 > min(▶-5ms, 1s)", "-5ms is below 0, which a time never is; write what it is at most"),
        ("recall > 0.5 and error_ratio < ▶3", "error_ratio is a ratio, 0 to 1, and 3 is 300 %; did you mean 3%?"),
    ],
)
def test_a_number_that_is_no_share_is_refused_with_what_was_meant(marked: str, told: str) -> None:
    """A plain number above 1 on a ratio, a plain 1 where it would mean that all went wrong, a time below 0."""
    assert refused_at_mark(marked) == told


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        (
            "error_ratio ▶<= 100%",
            "error_ratio <= 100% can never fail: error_ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "error_ratio ▶> 100%",
            "error_ratio > 100% can never hold: error_ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "mode.full.ratio ▶>= 0",
            "mode.full.ratio >= 0 can never fail: mode.full.ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "mode.full.ratio ▶< 0",
            "mode.full.ratio < 0 can never hold: mode.full.ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "mode.full.ratio ▶== 150%",
            "mode.full.ratio == 150% can never hold: mode.full.ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "2 * error_ratio ▶< 3",
            "(2 * error_ratio) < 3 can never fail: error_ratio is 0 to 1; write a limit that can be missed",
        ),
        (
            "error_ratio + recall ▶<= 2",
            (
                "(error_ratio + recall) <= 2 can never fail: error_ratio is 0 to 1 and recall is 0 to 1; "
                "write a limit that can be missed"
            ),
        ),
        (
            "max(error_ratio, 5%) ▶<= 100%",
            "max(error_ratio, 5%) <= 100% can never fail: error_ratio is 0 to 1; write a limit that can be missed",
        ),
        ("restarts ▶>= 0", "restarts >= 0 can never fail: restarts is 0 or more; write a limit that can be missed"),
        ("restarts ▶< 0", "restarts < 0 can never hold: restarts is 0 or more; write a limit that can be missed"),
        (
            "psi.amount ▶> -1",
            "psi.amount > -1 can never fail: psi.amount is 0 or more; write a limit that can be missed",
        ),
        (
            "throughput ▶!= -3",
            "throughput != -3 can never fail: throughput is 0 or more; write a limit that can be missed",
        ),
        (
            "ledger.balanced ▶> 1",
            "ledger.balanced > 1 can never hold: ledger.balanced is 0 to 1; write a limit that can be missed",
        ),
        ("fraud_loss ▶< 0", "fraud_loss < 0 can never hold: fraud_loss is 0 or more; write a limit that can be missed"),
        (
            "latency.p95 ▶< latency.p50",
            "latency.p95 < latency.p50 can never hold: latency.p50 is never above latency.p95; name a limit",
        ),
        (
            "calm.latency.p50 ▶<= calm.latency.max",
            (
                "calm.latency.p50 <= calm.latency.max can never fail: "
                "calm.latency.p50 is never above calm.latency.max; name a limit"
            ),
        ),
        (
            "latency.p99 ▶> latency.max",
            "latency.p99 > latency.max can never hold: latency.p99 is never above latency.max; name a limit",
        ),
        ("latency.p99 < ▶latency.p99", "latency.p99 is compared with itself; compare it with a limit, or in two spans"),
        ("recall > 0.5 and 1 ▶< 2", "1 < 2 can never fail: both sides are numbers; write a limit that can be missed"),
    ],
)
def test_what_can_never_fail_or_never_hold_is_refused_with_the_reason(marked: str, told: str) -> None:
    """Ranges, also of what is computed from them, and the order of the figures of one stage."""
    assert refused_at_mark(marked) == told


@pytest.mark.parametrize("where", ["expect: [{{name: it, expr: '{}'}}]", "alerts: [{{alert: It, expr: '{}'}}]"])
def test_in_a_scenario_it_is_told_with_file_line_and_column(where: str) -> None:
    """The column is that of the number or sign in the file, wherever in a line the condition begins."""
    found = line_at_mark(SHORT + where.format("recall > 0.5 and error_ratio < ▶5") + "\n")
    assert found.endswith("error_ratio is a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?")
    assert "can never hold" in line_at_mark(SHORT + where.format("restarts ▶< 0") + "\n")


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
