"""The debrief of a blind drill, as ``debrief.json``: what came when, and when alerts and people saw it.

Keys are stable; a new one may come, none changes its meaning. Instants are seconds since the run began, times are
seconds from the injection of a fault; null did not happen.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from actors.core.clock import NS_PER_S
from sim.chance import Streams
from sim.drill.price import Price
from sim.faults.fault import FaultRecord
from sim.faults.registry import FAULTS
from sim.journal import JournalEntry
from sim.judging.alert_grades import AlertOnFault, FaultGrade
from sim.judging.verdict import VerdictWord
from sim.operator.incident import CallMade, Incident, part_of
from sim.report.summary import Summary, indented, schema_of
from sim.scenario.scenario import Scenario

RIGHT, HALF = 1.0, 0.5  # what a call is worth
NOT_ASKED: Final = "left out with --no-price"
NOTHING_CAME: Final = "nothing was injected, so that there is nothing to compare"
Ending = Literal["planned", "operator", "interrupted", "aborted"]


class FaultTold(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, as it came and as it was found.

    Attributes:
        fault: its name in the scenario.
        part: what it breaks.
        planned_at_s: when it was to come first.
        injected_at_s: null where the run ended before.
        alert: the first one that fired for it; "" without one.
        alerted_at_s: when that fired.
        acknowledged_at_s: when someone first acknowledged an alert that fired for it.
        called_at_s: the first call after its injection that is not put down to another fault, right or wrong.
        part_at_s: the first call that had its part right.
        named_at_s: the call that named it.
        over_at_s: when it was lifted, as planned, by rolling back or by the end of the drill; of a fault that is over
            at once, when it came.
        resolved_at_s: when none of its alerts fired any more.
        score: 1 named, 0.5 its part alone, 0 not found.
    """

    fault: str
    kind: str
    part: str
    planned_at_s: float | None = None
    injected_at_s: float | None = None
    first_effect_at_s: float | None = None
    alert: str = ""
    alerted_at_s: float | None = None
    acknowledged_at_s: float | None = None
    called_at_s: float | None = None
    part_at_s: float | None = None
    named_at_s: float | None = None
    over_at_s: float | None = None
    resolved_at_s: float | None = None
    score: float = 0.0


class AlertTold(msgspec.Struct, frozen=True, kw_only=True):
    """One firing of an alert, whatever it fired for.

    Attributes:
        resolved_at_s: null where it still fired at the end.
    """

    alert: str
    fired_at_s: float
    resolved_at_s: float | None = None


class Mean(msgspec.Struct, frozen=True):
    """A mean time, and of how many faults.

    Attributes:
        mean_s: null without any.
        of: faults that it is taken over.
    """

    mean_s: float | None
    of: int


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How soon after the injection, on average.

    Attributes:
        detect: alerts: the first one fired; people: the first call or acknowledgement.
        acknowledge: people: an alert that fired for it was acknowledged; alerts acknowledge nothing.
        diagnose: people: it was named; alerts name nothing.
        recover: alerts: none of them fired any more; people: it was over.
    """

    detect: Mean
    acknowledge: Mean
    diagnose: Mean
    recover: Mean


class Debrief(msgspec.Struct, frozen=True, kw_only=True):
    """What a blind drill came to.

    Attributes:
        format: of this file.
        ended: as planned; by the operator, who said that the incident was over; interrupted; or aborted, by a condition
            of the scenario or because the pipeline could not go on.
        duration_s: from the start to the last decision.
        hints: whether the line in words was shown.
        verdict: of the scenario's own expectations.
        faults: in the order in which they came; those that did not come are the last.
        fired: every firing of an alert, in order.
        alerts: how soon alerts did their part.
        people: how soon people did.
        calls: all of them.
        false_calls: those that were wrong.
        score: sum over the faults that came.
        most: what all of them would have given.
        price: what the faults cost, by the twin of ``as_played.yaml``; null where that is not known.
        unpriced: why not; "" where it is.
    """

    format: Literal[1] = 1
    scenario: str
    seed: int
    model: str | None
    ended: Ending
    duration_s: float
    hints: bool
    verdict: VerdictWord
    faults: tuple[FaultTold, ...]
    fired: tuple[AlertTold, ...] = ()
    alerts: Times
    people: Times
    calls: tuple[CallMade, ...]
    false_calls: int
    score: float
    most: int
    price: Price | None = None
    unpriced: str = NOT_ASKED


def debrief(
    scenario: Scenario, summary: Summary, journal: Sequence[JournalEntry], incident: Incident, *, hints: bool
) -> Debrief:
    """Return the debrief of a drill, without its price.

    Args:
        scenario: as it was to be run.
        summary: of the run.
        journal: of the run.
        incident: what was called.
        hints: whether the line in words was shown.
    """
    grades = {each.fault: each for each in summary.alert_grades.faults}
    records = {each.name: each for each in summary.faults}  # without those before which the operator ended the drill
    streams, fired = Streams(scenario.seed), tuple(_firings(journal))
    told = []
    for fault in scenario.faults:
        planned_s = fault.occurrences(streams)[0].inject_at / NS_PER_S
        planned = FaultTold(fault=fault.name, kind=fault.kind, part=part_of(fault.kind), planned_at_s=planned_s)
        record, grade = records.get(fault.name), grades.get(fault.name)
        told.append(planned if record is None else _told(planned, record, grade, fired, journal, incident.calls))
    faults = tuple(sorted(told, key=_order))
    return Debrief(
        scenario=summary.scenario,
        seed=summary.seed,
        model=summary.model,
        ended=_ending(journal, incident),
        duration_s=summary.duration_s,
        hints=hints,
        verdict=summary.verdict,
        faults=faults,
        fired=fired,
        alerts=Times(
            detect=_mean(faults, "alerted_at_s"),
            acknowledge=Mean(None, 0),
            diagnose=Mean(None, 0),
            recover=_mean(faults, "resolved_at_s"),
        ),
        people=Times(
            detect=_mean(faults, "called_at_s", "acknowledged_at_s"),
            acknowledge=_mean(faults, "acknowledged_at_s"),
            diagnose=_mean(faults, "named_at_s"),
            recover=_mean(faults, "over_at_s"),
        ),
        calls=tuple(incident.calls),
        false_calls=sum(each.verdict == "wrong" for each in incident.calls),
        score=sum(each.score for each in faults),
        most=sum(each.injected_at_s is not None for each in faults),
    )


def _order(fault: FaultTold) -> tuple[bool, float]:
    at_s = fault.planned_at_s if fault.injected_at_s is None else fault.injected_at_s
    return fault.injected_at_s is None, at_s or 0.0


def _ending(journal: Sequence[JournalEntry], incident: Incident) -> Ending:
    kinds = {each.kind for each in journal}
    if "interrupted" in kinds:
        return "interrupted"
    if kinds & {"aborted", "escalated"}:
        return "aborted"
    return "planned" if incident.ended_at_s is None else "operator"


def _firings(journal: Sequence[JournalEntry]) -> Iterator[AlertTold]:
    for place, entry in enumerate(journal):
        if entry.kind == "alert_firing":
            later = (each for each in journal[place:] if each.kind == "alert_resolved" and each.name == entry.name)
            until_s = next((each.at_s for each in later), None)
            yield AlertTold(alert=entry.name, fired_at_s=entry.at_s, resolved_at_s=until_s)


def _told(
    planned: FaultTold,
    record: FaultRecord,
    grade: FaultGrade | None,
    fired: Sequence[AlertTold],
    journal: Sequence[JournalEntry],
    calls: Sequence[CallMade],
) -> FaultTold:
    at_s = record.injected_at_s
    mine = [each for each in calls if each.fault == record.name]
    named = [each.at_s for each in mine if each.verdict == "right"]
    lifted_s = record.lifted_at_s if record.state != "injected" else None
    over_s = _replaced(record, journal) or lifted_s
    alerts = () if grade is None or at_s is None else grade.alerts
    seen = {each.alert for each in alerts}
    return msgspec.structs.replace(
        planned,
        injected_at_s=at_s,
        first_effect_at_s=record.first_effect_at_s,
        alert=alerts[0].alert if alerts else "",
        alerted_at_s=at_s + alerts[0].detected_after_s if alerts and at_s is not None else None,
        acknowledged_at_s=_acknowledged(journal, seen, at_s),
        called_at_s=_first(each.at_s for each in calls if at_s is not None and _is_about(each, record, at_s, over_s)),
        part_at_s=_first(each.at_s for each in mine),
        named_at_s=_first(named),
        over_at_s=over_s,
        resolved_at_s=resolved_s(alerts, fired, at_s),
        score=RIGHT if named else HALF if mine else 0.0,
    )


def resolved_s(alerts: Sequence[AlertOnFault], fired: Sequence[AlertTold], injected_s: float | None) -> float | None:
    """Return when none of the alerts fired any more that fired for a fault; None without one, or while one does."""
    ends: list[float | None] = []
    for alert in alerts:
        later = [
            each.resolved_at_s for each in fired if each.alert == alert.alert and each.fired_at_s >= (injected_s or 0)
        ]
        ends += later[: alert.firings]
    known = [each for each in ends if each is not None]
    return max(known) if known and len(known) == len(ends) else None


def _replaced(record: FaultRecord, journal: Sequence[JournalEntry]) -> float | None:
    """Return when another model took the place of the one that a fault released; None where none did in time."""
    if not FAULTS[record.kind].releases_model or record.first_effect_at_s is None:
        return None
    until_s = float("inf") if record.lifted_at_s is None else record.lifted_at_s
    swaps = (each for each in journal if each.kind == "model_swapped" and each.name != record.name)
    return _first(each.at_s for each in swaps if record.first_effect_at_s <= each.at_s < until_s)


def _is_about(call: CallMade, record: FaultRecord, injected_s: float, over_s: float | None) -> bool:
    """Return whether a call may be about a fault: it is put down to it, or is wrong and was made while it was in."""
    if call.fault:
        return call.fault == record.name
    return injected_s <= call.at_s and (over_s is None or call.at_s <= over_s)


def _acknowledged(journal: Sequence[JournalEntry], alerts: set[str], injected_s: float | None) -> float | None:
    made = (each for each in journal if each.kind == "alert_acknowledged" and each.name in alerts)
    return _first(each.at_s for each in made if injected_s is not None and each.at_s >= injected_s)


def _first(instants: Iterable[float]) -> float | None:
    return min(instants, default=None)


def _mean(faults: Sequence[FaultTold], *keys: str) -> Mean:
    """Return the mean time from the injection to the first of ``keys``, over the faults that have one."""
    times = []
    for fault in faults:
        seen = [at_s for key in keys if (at_s := getattr(fault, key)) is not None]
        if seen and fault.injected_at_s is not None:
            times.append(min(seen) - fault.injected_at_s)
    return Mean(sum(times) / len(times) if times else None, len(times))


def debrief_text(told: Debrief) -> bytes:
    """Return ``debrief.json``."""
    return indented(told)


def debrief_schema() -> bytes:
    """Return the JSON Schema of ``debrief.json``."""
    return schema_of(Debrief)
