"""How alerts are graded: what saw which fault and when, what was missed, false or flapping."""

import msgspec
import pytest

from actors.telemetry.snapshot import Alarms
from sim.faults.fault import FaultRecord, FaultState
from sim.judging.alert_grades import AlertGrader, AlertGrades
from sim.scenario.loader import parse

SCENARIO = """\
name: drill
phases: [{name: calm, duration: 40s, rate: 100}, {name: storm, duration: 20s, rate: 100}]
faults:
  - {name: down, kind: feature_store_outage, at: 10s, duration: 5s}
  - {name: slow, kind: model_errors, at: 12s, duration: 5s}
expect:
  - {name: seen,  during: down,  alert: FeatureStoreMisses, fires_within: 5s}
  - {name: tail,  during: storm, alert: LatencyTailHigh, fires_within: 5s}
"""
WINDOW_S, RECOVERY_S = 10.0, 5.0


def record(name: str, at_s: float, over_s: float | None = None, effect_s: float | None = None) -> FaultRecord:
    """A fault that was in from ``at_s`` on, with an effect at once unless ``effect_s`` says when; -1: none."""
    state: FaultState = "injected" if over_s is None else "lifted"
    effect = at_s if effect_s is None else effect_s
    return FaultRecord(
        name=name,
        kind="feature_store_outage",
        state=state,
        injected_at_s=at_s,
        first_effect_at_s=None if effect < 0 else effect,
        lifted_at_s=over_s,
    )


class Graded:
    """A grader, and the faults that it is told of."""

    def __init__(self, *records: FaultRecord) -> None:
        waiting = [FaultRecord(name=name, kind="model_errors", state="waiting") for name in ("down", "slow")]
        self.records = [*records, *(each for each in waiting if each.name not in {one.name for one in records})]
        windows = dict.fromkeys(("FeatureStoreMisses", "LatencyTailHigh"), WINDOW_S)
        self.grader = AlertGrader(parse(SCENARIO, "drill.yaml"), lambda: self.records, windows, RECOVERY_S)

    def fire(self, alert: str, at_s: float, until_s: float | None = None) -> "Graded":
        """Let an alert fire for a while."""
        self.grader.fired(alert, at_s)
        if until_s is not None:
            self.grader.resolved(alert, until_s)
        return self

    @property
    def grades(self) -> AlertGrades:
        """How they did."""
        return self.grader.grades()


def test_detection_counts_from_the_injection_and_resolving_from_the_lift() -> None:
    """The first alert to fire gives the time to detect, the last to be resolved the time to resolve."""
    run = Graded(record("down", 10, 15)).fire("FeatureStoreMisses", 14, 22).fire("LatencyTailHigh", 12, 18)
    fault, _ = run.grades.faults
    assert (fault.detected_after_s, fault.resolved_after_s, fault.missed, fault.silent) == (2, 7, False, ())
    assert [(each.alert, each.detected_after_s, each.resolved_after_s) for each in fault.alerts] == [
        ("FeatureStoreMisses", 4, 7),
        ("LatencyTailHigh", 2, 3),
    ]
    assert (run.grades.mean_time_to_detect_s, run.grades.mean_time_to_resolve_s) == (2, 7)


@pytest.mark.parametrize(("at_s", "false"), [(9.9, 1), (10, 0), (14, 0), (15, 0), (30, 0), (30.1, 1)])
def test_an_alarm_is_true_from_the_effect_until_window_and_recovery_are_over(at_s: float, *, false: int) -> None:
    """Fault until 15 s, window 10 s, recovery 5 s: what begins after 30 s, or before the effect, has no cause."""
    assert Graded(record("down", 10, 15)).fire("FeatureStoreMisses", at_s).grades.false == false


def test_an_alarm_before_the_first_effect_is_false() -> None:
    """A fault that is in and has touched nothing yet cannot be what the alert saw."""
    run = Graded(record("down", 10, effect_s=13)).fire("FeatureStoreMisses", 12)
    assert (run.grades.false, run.grades.missed) == (1, 1)


def test_a_fault_that_no_alert_sees_is_missed() -> None:
    """It is counted, and the alert that should have seen it is named; without an effect there is nothing to see."""
    grades = Graded(record("down", 10, 15), record("slow", 12, 17, effect_s=-1)).grades
    assert (grades.missed, grades.mean_time_to_detect_s) == (1, None)
    assert [fault.missed for fault in grades.faults] == [True, False]
    assert grades.faults[0].silent == ("FeatureStoreMisses",)
    assert [(rule.alert, rule.fired, rule.silent) for rule in grades.rules] == [("FeatureStoreMisses", 0, 1)]


def test_a_firing_counts_for_every_fault_that_is_in() -> None:
    """Nothing tells which of two it saw; one that was lifted has its turn only when none is in."""
    run = Graded(record("down", 10, 15), record("slow", 14)).fire("LatencyTailHigh", 15.5)
    run.records[0] = record("down", 10, 15)
    assert run.grader.firings[0].causes == ("slow",)
    run.records[0] = record("down", 10)
    assert run.fire("LatencyTailHigh", 40).grader.firings[1].causes == ("down", "slow")


def test_what_an_expectation_asks_for_is_no_false_alarm() -> None:
    """The storm is to raise an alert, so it is trouble; whatever rings in it has a cause, and before it none."""
    run = Graded().fire("LatencyTailHigh", 45).fire("FeatureStoreMisses", 46).fire("LatencyTailHigh", 20)
    assert [firing.causes for firing in run.grader.firings] == [("storm",), ("storm",), ()]
    assert run.grader.alarms() == Alarms(false=1, flaps=0)


def test_firing_again_soon_is_a_flap_unless_a_fault_came_in_between() -> None:
    """Within window and recovery of being resolved it is the same trouble; a new fault is a new one."""
    run = Graded(record("down", 10, 15)).fire("FeatureStoreMisses", 11, 12).fire("FeatureStoreMisses", 13, 14)
    assert run.grader.alarms().flaps == 1
    run.records[1] = record("slow", 16)
    assert run.fire("FeatureStoreMisses", 17, 18).grader.alarms().flaps == 1
    assert run.fire("FeatureStoreMisses", 33, 34).grader.alarms().flaps == 1
    assert [(rule.fired, rule.flaps) for rule in run.grades.rules] == [(4, 1)]


def test_an_alert_that_still_fires_is_not_resolved() -> None:
    """There is no time to resolve to tell."""
    run = Graded(record("down", 10, 15)).fire("FeatureStoreMisses", 11, 12).fire("LatencyTailHigh", 12)
    fault, _ = run.grades.faults
    assert fault.resolved_after_s is None


def test_what_is_in_or_stays_has_no_lift_to_resolve_from() -> None:
    """A fault that came again and is in once more, and a crash, whose effect no lift ends: neither has a time."""
    again = msgspec.structs.replace(record("down", 10, 15), state="injected")
    crash = msgspec.structs.replace(record("down", 10, 15), kind="scorer_crash")
    for each in (again, crash):
        fault, _ = Graded(each).fire("FeatureStoreMisses", 11, 20).grades.faults
        assert (fault.detected_after_s, fault.resolved_after_s) == (1, None)
