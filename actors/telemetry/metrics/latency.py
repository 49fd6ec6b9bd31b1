"""How long each stage takes."""

from collections.abc import Iterator

from actors.telemetry.metrics.metric import Metric, Read
from actors.telemetry.stages import Stage
from actors.telemetry.units import Unit

PERCENTS = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "p99_9": 99.9}

_WHAT = {
    Stage.LATENESS: "sendings, from the intended arrival",
    Stage.ASSEMBLER_WAITING: "waits for the assembler",
    Stage.PARSE: "parsings",
    Stage.STORE: "feature-store look-ups",
    Stage.FEATURES: "feature computations",
    Stage.SCORER_WAITING: "waits for the scorer",
    Stage.INFERENCE: "inferences",
    Stage.DECIDE: "decisions by threshold or rule",
    Stage.LOGGER_WAITING: "waits for the logger",
    Stage.LOG: "log writes",
    Stage.LATENCY: "transactions, from intended arrival to decision",
    Stage.LOGGED: "transactions, from decision to log line",
}


def prefix(stage: Stage) -> str:
    """Return what the names of the stage's metrics begin with."""
    return "lateness" if stage is Stage.LATENESS else stage.value


def latency_metrics() -> Iterator[Metric]:
    """Yield percentiles, mean and maximum of every stage."""
    for stage in Stage:
        yield from _metrics_of(stage)


def _metrics_of(stage: Stage) -> Iterator[Metric]:
    name, what = prefix(stage), _WHAT[stage]
    for word, percent in PERCENTS.items():
        at_most = f"{percent:g} % of {what} took at most this"
        yield Metric(f"{name}.{word}", Unit.US, at_most, _at(stage, percent), percent=percent, stage=stage)
    yield Metric(f"{name}.mean", Unit.US, f"mean of {what}", lambda window: window.latency(stage).mean_us, stage=stage)
    yield Metric(f"{name}.max", Unit.US, f"longest of {what}", lambda window: window.latency(stage).max_us, stage=stage)


def _at(stage: Stage, percent: float) -> Read:
    return lambda window: window.latency(stage).percentile_us(percent)
