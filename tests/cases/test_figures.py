"""Cases about figures and expectations: what a run says of its latencies and of what was promised."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError
from tests.support.cases import Case, Outcome

PASSED, FAILED, INCONCLUSIVE, USAGE = 0, 99, 3, 2
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


def test_a_percentile_of_three_transactions_passes_nothing(case: Callable[[str], Case]) -> None:
    """Inconclusive with the counts; a ratio of the three is judged, and ``min_samples`` says that three will do."""
    outcome = case("21").run("few")
    assert outcome.code == INCONCLUSIVE
    tail = expectation(outcome, "tail")
    assert tail["state"] == "inconclusive"
    assert tail["samples"] == [
        {"metric": "latency.p99_9", "of": 3, "beyond": 0, "beyond_at_most": None, "below": False}
    ]
    assert "latency.p99_9 has 3 samples, a pass takes 10,000" in outcome.out
    assert "0 of 3 beyond" in outcome.out
    assert expectation(outcome, "ratio")["state"] == "passed"
    assert case("21").run("few", "--set", "expect.tail.min_samples=3").code == PASSED


def test_a_failure_is_proved_by_what_is_beyond_the_limit(case: Callable[[str], Case]) -> None:
    """The line of the verdict has k of n."""
    outcome = case("32").run("waits")
    (samples,) = expectation(outcome, "p95")["samples"]
    assert f"({samples['beyond']} of {samples['of']} beyond), wanted latency.p95 < 61s" in outcome.out


@pytest.mark.parametrize(("number", "scenario", "seen"), [("33", "clamp", "latency.max = 4,799 s")])
def test_a_limit_beyond_a_minute_can_fail(case: Callable[[str], Case], number: str, scenario: str, seen: str) -> None:
    """A limit that lies beyond what a histogram once held is held against what really was."""
    outcome = case(number).run(scenario)
    assert outcome.code == FAILED
    assert expectation(outcome, "slow")["value"] == seen


EXPRESSIONS = {  # every line of 20/exprs.txt, judged by hand; "" is taken
    "latency.p95 = 50ms": "= is not an operator; write ==",
    "latency.p95=50ms": "= is not an operator; write ==",
    "latency.p95 < 50": "latency.p95 is a time, 50 needs a unit: 50ms?",
    "latency.p95 < 50 ms": "",
    "p95 < 50ms": "p95 is not a metric; did you mean latency.p95? python -m sim metrics lists them",
    "latency.p(95) < 50ms": "a percentile is no function; write latency.p95",
    "latency.p90 < 50ms": "of latency there are p50, p95, p99, p99_9, mean, max; python -m sim metrics lists them",
    "latency.p99.9 < 1s": "did you mean latency.p99_9?",
    "latency.p100 < 1s": "did you mean latency.max?",
    "error_ratio < 0.1": "",
    "error_ratio < 1": "error_ratio is a ratio, 0 to 1, and 1 is 100 %; did you mean 1%, or 100%?",
    "error_ratio < 5": "error_ratio is a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?",
    "error_ratio < 0,1%": "a , cannot stand in a number; write 0.1%",
    "error_ratio < 1 %": "",
    "error_rate < 1%": "error_rate is not a metric; did you mean error_ratio?",
    "latency.p95": "a figure alone is no condition",
    "avg=123": "= is not an operator; write ==",
    "test >= 500": "test is not a metric; python -m sim metrics lists them",
    "1 < 2": "it reads no metric",
    "latency.p95 < latency.p50": "can never hold: latency.p50 is never above latency.p95",
    "latency.p95 < 50ms and error_ratio < 1%": "",
    "latency.p95 < 50ms && error_ratio < 1%": "& is not an operator; write and",
    "not latency.p95 > 50ms": "there is no not; turn the comparison round, with <= for >",
    "0 < latency.p95 < 50ms": "comparisons do not chain at <; write a < b and b < c",
    "latency.p95 < 50ms;": "';' cannot stand here; leave it out",
    "latency.p95 < 0.05": "latency.p95 is a time, 0.05 needs a unit: 0.05s?",
    "latency.p95 < 50MB": "latency.p95 is a time and 50MB a size",
    "memory_mb < 500": "memory_mb is a size, 500 needs a unit: 500MB?",
    "memory_mb < 500ms": "memory_mb is a size and 500ms a time",
    "throughput > 100/s": "",
    "throughput > 100 rps": "rps is not a unit; did you mean 100/s?",
    "mode.full.ratio > 99": "mode.full.ratio is a ratio, 0 to 1, and 99 is 9,900 %; did you mean 99%?",
    '__import__("os")': "only max( ) and min( ) are functions",
    "latency.p95 < 1e999ms": "1e999 is too large a number",
    "psi.amount < 0.1": "",
    "baselin.latency.p95 < 1ms": "baselin is neither a phase nor a fault; did you mean baseline?",
    "latency.p95 < 50ms or": "the expression ends where a metric or a number must follow",
}


def test_every_expression_of_the_cases_is_judged_here(case: Callable[[str], Case]) -> None:
    """The table below has each line of the file, and no other."""
    assert Path(case("20").folder / "exprs.txt").read_text().splitlines() == list(EXPRESSIONS)


@pytest.mark.parametrize("section", ["expect: [{name: it, expr: '%s'}]", "alerts: [{alert: It, expr: '%s'}]"])
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_taken_or_refused_with_what_to_do(text: str, section: str) -> None:
    """In an expectation and in an alert alike: one located line in our words, or none."""
    scenario = f"name: x\nphases: [{{name: baseline, duration: 1s, rate: 10}}]\n{section % text}\n"
    wanted = EXPRESSIONS[text]
    if not wanted:
        assert parse(scenario, "x.yaml").name == "x"
        return
    with pytest.raises(InvalidScenarioError) as caught:
        parse(scenario, "x.yaml")
    (line,) = str(caught.value).splitlines()
    assert line.startswith("x.yaml:3:")
    if "alerts" not in section:  # where no other span is known by name
        assert wanted in line


@pytest.mark.parametrize("scenario", ["ratio"])
def test_thresholds_that_cannot_be_missed_are_refused_by_run(case: Callable[[str], Case], scenario: str) -> None:
    """Not one transaction is sent for them."""
    outcome = case("33").run(scenario)
    assert outcome.code == USAGE
    first, second = outcome.err.splitlines()
    assert first.endswith("dead_letter_ratio is a ratio, 0 to 1, and 5 is 500 %; did you mean 5%?")
    assert second.endswith("mode.full.ratio is a ratio, 0 to 1, and 99 is 9,900 %; did you mean 99%?")
