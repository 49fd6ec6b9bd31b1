"""Cases about figures and expectations: what a run says of its latencies and of what was promised."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.running import Case, Outcome

FAILED, INCONCLUSIVE = 99, 3
HOUR_MS = 3_600_000.0


def expectation(outcome: Outcome, name: str) -> dict[str, Any]:
    """Return what the summary says of one expectation."""
    return next(each for each in outcome.summary["expectations"] if each["name"] == name)


def test_the_maximum_is_exact_far_beyond_a_minute(case: Callable[[str], Case]) -> None:
    """A maximum of 197 s is no maximum of under 70 s, and p95 is beyond its limit too."""
    outcome = case("32").run("waits")
    assert outcome.code == FAILED
    assert [expectation(outcome, name)["state"] for name in ("tail", "p95")] == ["failed", "failed"]
    assert outcome.summary["latency_max_ms"] > 190_000
    assert outcome.summary["latency_p50_ms"] > 61_000


def test_latencies_beyond_an_hour_are_lower_bounds_and_the_maximum_is_exact(case: Callable[[str], Case]) -> None:
    """Percentiles say "1 h or more", on the screen and in the summary; the maximum says how much more."""
    outcome = case("32").run("huge")
    assert outcome.code == INCONCLUSIVE, outcome.out
    assert expectation(outcome, "slow")["state"] == "passed"
    assert outcome.summary["at_least"] == ["latency_p95_ms", "latency_p99_ms"]
    assert outcome.summary["stages"]["latency"]["at_least"] == ["p95_ms", "p99_ms", "p99_9_ms"]
    assert outcome.summary["latency_max_ms"] > 1.3 * HOUR_MS
    assert "p95 1 h or more, p99 1 h or more" in outcome.out


@pytest.mark.parametrize(("number", "scenario", "seen"), [("33", "clamp", "latency.max = 4799 s")])
def test_a_limit_beyond_a_minute_can_fail(case: Callable[[str], Case], number: str, scenario: str, seen: str) -> None:
    """A limit that lies beyond what a histogram once held is held against what really was."""
    outcome = case(number).run(scenario)
    assert outcome.code == FAILED
    assert expectation(outcome, "slow")["value"] == seen
