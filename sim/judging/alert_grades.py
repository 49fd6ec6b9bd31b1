"""How the alerts of a run did: what detected which fault and when, what was missed, false or flapping.

A firing belongs to a *cause*: to each fault that is in and has had an effect when it begins; when none is, to the fault
that was lifted last, as long as its tail lasts, which is the rule's window (what happened during the fault is still in
it) and a recovery allowance. The span in which an expectation has an alert fire is trouble too, such as a phase of
overload, and a cause like a fault. A firing without a cause is a false alarm.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from actors.core.clock import NS_PER_S
from actors.telemetry.alerts.engine import AlertEvent
from actors.telemetry.snapshot import Alarms
from sim.faults.fault import FaultRecord, LastingFault
from sim.faults.registry import FAULTS
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Span, fault_spans, span_of, spans


class AlertOnFault(msgspec.Struct, frozen=True, kw_only=True):
    """What one alert did about one fault.

    Attributes:
        detected_after_s: from the injection to its first firing.
        resolved_after_s: from the lift to the end of its last firing, 0 if that came first; null where either did not
            happen.
        firings: how often it fired for it.
    """

    alert: str
    detected_after_s: float
    resolved_after_s: float | None
    firings: int


class FaultGrade(msgspec.Struct, frozen=True, kw_only=True):
    """How the alerts did on one fault. Instants are seconds since the run began; null did not happen.

    Attributes:
        detected_after_s: from the injection to the first firing of any alert.
        resolved_after_s: from the lift until none of its alerts fired any more, 0 if that came first.
        missed: it had an effect, and no alert fired for it.
        silent: alerts that an expectation wants to fire for it, and that did not.
        alerts: those that fired for it, the first one first.
    """

    fault: str
    kind: str
    injected_at_s: float | None
    first_effect_at_s: float | None
    lifted_at_s: float | None
    detected_after_s: float | None
    resolved_after_s: float | None
    missed: bool
    silent: tuple[str, ...] = ()
    alerts: tuple[AlertOnFault, ...] = ()


class RuleGrade(msgspec.Struct, frozen=True, kw_only=True):
    """How one alert did over the run.

    Attributes:
        fired: how often.
        detected: faults that it fired for.
        silent: faults that an expectation wants it to fire for, and that it did not fire for.
        false: firings while nothing was wrong.
        flaps: firings soon after it was resolved, for the same reason.
    """

    alert: str
    fired: int
    detected: int
    silent: int
    false: int
    flaps: int


class AlertGrades(msgspec.Struct, frozen=True, kw_only=True):
    """How the alerts of a run did.

    Attributes:
        false: false alarms, of all alerts.
        flaps: of all alerts.
        missed: faults that had an effect and that no alert fired for.
        mean_time_to_detect_s: over the faults that were detected; null without one.
        mean_time_to_resolve_s: over the faults whose alerts were resolved after their lift; null without one.
        faults: in the order of the scenario.
        rules: alerts that fired, or should have.
    """

    false: int = 0
    flaps: int = 0
    missed: int = 0
    mean_time_to_detect_s: float | None = None
    mean_time_to_resolve_s: float | None = None
    faults: tuple[FaultGrade, ...] = ()
    rules: tuple[RuleGrade, ...] = ()


@dataclass(slots=True)
class Firing:
    """One firing of an alert, seconds since the run began.

    Attributes:
        until_s: when it was resolved; None: not yet.
        causes: the faults, or the span, that it is put down to; none: a false alarm.
        flap: whether the alert had just been resolved.
    """

    alert: str
    at_s: float
    until_s: float | None = None
    causes: tuple[str, ...] = ()
    flap: bool = False


class AlertGrader:
    """Follows the alerts of one run and grades them.

    Args:
        scenario: whose expectations say what should be detected.
        records: tells what each fault did so far.
        windows_s: how far each alert looks back.
        recovery_s: how long after a fault, beyond that, a firing is still put down to it.
    """

    def __init__(
        self,
        scenario: Scenario,
        records: Callable[[], Sequence[FaultRecord]],
        windows_s: Mapping[str, float],
        recovery_s: float,
    ) -> None:
        self._records = records
        self._windows_s = windows_s
        self._recovery_s = recovery_s
        self._expected = tuple(_expected(scenario))
        self.firings: list[Firing] = []

    def hear(self, events: Iterable[AlertEvent], start_ns: int) -> None:
        """Take in what the alerts did, in a run that began at ``start_ns``."""
        for event in events:
            if event.state == "firing" and not event.escalated:
                self.fired(event.alert, (event.at_ns - start_ns) / NS_PER_S)
            elif event.state == "resolved":
                self.resolved(event.alert, (event.at_ns - start_ns) / NS_PER_S)

    def fired(self, alert: str, at_s: float) -> None:
        """Note that ``alert`` began to fire."""
        records = self._records()
        before = next((each for each in reversed(self.firings) if each.alert == alert), None)
        flap = before is not None and before.until_s is not None and self._again(before.until_s, alert, at_s, records)
        self.firings.append(Firing(alert, at_s, None, self._causes(alert, at_s, records), flap))

    def resolved(self, alert: str, at_s: float) -> None:
        """Note that ``alert`` stopped firing."""
        for firing in reversed(self.firings):
            if firing.alert == alert:
                firing.until_s = firing.until_s or at_s
                return

    def alarms(self) -> Alarms:
        """Return how many false alarms and flaps there were so far."""
        return Alarms(sum(not each.causes for each in self.firings), sum(each.flap for each in self.firings))

    def grades(self) -> AlertGrades:
        """Return how the alerts did, now that the run is over."""
        faults = tuple(self._fault(record) for record in self._records())
        alarms = self.alarms()
        detected = [each.detected_after_s for each in faults if each.detected_after_s is not None]
        resolved = [each.resolved_after_s for each in faults if each.resolved_after_s is not None]
        silent = [alert for fault in faults for alert in fault.silent]
        names = dict.fromkeys([*(each.alert for each in self.firings), *silent])
        return AlertGrades(
            false=alarms.false,
            flaps=alarms.flaps,
            missed=sum(each.missed for each in faults),
            mean_time_to_detect_s=_mean(detected),
            mean_time_to_resolve_s=_mean(resolved),
            faults=faults,
            rules=tuple(self._rule(name, faults, silent.count(name)) for name in names),
        )

    def _tail_s(self, alert: str) -> float:
        """Return how long after a fault was lifted a firing of ``alert`` may still begin because of it."""
        return self._windows_s.get(alert, 0.0) + self._recovery_s

    def _again(self, until_s: float, alert: str, at_s: float, records: Sequence[FaultRecord]) -> bool:
        anew = any(each.injected_at_s is not None and until_s < each.injected_at_s <= at_s for each in records)
        return not anew and at_s - until_s < self._tail_s(alert)

    def _causes(self, alert: str, at_s: float, records: Sequence[FaultRecord]) -> tuple[str, ...]:
        bitten = [each for each in records if each.first_effect_at_s is not None and each.first_effect_at_s <= at_s]
        inside = tuple(each.name for each in bitten if (over := _over_at_s(each)) is None or at_s < over)
        if inside:
            return inside
        ended = [(over, each.name) for each in bitten if (over := _over_at_s(each)) is not None]
        if ended and at_s <= max(ended)[0] + self._tail_s(alert):
            return (max(ended)[1],)
        faults = {each.name for each in records}
        return tuple(
            name
            for name, span in {name: span for _, name, span in self._expected}.items()
            if name not in faults
            and at_s * NS_PER_S >= span.start_ns
            and (span.end_ns is None or at_s <= span.end_ns / NS_PER_S + self._tail_s(alert))
        )

    def _fault(self, record: FaultRecord) -> FaultGrade:
        mine = [each for each in self.firings if record.name in each.causes]
        names = dict.fromkeys(each.alert for each in mine)
        alerts = tuple(_on_fault(name, [each for each in mine if each.alert == name], record) for name in names)
        wanted = dict.fromkeys(alert for alert, fault, _ in self._expected if fault == record.name)
        bit = record.first_effect_at_s is not None
        ends = [each.resolved_after_s for each in alerts]
        return FaultGrade(
            fault=record.name,
            kind=record.kind,
            injected_at_s=record.injected_at_s,
            first_effect_at_s=record.first_effect_at_s,
            lifted_at_s=record.lifted_at_s,
            detected_after_s=min((each.detected_after_s for each in alerts), default=None),
            resolved_after_s=None if None in ends else max((end for end in ends if end is not None), default=None),
            missed=bit and not alerts,
            silent=tuple(alert for alert in wanted if bit and alert not in names),
            alerts=alerts,
        )

    def _rule(self, alert: str, faults: Sequence[FaultGrade], silent: int) -> RuleGrade:
        mine = [each for each in self.firings if each.alert == alert]
        return RuleGrade(
            alert=alert,
            fired=len(mine),
            detected=sum(any(one.alert == alert for one in fault.alerts) for fault in faults),
            silent=silent,
            false=sum(not each.causes for each in mine),
            flaps=sum(each.flap for each in mine),
        )


def _expected(scenario: Scenario) -> Iterable[tuple[str, str, Span]]:
    """Yield each alert that an expectation wants to fire, with the name of what should cause it, and its span."""
    known, faults = spans(scenario), fault_spans(scenario)
    for expectation in scenario.expect:
        if expectation.alert is not None:
            span = span_of(expectation, scenario, known)
            name = expectation.during or next(iter(faults), "")
            yield expectation.alert, name, span


def _over_at_s(record: FaultRecord) -> float | None:
    """Return when a fault was lifted for the last time; None while it is in, and of a one-shot, whose effect stays."""
    lasting = issubclass(FAULTS[record.kind], LastingFault)
    return record.lifted_at_s if lasting and record.state != "injected" else None


def _on_fault(alert: str, firings: Sequence[Firing], record: FaultRecord) -> AlertOnFault:
    over_s, injected_s = _over_at_s(record), record.injected_at_s or 0.0
    ends = [each.until_s for each in firings if each.until_s is not None]
    resolved = over_s is not None and len(ends) == len(firings)
    return AlertOnFault(
        alert=alert,
        detected_after_s=firings[0].at_s - injected_s,
        resolved_after_s=max(0.0, max(ends) - over_s) if resolved and over_s is not None else None,
        firings=len(firings),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
