"""Snapshots as frames: everything the screen shows is computed here, so that drawing needs no arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.core.errors import printable
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import Snapshot
from dashboard import frame as show
from dashboard.layout import SHOWN_METRICS
from sim.faults.fault import Fault, FaultRecord
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Span, fault_spans, phase_spans
from sim.screen_frames.inputs import FrameInputs, RunFacts, RunSeries
from sim.screen_frames.panel_sections import ratio, sections
from sim.steps.registry import ModelRelease, ModelRollback
from sim.steps.step import StepRecord, StepState
from sim.units import Rate

ERROR_TARGET = 0.001
_MODEL_STEPS = (ModelRelease.kind, ModelRollback.kind)
STEP_WORDS: dict[StepState, show.StepWord] = {
    "waiting": "waiting",
    "under_way": "under way",
    "done": "done",
    "refused": "refused",
}


@dataclass(frozen=True, slots=True)
class FrameBuilder:
    """Makes frames of one run."""

    facts: RunFacts
    run_series: RunSeries = field(default_factory=RunSeries)

    def build(self, inputs: FrameInputs) -> show.Frame:
        """Return the frame that shows ``inputs``."""
        return show.Frame(
            header=self._header(inputs),
            throughput=self._throughput(inputs),
            errors=_errors(inputs),
            money=_money(inputs) if self.facts.labelled else None,
            decisions=tuple(_share("decision", each.label, inputs) for each in Decision),
            modes=tuple(_share("mode", each.label, inputs) for each in Mode),
            alerts=_alerts(inputs),
            timeline=self._timeline(inputs),
            expectations=tuple(
                show.ExpectationRow(
                    name=each.name,
                    wanted=each.wanted,
                    state=each.state,
                    value=_figures(each.value),
                    note=each.note,
                    samples=each.counted,
                )
                for each in inputs.expectations
            ),
            ledger=inputs.now.ledger,
            skipped_rows=self.facts.skipped_rows,
            figures={name: _figure(name, inputs) for name in SHOWN_METRICS},
        ).showing(*sections(self.facts, self.run_series, inputs))

    def _header(self, inputs: FrameInputs) -> show.Header:
        scenario = self.facts.scenario
        planned_ns = self.facts.planned_ns
        elapsed_s = _elapsed_s(inputs.now)
        return show.Header(
            scenario=scenario.name,
            clock=self.facts.clock,
            state=inputs.state,
            phase=_phase_at(scenario, elapsed_s),
            elapsed_s=elapsed_s,
            planned_s=None if planned_ns is None else planned_ns / NS_PER_S,
            verdict=inputs.verdict,
            seed=scenario.seed,
            model=inputs.now.gauges.model,
            engine=inputs.now.gauges.engine,
            hypothesis=printable(" ".join(scenario.hypothesis.split())),
            warnings=inputs.warnings,
        )

    def _throughput(self, inputs: FrameInputs) -> show.Throughput:
        offered = inputs.now.ledger.offered  # those due at the very start, too, which no window has
        return show.Throughput(
            offered_run_per_s=ratio(offered, inputs.whole.span_s),
            offered=self.run_series.offered.series(),
            achieved=self.run_series.achieved.series(),
            capacity_per_s=self.facts.capacity_per_s,
        )

    def _timeline(self, inputs: FrameInputs) -> show.Timeline:
        scenario, end_s = self.facts.scenario, _elapsed_s(inputs.now)
        played = msgspec.structs.replace(scenario, faults=tuple(inputs.parts.faults.faults))
        spans = phase_spans(scenario)
        phases = tuple(
            show.PhaseSpan(
                name=phase.name,
                start_s=spans[phase.name].start_ns / NS_PER_S,
                end_s=max(end_s, 1.0) if (until := spans[phase.name].end_ns) is None else until / NS_PER_S,
                rate_per_s=self._per_s(phase.rate) or (read("throughput", inputs.whole) or 0.0),
                ramp_to_per_s=self._per_s(phase.ramp_to),
            )
            for phase in scenario.phases
        )
        records = inputs.parts.steps.records()
        faults = tuple(
            _fault(fault, span, record, records)
            for fault, span, record in zip(
                played.faults, fault_spans(played).values(), inputs.parts.faults.records(), strict=True
            )
        )
        steps = tuple(
            show.StepMark(name=step.name, at_s=step.at / NS_PER_S, state=STEP_WORDS[record.state])
            for step, record in zip(inputs.parts.steps.steps, records, strict=True)
        )
        return show.Timeline(phases, faults, steps)

    def _per_s(self, rate: Rate | None) -> float | None:
        return None if rate is None else rate.resolve(self.facts.capacity_per_s or 0.0)


def _fault(fault: Fault, span: Span, record: FaultRecord, steps: Sequence[StepRecord]) -> show.FaultSpan:
    """Return how far a fault has come; a bad model is over as soon as a step has put another one in its place."""
    span_s = show.FaultSpan(
        name=fault.name, start_s=span.start_ns / NS_PER_S, end_s=_end_s(fault, span, record), state=record.state
    )
    since_s, until_s = record.first_effect_at_s, record.lifted_at_s
    since_s = record.injected_at_s if since_s is None else since_s  # rolled back before it had any
    if not fault.releases_model or fault.recurs or since_s is None:
        return span_s
    ends_s = [each.ended_at_s for each in steps if each.state == "done" and each.kind in _MODEL_STEPS]
    in_time_s = (each for each in ends_s if each is not None and since_s <= each < (until_s or math.inf))
    replaced_s = min(in_time_s, default=None)
    return span_s if replaced_s is None else msgspec.structs.replace(span_s, end_s=replaced_s, state="replaced")


def _end_s(fault: Fault, span: Span, record: FaultRecord) -> float | None:
    """Return when a fault ends, or has ended before its time; None for a one-shot."""
    if fault.lift_at is None or span.end_ns is None:
        return None
    planned_s = span.end_ns / NS_PER_S
    over = record.lifted_at_s is not None and record.state == "lifted" and not fault.recurs
    return min(planned_s, record.lifted_at_s or planned_s) if over else planned_s


def _figures(seen: str) -> str:
    """Return what was seen without the names, which the rule beside it has in the same order.

    Example:
        >>> _figures("throughput = 991 /s, offered_rate = 992 /s")
        '991 /s, 992 /s'
    """
    return ", ".join(part.rsplit(" = ", 1)[-1] for part in seen.split(", "))


def _elapsed_s(snapshot: Snapshot) -> float:
    return max(0.0, (snapshot.at_ns - snapshot.started_ns) / NS_PER_S)


def _phase_at(scenario: Scenario, elapsed_s: float) -> str | None:
    for name, span in phase_spans(scenario).items():
        if span.end_ns is None or elapsed_s < span.end_ns / NS_PER_S:
            return name
    return None


def _figure(metric: str, inputs: FrameInputs) -> show.Figure:
    """Return a metric under its own name."""
    return show.Figure(read(metric, inputs.recent), read(metric, inputs.whole))


def _errors(inputs: FrameInputs) -> show.Errors:
    """Return what ended badly, by cause."""
    ledger = inputs.now.ledger
    poison = ledger.dead_letters.get("poison", 0)
    return show.Errors(
        target_ratio=ERROR_TARGET,
        causes=(
            ("default", inputs.now.decided_by_mode[Mode.DEFAULT]),
            ("log failed", ledger.log_failed),
            ("undelivered", ledger.undelivered),
            ("poison", poison),
        ),
        invalid_run_count=ledger.dead_lettered - poison,
        duplicate_run_count=ledger.duplicate,
    )


def _money(inputs: FrameInputs) -> show.MoneyFigures:
    """Return what the labelled decisions were worth."""
    money, now = inputs.quality, inputs.now
    reviews = sum(row[Decision.REVIEW] for row in now.decisions) if money.review_count is None else money.review_count
    return show.MoneyFigures(
        loss=money.loss,
        prevented=money.prevented,
        wrongly_blocked=money.wrongly_blocked,
        wrongly_blocked_run_count=money.wrongly_blocked_count,
        review_run_count=reviews,
        labelled_run_count=money.labelled_count,
        decided_run_count=now.ledger.decided,
    )


def _share(kind: str, label: str, inputs: FrameInputs) -> show.Share:
    """Return a decision's or a mode's share of all decisions."""
    name = f"{kind}.{label}.ratio"
    decisions = inputs.now.decisions
    if kind == "mode":
        count = sum(decisions[Mode[label.upper()]])
    else:
        count = sum(row[Decision[label.upper()]] for row in decisions)
    return show.Share(label, read(name, inputs.recent), read(name, inputs.whole), count)


def _alerts(inputs: FrameInputs) -> tuple[show.AlertRow, ...]:
    """Return where each alert stands."""
    now_ns = inputs.now.at_ns
    return tuple(
        show.AlertRow(
            name=alert.alert,
            state=alert.state,  # type: ignore[arg-type]
            age_s=max(0.0, (now_ns - alert.since_ns) / NS_PER_S),
            severity=alert.severity,
            value=alert.text,
            tells=alert.told,
            acknowledged=alert.acknowledged,
        )
        for alert in inputs.now.alerts
    )
