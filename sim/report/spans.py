"""The figures of each phase and fault, and what each fault cost."""

from collections.abc import Mapping

import numpy as np

from actors.clock import NS_PER_S
from actors.messages import Mode
from actors.telemetry.catalogue import read
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window
from sim.expectations.windows import Windows
from sim.money import Business, Outcomes, business
from sim.quality import live_quality
from sim.report.summary import FaultCost, SpanFigures
from sim.report.times import at_least, times_in_ms
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Span, fault_spans, phase_spans


def span_figures(scenario: Scenario, windows: Windows, outcomes: Outcomes) -> tuple[SpanFigures, ...]:
    """Return the figures of each phase, then of each fault, that the run came to."""
    named: list[tuple[str, Mapping[str, Span]]] = [("phase", phase_spans(scenario)), ("fault", fault_spans(scenario))]
    return tuple(
        _figures(name, kind, span, window, outcomes.during(span.start_ns, span.end_ns))
        for kind, spans in named
        for name, span in spans.items()
        if (window := windows.over(span)) is not None
    )


def _figures(name: str, kind: str, span: Span, window: Window, outcomes: Outcomes) -> SpanFigures:
    latency = times_in_ms(window.latency(Stage.LATENCY))
    ratios = {mode.label: read(f"mode.{mode.label}.ratio", window) for mode in Mode}
    return SpanFigures(
        name=name,
        kind="fault" if kind == "fault" else "phase",
        start_s=span.start_ns / NS_PER_S,
        end_s=None if span.end_ns is None else span.end_ns / NS_PER_S,
        offered_per_s=read("offered_rate", window),
        throughput_per_s=read("throughput", window),
        latency_p50_ms=latency["p50_ms"],
        latency_p95_ms=latency["p95_ms"],
        latency_p99_ms=latency["p99_ms"],
        latency_max_ms=latency["max_ms"],
        at_least=tuple(f"latency_{key}" for key in at_least(latency) if key != "p99_9_ms"),
        error_rate=read("error_ratio", window),
        modes={mode: ratio for mode, ratio in ratios.items() if ratio},
        business=business(outcomes),
        quality=live_quality(outcomes),
    )


def fault_costs(scenario: Scenario, outcomes: Outcomes) -> tuple[FaultCost, ...]:
    """Return what each fault cost, against the transactions that arrived while no fault was in."""
    spans = fault_spans(scenario)
    calm = np.ones(len(outcomes), dtype=np.bool_)
    for span in spans.values():
        calm &= (outcomes.arrival_ns < span.start_ns) | (outcomes.arrival_ns >= (span.end_ns or np.inf))
    otherwise = business(outcomes, calm)
    return tuple(
        _cost(name, business(outcomes.during(span.start_ns, span.end_ns)), otherwise) for name, span in spans.items()
    )


def _cost(name: str, during: Business, otherwise: Business) -> FaultCost:
    lost = None if during.recall is None or otherwise.recall is None else otherwise.recall - during.recall
    return FaultCost(
        fault=name,
        recall_during=during.recall,
        recall_otherwise=otherwise.recall,
        recall_lost=lost,
        money_lost=_money_lost(during, otherwise),
    )


def _money_lost(during: Business, otherwise: Business) -> float | None:
    if not during.fraud_amount or not otherwise.fraud_amount:
        return None
    stopped = otherwise.fraud_prevented / otherwise.fraud_amount
    return stopped * during.fraud_amount - during.fraud_prevented
