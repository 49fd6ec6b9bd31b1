"""The summary of a run."""

from typing import Any

import msgspec
import numpy as np
import pytest

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.telemetry.telemetry import Telemetry
from sim.faults.fault import FaultRecord
from sim.judging.judge import Judge
from sim.judging.verdict import OfferedLoad, judge
from sim.outcomes.money import Outcomes
from sim.report.figures import Finished, feature_store_use, summarise
from sim.report.summary import DecisionCounts, FeatureStoreUse, ModeCounts, Summary, summary_schema, summary_text
from sim.scenario.loader import parse
from sim.scenario.timeline import fault_spans
from tests.support.actors.telemetry import decide, gauges, snapshot
from tests.support.repository import ROOT

PROMISED = """
    events_processed fraud_detected actual_fraud latency_p50_ms latency_p95_ms latency_p99_ms latency_mean_ms
    throughput_events_per_sec error_rate model_roc_auc precision_at_recall_70 brier_score avg_prediction prediction_std
    decisions modes ledger business stages alerts expectations verdict exit_code seed clock git versions
"""
SCENARIO = """\
name: drill
phases: [{name: calm, duration: 2s, rate: 10}, {name: late, duration: 2s, rate: 10}]
faults: [{name: down, kind: feature_store_outage, at: 2s, duration: 1s}]
expect: [{name: median, expr: latency.p50 < 10ms}]
"""


def finished() -> Finished:
    """Return a run of 4 s with ten decisions a second, one fraud a second; during the fault all fraud is approved."""
    scenario = parse(SCENARIO, "drill.yaml")
    telemetry, judged = Telemetry(), Judge(scenario)
    snapshots = []
    for second in range(5):
        snapshots.append(snapshot(telemetry, second))
        judged.mark(second * NS_PER_S, snapshots[-1])
        if second < 4:
            decide(telemetry, 10, latency_us=2_000, mode=Mode.REALTIME_ONLY if second == 2 else Mode.FULL)
    seconds = np.repeat(np.arange(4), 10)
    label = np.tile([1, *[0] * 9], 4).astype(np.uint8)
    decision = np.where((label == 1) & (seconds != 2), Decision.BLOCK, Decision.APPROVE).astype(np.uint8)
    outcomes = Outcomes(seconds * NS_PER_S, np.full(40, 50.0), np.where(decision, 0.9, 0.1), decision, label)
    expectations = judged.finish(snapshots[-1], 4 * NS_PER_S)
    faults = [
        FaultRecord(name="down", kind="feature_store_outage", state="lifted", injected_at_s=2.0, touched_count=10)
    ]
    return Finished(
        scenario=scenario,
        fault_spans=fault_spans(scenario),
        first=snapshots[0],
        last=snapshots[-1],
        judge=judged,
        verdict=judge(expectations, faults, OfferedLoad(offered=40, produced=40)),
        expectations=expectations,
        faults=faults,
        outcomes=outcomes,
        model="abc",
        held_out={"roc_auc": 0.97},
        versions={"python": "3.11"},
    )


def test_summary_has_every_promised_key() -> None:
    """Whoever reads a summary finds the same keys in every one."""
    found: dict[str, Any] = msgspec.json.decode(summary_text(summarise(finished())))
    assert [key for key in PROMISED.split() if key not in found] == []
    assert set(found["business"]) >= {"fraud_loss", "fraud_prevented", "false_positive_rate", "review_volume"}
    assert set(found["decisions"]) == {each.label for each in Decision}
    assert set(found["modes"]) == {each.label for each in Mode}


def test_summary_reads_back_equal() -> None:
    """The file holds everything the run knew."""
    summary = summarise(finished())
    assert msgspec.json.decode(summary_text(summary), type=Summary) == summary


def test_figures_are_those_of_the_run() -> None:
    """Counts, latency and rates come from the last snapshot and the outcomes."""
    summary = summarise(finished())
    assert (summary.events_processed, summary.actual_fraud, summary.fraud_detected) == (40, 4, 3)
    assert (summary.latency_p50_ms, summary.throughput_events_per_sec, summary.duration_s) == (2.0, 10.0, 4.0)
    assert summary.modes == ModeCounts(full=30, realtime_only=10)
    assert summary.decisions == DecisionCounts(approve=40)
    assert (summary.verdict, summary.exit_code, summary.ledger.balanced) == ("pass", 0, True)
    assert (summary.model_roc_auc, summary.brier_score) == (0.97, None)
    assert summary.avg_prediction == pytest.approx((3 * 0.9 + 37 * 0.1) / 40)
    assert summary.stages["latency"].count == 40


def test_each_phase_and_fault_has_its_own_figures() -> None:
    """A span counts what arrived in it: the fault's second is degraded and lets its fraud pass."""
    spans = {span.name: span for span in summarise(finished()).spans}
    assert list(spans) == ["calm", "late", "down"]
    assert (spans["down"].kind, spans["down"].start_s, spans["down"].end_s) == ("fault", 2.0, 3.0)
    assert spans["down"].modes == {"realtime_only": 1.0}
    assert (spans["calm"].business.recall, spans["late"].business.recall, spans["down"].business.recall) == (1, 0.5, 0)


def test_summary_says_what_a_fault_cost() -> None:
    """Against the time without a fault it lost all recall, and the amount of its fraud."""
    (cost,) = summarise(finished()).costs
    assert (cost.recall_during, cost.recall_otherwise, cost.recall_lost, cost.money_lost) == (0.0, 1.0, 1.0, 50.0)


def test_books_show_an_equation_that_broke_earlier() -> None:
    """A ledger that balances at the end and did not before has not balanced."""
    telemetry = Telemetry()
    assert snapshot(telemetry, 0).ledger.balanced
    telemetry.ledger.offer(1)
    snapshot(telemetry, 1)
    found = snapshot(telemetry, 2, gauges(unsent=1)).ledger
    assert not found.balanced
    assert found.imbalances == ("offered = unsent + produced: 1 ≠ 0, 1 lost",)


def test_schema_in_the_documentation_is_that_of_the_code() -> None:
    """``docs/summary.schema.json`` is what ``python -m sim schema summary`` prints, and describes the figures."""
    assert (ROOT / "docs" / "summary.schema.json").read_bytes() == summary_schema()
    schema: dict[str, Any] = msgspec.json.decode(summary_schema())
    assert "description" in schema["$defs"]["Business"]["properties"]["fraud_loss"]


def test_summary_says_what_the_feature_store_was_asked() -> None:
    """Look-ups, what the store got of them, and where transactions had their features from instead."""
    telemetry = Telemetry()
    counters = telemetry.counters
    counters.store_lookups, counters.store_errors, counters.store_calls = 10, 4, 11
    counters.store_cached_rows = 2
    telemetry.observe_rows(np.array([Mode.FULL, Mode.STALE, Mode.REALTIME_ONLY], dtype=np.uint8))
    assert feature_store_use(snapshot(telemetry, 1)) == FeatureStoreUse(
        look_ups=10, failed=4, calls=11, calls_per_look_up=1.1, transactions=3, cached=2, stale=1, missing=1
    )
    assert feature_store_use(snapshot(Telemetry(), 1)).calls_per_look_up is None
