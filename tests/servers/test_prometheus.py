"""A real Prometheus reads a run, and answers with the figures of its summary; promtool is content with the rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from actors.telemetry.histogram_counts import HIGHEST_US
from sim.cli import main
from sim.exports.dashboard import document
from sim.metrics_endpoint.buckets import BOUNDS_S
from sim.report.summary import Summary, read_summary
from sim.servers.process import LOOPBACK, free_port
from tests.support.prometheus import Prometheus
from tests.support.sim.stream_commands import Command

DRILL = """\
version: 1
name: scraped
seed: 11
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05}
phases:
  - {name: calm,     duration: 4s, rate: 150}
  - {name: trouble,  duration: 4s, rate: 150}
  - {name: recovery, duration: 4s, rate: 150}
faults:
  - {name: store-down, kind: feature_store_outage, at: 4s, duration: 3s}
alerts:
  - {alert: Degraded, expr: "mode.realtime_only.ratio > 5%", severity: ticket}
expect:
  - {name: books, expr: "ledger.balanced == 1"}
"""
KEPT = "10m"  # how far back figures are asked for: those of an endpoint that has gone are stale
EMPTY = {  # panels of what did not happen in the drill, or is not measured in such a run
    "Dead letters",
    "Servers silent",
    "Drift of each feature (PSI)",
}


@dataclass
class Scraped:
    """A run that a Prometheus has read to its end."""

    prometheus: Prometheus
    summary: Summary
    said: str
    target: str


def scraped(folder: Path, clock: str, model: Path) -> Scraped:
    """Run the drill, read by a Prometheus that evaluates its alerts."""
    scenario, rules = folder / "scraped.yaml", folder / "rules.yaml"
    scenario.write_text(DRILL)
    assert main(["export", "prometheus", str(scenario), "-o", str(rules)]) == 0
    target = f"{LOOPBACK}:{free_port()}"
    prometheus = Prometheus(folder, [target], rules)
    run = ("run", str(scenario), "--clock", clock, "--model", str(model), "--tui", "off", "--out", str(folder / "run"))
    code, _, said = Command((*run, "--metrics-addr", target)).ended(240.0)
    assert code in {0, 3, 99}, said
    return Scraped(prometheus, read_summary(folder / "run"), said, target)


@pytest.fixture(scope="module", params=["real", "virtual"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, world_model: Path
) -> Iterator[Scraped]:
    """Return the drill on either clock."""
    found = scraped(tmp_path_factory.mktemp("scraped"), request.param, world_model)
    yield found
    found.prometheus.stop()


def test_prometheus_answers_with_the_figures_of_the_summary(run: Scraped) -> None:
    """Its last reading is the end of the run: ledger, decisions, times, money, all to the last digit."""
    summary, ledger, worth = run.summary, run.summary.ledger, run.summary.business

    def last(series: str) -> float | None:
        return run.prometheus.value(f"sum(last_over_time({series}[{KEPT}]))")

    for series, figure in {
        "riskdrill_transactions_due_total": ledger.offered,
        "riskdrill_transactions_sent_total": ledger.produced,
        "riskdrill_decisions_total": ledger.decided,
        "riskdrill_logged_total": ledger.logged,
        "riskdrill_delivered_total": ledger.delivered,
        "riskdrill_feature_store_missing_total": summary.feature_store.missing,
        'riskdrill_decisions_total{mode="realtime_only"}': summary.modes.realtime_only,
        'riskdrill_decisions_total{decision="block"}': summary.decisions.block,
        "riskdrill_fraud_loss": worth.fraud_loss,
        f'riskdrill_verdict{{verdict="{summary.verdict}"}}': 1.0,
    }.items():
        assert last(series) == figure, series
    for stage, times in summary.stages.items():
        assert (last(f'riskdrill_stage_seconds_count{{stage="{stage}"}}') or 0) == times.count
        if times.mean_ms is not None:
            total_s = last(f'riskdrill_stage_seconds_sum{{stage="{stage}"}}')
            assert total_s == pytest.approx(times.mean_ms * times.count / 1e3, rel=1e-9)


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_a_quantile_of_prometheus_is_in_the_bucket_of_our_percentile(run: Scraped, percent: int) -> None:
    """It guesses within a bucket, and never leaves it."""
    buckets = f'last_over_time(riskdrill_stage_seconds_bucket{{stage="latency"}}[{KEPT}])'
    guess_s = run.prometheus.value(f"histogram_quantile({percent / 100}, sum by (le) ({buckets}))")
    exact_ms = getattr(run.summary, f"latency_p{percent}_ms")
    bounds = (0.0, *BOUNDS_S, HIGHEST_US / 1e6)
    low, high = next((low, high) for low, high in pairwise(bounds) if exact_ms / 1e3 <= high)
    assert guess_s is not None
    assert low <= guess_s <= high


def test_faults_and_phases_are_seen_as_they_come_and_go(run: Scraped) -> None:
    """What a dashboard marks; on the virtual clock the whole drill may lie between two readings."""
    last = run.prometheus.get("query", query=f"last_over_time(riskdrill_fault_active[{KEPT}])")["result"]
    assert [(each["metric"]["fault"], each["value"][1]) for each in last] == [("store-down", "0")]
    if run.summary.clock == "real":
        assert run.prometheus.value(f"max_over_time(riskdrill_fault_active[{KEPT}])") == 1.0


def test_prometheus_evaluates_each_rule(run: Scraped) -> None:
    """No rule of the file is in error, and each is evaluated."""
    (group,) = run.prometheus.get("rules")["groups"]
    assert {rule["name"]: rule["health"] for rule in group["rules"] if rule["health"] != "ok"} == {}
    assert "Degraded" in {rule["name"] for rule in group["rules"]}


def test_each_query_of_the_dashboard_has_an_answer(run: Scraped) -> None:
    """Prometheus understands all of them, and those of what happened in the drill have figures."""
    if run.summary.clock == "virtual":
        pytest.skip("too few readings: the drill takes a moment")
    at = run.prometheus.get("query", query="time()")["result"][0]
    around: dict[str, object] = {"start": float(at) - 300, "end": float(at), "step": 1}
    empty = set()
    for panel in document()["panels"]:
        for target in panel.get("targets", ()):
            query = _chosen(target["expr"])
            if not run.prometheus.get("query_range", query=query, **around)["result"]:
                empty.add(panel["title"])
    for mark in document()["annotations"]["list"]:
        assert run.prometheus.get("query_range", query=_chosen(mark["expr"]), **around)["result"]
    assert empty <= EMPTY


def _chosen(query: str) -> str:
    """Return a query of the dashboard with its variables put in, as Grafana does."""
    for name, value in {"$__rate_interval": "4s", "$instance": ".*", "$job": "riskdrill"}.items():
        query = query.replace(name, value)
    return query
