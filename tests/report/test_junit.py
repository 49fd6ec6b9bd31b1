"""A verdict as JUnit's XML, read by a parser that is not ours."""

from itertools import combinations_with_replacement
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sim.judging.result import ExpectationResult, ExpectationState
from sim.judging.verdict import IMBALANCE, OfferedLoad, judge
from sim.report.figures import summarise
from sim.report.junit import broken_suite, document, junit, suites_of
from sim.report.summary import AlertOutcome, Summary
from tests.report.test_summary import finished

ON_TIME = OfferedLoad(offered=10, produced=10)
STATES: tuple[ExpectationState, ...] = ("passed", "failed", "inconclusive", "waiting", "holding", "skipped")


def expectation(name: str, state: ExpectationState, note: str = "") -> ExpectationResult:
    return ExpectationResult(name=name, state=state, wanted="latency.p95 < 50ms", value="71 ms", note=note)


def summary(*results: ExpectationResult, imbalances: tuple[str, ...] = ()) -> Summary:
    """Return that of a run with these results."""
    verdict = judge(results, [], ON_TIME, imbalances=imbalances)
    return msgspec.structs.replace(
        summarise(finished()),
        expectations=results,
        verdict=verdict.verdict,
        exit_code=verdict.exit_code,
        reasons=verdict.reasons,
    )


def read(text: bytes) -> TestSuite:
    """Return the one suite."""
    (suite,) = JUnitXml.fromstring(text)
    assert isinstance(suite, TestSuite)
    return suite


def outcomes(suite: TestSuite) -> dict[str, tuple[type, str] | None]:
    """Return what came of each case, and its message."""
    found = {}
    for case in suite:
        assert isinstance(case, TestCase)
        found[case.name] = None if not case.result else (type(case.result[0]), case.result[0].message)
    return found


def test_each_expectation_is_a_case() -> None:
    """One that failed is a failure, one that nobody could judge an error, one that was cut off is skipped."""
    results = (
        expectation("good", "passed"),
        expectation("tail", "failed"),
        expectation("few", "inconclusive", "too few samples"),
        expectation("late", "skipped", "the run was cut short"),
    )
    found = outcomes(read(junit(summary(*results))))
    assert found == {
        "good": None,
        "tail": (Failure, "71 ms, wanted latency.p95 < 50ms"),
        "few": (Error, "too few samples, wanted latency.p95 < 50ms"),
        "late": (Skipped, "the run was cut short, wanted latency.p95 < 50ms"),
        "ledger": None,
        "run": None,
    }


@pytest.mark.parametrize("states", list(combinations_with_replacement(STATES, 2)))
@pytest.mark.parametrize("imbalances", [(), ("decided 3, logged 2",)])
def test_the_suite_passes_just_where_the_run_does(
    states: tuple[ExpectationState, ...], imbalances: tuple[str, ...]
) -> None:
    """It has a failure where the verdict is fail, and an error but no failure where nothing was proved."""
    results = [expectation(f"e{number}", state) for number, state in enumerate(states)]
    told = summary(*results, imbalances=imbalances)
    suite = read(junit(told))
    bad = (suite.failures > 0, suite.errors > 0)
    assert bad[0] == (told.verdict == "fail")
    assert any(bad) == (told.verdict != "pass")
    assert suite.tests == len(list(suite))


def test_an_imbalance_is_a_failure_of_the_ledger() -> None:
    """It has a case of its own."""
    found = outcomes(read(junit(summary(expectation("good", "passed"), imbalances=("decided 3, logged 2",)))))
    assert found["ledger"] == (Failure, f"{IMBALANCE}decided 3, logged 2")


def test_an_alert_that_fired_is_a_case_and_no_failure() -> None:
    """Whether it may is for expectations to say; one that was only pending has told nobody, and has none."""
    outcome = AlertOutcome(alert="ErrorRateHigh", severity="page", state="resolved", fired_count=2, text="9 %")
    pending = AlertOutcome(alert="MemoryHigh", severity="ticket", state="pending", fired_count=0)
    suite = read(junit(msgspec.structs.replace(summary(expectation("good", "passed")), alerts=(outcome, pending))))
    assert outcomes(suite) == {"good": None, "ledger": None, "alert ErrorRateHigh": None, "run": None}
    (said,) = (case.system_out for case in suite if case.name == "alert ErrorRateHigh")
    assert said == "page, resolved, fired 2 times; 9 %"


@given(text=st.text())
def test_whatever_a_name_holds_the_file_can_be_read(text: str) -> None:
    """Marks of XML are text, and what XML cannot say is shown as Python writes it."""
    told = msgspec.structs.replace(summary(expectation(text, "failed", text)), scenario=text)
    suite = read(junit(told))
    assert suite.tests == len(list(suite)) == 3


def test_suites_of_several_runs_are_one_file() -> None:
    """Counts are added up; a run without a verdict is an error."""
    one = suites_of(junit(summary(expectation("tail", "failed"))))
    whole = JUnitXml.fromstring(document([*one, broken_suite("second", "killed, exit code 1")]))
    assert [suite.name for suite in whole] == [one[0].get("name"), "second"]
    assert (whole.tests, whole.failures, whole.errors) == (4, 1, 1)


def test_another_file_is_not_taken_for_one() -> None:
    """What is no XML is refused."""
    with pytest.raises(ET.ParseError):
        suites_of(b"{}")
