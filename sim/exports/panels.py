"""What stands on the dashboard, in the order of docs/monitoring.md: promises, alerts, then the metrics by subject.

A panel names metrics of the catalogue, and reads them as rules do; or it shows each value of a series' label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from actors.telemetry.metrics.alerts import FIRING
from actors.telemetry.metrics.catalogue import METRICS
from actors.telemetry.metrics.feature_store import BREAKER
from actors.telemetry.metrics.flow import DEAD_LETTERS, DECIDED, ERRORS
from actors.telemetry.metrics.latency import STAGES
from actors.telemetry.metrics.metric import Dimension, Unit
from actors.telemetry.metrics.model import PSI_OF_EACH
from actors.telemetry.metrics.saturation import ACTORS, BLOCKED, BUSY, DEPTH, FILL
from actors.telemetry.metrics.series import Level, Total
from actors.telemetry.stages import BUDGET_P50_US, TARGET_P95_US, Stage
from sim.exports.promql import INTERVAL, Translation

ONLY: Final = 'job=~"$job",instance=~"$instance"'


@dataclass(frozen=True, slots=True)
class Query:
    """A line of a panel: what is asked, and what the line is called."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture of the dashboard.

    Attributes:
        kind: ``timeseries``, ``state-timeline`` or ``heatmap``.
        unit: as Grafana calls it.
        limit: what is promised, in that unit; None where nothing is.
        stacked: whether lines lie on each other, as shares of a whole.
    """

    title: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    unit: str = "short"
    limit: float | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


_UNITS: Final = {Unit.RATIO: "percentunit", Unit.PER_S: "ops", Unit.MULTIPLE: "none", Unit.SCORE: "none"}
_DIMENSIONS: Final = {Dimension.TIME: "s", Dimension.SIZE: "decbytes"}


def of_metrics(title: str, *names: str, limit: float | None = None, stacked: bool = False) -> Panel:
    """Return the panel of metrics of one unit, a line each for each process."""
    metrics = [METRICS[name] for name in names]
    unit = metrics[0].unit
    shown = _UNITS.get(unit) or _DIMENSIONS.get(unit.dimension) or "short"
    asked = Translation(INTERVAL, ONLY)
    queries = tuple(Query(asked.metric(each), f"{each.name} {{{{instance}}}}") for each in metrics)
    return Panel(title, queries, unit=shown, limit=limit, stacked=stacked)


def rates(title: str, total: Total, label: str, unit: str = "ops", *, stacked: bool = False) -> Panel:
    """Return the panel of a count's rates, a line for each value of ``label``."""
    query = f"sum by ({label}) (rate({total.series.name}{{{ONLY}}}[{INTERVAL}]))"
    return Panel(title, (Query(query, f"{{{{{label}}}}}"),), unit=unit, stacked=stacked)


def readings(title: str, level: Level, label: str, unit: str = "short", kind: str = "timeseries") -> Panel:
    """Return the panel of a reading, a line for each value of ``label``."""
    query = f"max by ({label}) ({level.series.name}{{{ONLY}}})"
    return Panel(title, (Query(query, f"{{{{{label}}}}}"),), kind=kind, unit=unit)


def _stages() -> Panel:
    name = f"{STAGES.name}_bucket"
    query = f"histogram_quantile(0.95, sum by (stage, le) (rate({name}{{{ONLY}}}[{INTERVAL}])))"
    return Panel("p95 of each stage", (Query(query, "{{stage}}"),), unit="s")


def _spread() -> Panel:
    query = f'sum by (le) (increase({STAGES.name}_bucket{{{ONLY},stage="{Stage.LATENCY}"}}[{INTERVAL}]))'
    return Panel("Latency, all of it", (Query(query, "{{le}}"),), kind="heatmap", unit="s")


def _s(times_us: int) -> float:
    return times_us / 1e6


def layout() -> Sequence[Row]:
    """Return the rows of the dashboard."""
    return (
        Row(
            "Promises",
            (
                of_metrics("Latency, median", "latency.p50", limit=_s(BUDGET_P50_US[Stage.LATENCY])),
                of_metrics("Latency, tail", "latency.p95", limit=_s(TARGET_P95_US[Stage.LATENCY])),
                of_metrics("Error rate", "error_ratio", limit=0.001),
                of_metrics("Offered and decided", "offered_rate", "throughput"),
                of_metrics("Memory", "memory_mb"),
                of_metrics("Ledger balanced", "ledger.balanced"),
            ),
        ),
        Row(
            "Alerts",
            (
                readings("Firing", FIRING, "alert", kind="state-timeline"),
                of_metrics("Error budget, burn rate", "error_budget.burn_rate"),
                of_metrics("False alarms and flaps", "alerts.false", "alerts.flaps"),
            ),
        ),
        Row(
            "Traffic and decisions",
            (
                rates("Decisions", DECIDED, "decision", stacked=True),
                rates("Modes", DECIDED, "mode", stacked=True),
                of_metrics("Sent and scored, of those due", "sent_ratio", "volume_ratio"),
                of_metrics("Shed and degraded", "shed_ratio", "degraded_ratio"),
                rates("Errors", ERRORS, "cause"),
                rates("Dead letters", DEAD_LETTERS, "reason"),
                of_metrics("Duplicates", "duplicate_ratio"),
                of_metrics("On their way out", "awaiting_delivery", "awaiting_log"),
            ),
        ),
        Row(
            "Latency",
            (
                of_metrics("Percentiles", "latency.p50", "latency.p95", "latency.p99", "latency.p99_9", "latency.mean"),
                _stages(),
                _spread(),
                of_metrics("Lateness of sending", "lateness.p50", "lateness.p99"),
            ),
        ),
        Row(
            "Feature store",
            (
                of_metrics("Look-ups", "feature_store.p50", "feature_store.p95", limit=_s(5_000)),
                of_metrics(
                    "Failed, missing, stale, cached",
                    *(f"feature_store.{each}_ratio" for each in ("error", "miss", "stale", "cached")),
                ),
                of_metrics("Calls for each look-up", "feature_store.calls_per_lookup"),
                readings("Breaker", BREAKER, "state", kind="state-timeline"),
                of_metrics("Age of batch features", "feature_store.age_s"),
                of_metrics("Windows refused", "windows.error_ratio"),
            ),
        ),
        Row(
            "Saturation",
            (
                readings("Mailboxes, depth", DEPTH, "mailbox"),
                readings("Mailboxes, of their capacity", FILL, "mailbox", "percentunit"),
                rates("Senders blocked", BLOCKED, "mailbox", "percentunit"),
                rates("Actors busy", BUSY, "actor", "percentunit"),
                of_metrics("Batches", *(f"actor.{each}.batch_size" for each in ACTORS[1:])),
                of_metrics("Restarts", "restarts"),
                of_metrics("Garbage collection", "gc.pause_ratio"),
            ),
        ),
        Row(
            "Model",
            (
                of_metrics("Mean score", "score.mean"),
                of_metrics("Distance from training", "score.shift", "score.near_half_ratio"),
                readings("Drift of each feature (PSI)", PSI_OF_EACH, "feature", "none"),
                of_metrics("Errors, swaps, refusals", "model.errors", "model.swaps", "model.refusals"),
            ),
        ),
        Row(
            "Quality and money",
            (
                of_metrics("Fraud stopped, of all; fraud, of what was stopped", "recall", "precision"),
                of_metrics("Blocked by mistake", "false_positive_rate"),
                of_metrics("Scores against labels", "live_roc_auc", "live_ks", "calibration_error"),
                of_metrics("Money", "fraud_loss", "fraud_prevented", "wrongly_blocked"),
            ),
        ),
        Row("Stream", (of_metrics("Servers silent", "stream.kafka_silent_s", "stream.redis_silent_s"),)),
    )
