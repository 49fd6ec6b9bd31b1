"""What alerts did over many runs, as middle and spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sim.alert_tuning.alert_runs import Observed
from sim.judging.alert_grades import AlertGrades


@dataclass(frozen=True, slots=True)
class Spread:
    """Times of several runs, in seconds."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Return the spread of ``values``; None of none."""
        return cls(min(values), median(values), max(values)) if values else None


@dataclass(frozen=True, slots=True)
class OnFault:
    """What one alert did about one fault over all runs.

    Attributes:
        bitten: runs in which the fault had an effect.
        seen: runs in which the alert fired for it.
        detected_s: from the injection to the first firing.
        resolved_s: from the lift to the end of the last; of those that were resolved.
        wanted: whether an expectation wants it to fire for this fault.
    """

    alert: str
    fault: str
    bitten: int
    seen: int
    detected_s: Spread | None
    resolved_s: Spread | None
    wanted: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """What one alert did that it should not have, firings in all runs.

    Attributes:
        false: in runs with faults, while nothing was wrong.
        calm: in runs without faults.
        flaps: in all of them.
    """

    false: int
    calm: int
    flaps: int


def on_faults(observed: Sequence[Observed]) -> list[OnFault]:
    """Return what each alert did about each fault, faults in the order of the scenario, quickest alert first."""
    faulty = [each for each in observed if each.faulty]
    faults = dict.fromkeys(fault.fault for run in faulty for fault in run.grades.faults)
    found: list[OnFault] = []
    for fault in faults:
        of = [one for run in faulty for one in run.grades.faults if one.fault == fault]
        silent = {alert for one in of for alert in one.silent}
        alerts = dict.fromkeys([*(each.alert for one in of for each in one.alerts), *sorted(silent)])
        bitten = sum(one.first_effect_at_s is not None for one in of)
        rows = []
        for alert in alerts:
            seen = [each for one in of for each in one.alerts if each.alert == alert]
            resolved = [each.resolved_after_s for each in seen if each.resolved_after_s is not None]
            times = Spread.of([each.detected_after_s for each in seen])
            wanted = any(
                each.alert == alert and each.during in (fault, None) for run in faulty for each in run.scenario.expect
            )
            rows.append(OnFault(alert, fault, bitten, len(seen), times, Spread.of(resolved), wanted))
        found += sorted(rows, key=lambda row: (-row.seen, row.detected_s.middle if row.detected_s else 0.0))
    return found


def noise(observed: Sequence[Observed]) -> dict[str, Noise]:
    """Return what each alert did that it should not have; of those that did."""
    names = dict.fromkeys(rule.alert for run in observed for rule in run.grades.rules)
    found = {}
    for name in names:
        false = _count(observed, name, faulty=True, what="false")
        calm = _count(observed, name, faulty=False, what="false")
        flaps = sum(_count(observed, name, faulty=faulty, what="flaps") for faulty in (True, False))
        if false or calm or flaps:
            found[name] = Noise(false, calm, flaps)
    return found


def _count(observed: Sequence[Observed], alert: str, *, faulty: bool, what: str) -> int:
    grades: list[AlertGrades] = [run.grades for run in observed if run.faulty is faulty]
    return sum(getattr(rule, what) for each in grades for rule in each.rules if rule.alert == alert)
