"""How long each stage takes."""

from collections.abc import Iterator
from functools import partial

from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.metrics.metric import Metric, Read, Unit
from actors.telemetry.metrics.series import PREFIX, Histogram
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window

_ALSO = {  # for the times of a whole transaction, which are meant where no stage is named
    "p50": "median latency_median latency_p50_ms med response_time latency",
    "p95": "latency_p95_ms percentile95 response_time_p95 tail",
    "p99": "latency_p99_ms percentile99 response_time_p99",
    "p99_9": "p999 latency_p999",
    "mean": "avg average latency_avg latency_average latency_mean_ms",
    "max": "maximum latency_maximum worst longest latency_max_ms",
}

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
    Stage.LOG: "times to deliver and log a batch",
    Stage.LATENCY: "transactions, from intended arrival to decision",
    Stage.LOGGED: "transactions, from decision to the log's buffer",
    Stage.COMMITTED: "transactions on a stream, from intended arrival to where a reader sees the decision committed",
}


def prefix(stage: Stage) -> str:
    """Return what the names of the stage's metrics begin with."""
    return "lateness" if stage is Stage.LATENESS else stage.value


def _of_each_stage(snapshot: Snapshot) -> Iterator[tuple[tuple[str, ...], HistogramCounts]]:
    for stage, counts in snapshot.stages.items():
        yield (stage,), counts


STAGES = Histogram(
    f"{PREFIX}stage_seconds",
    "seconds",
    "time that each stage took; stage latency is from the intended arrival to the decision",
    ("stage",),
    _of_each_stage,
)


def latency_metrics() -> Iterator[Metric]:
    """Yield percentiles, mean and maximum of every stage."""
    for stage in Stage:
        yield from _metrics_of(stage)


def _metrics_of(stage: Stage) -> Iterator[Metric]:
    name, what = prefix(stage), _WHAT[stage]
    for word, percent in PERCENTS.items():
        at_most = f"{percent:g} % of {what} took at most this"
        also = _also(stage, word)
        yield Metric(f"{name}.{word}", Unit.US, at_most, _at(stage, percent), percent=percent, stage=stage, also=also)
    for word, figure, read in (("mean", "mean", _mean), ("max", "longest", _max)):
        of = f"{figure} of {what}"
        yield Metric(f"{name}.{word}", Unit.US, of, partial(read, stage), stage=stage, also=_also(stage, word))


def _also(stage: Stage, word: str) -> str:
    return f"{word} {_ALSO[word]}" if stage is Stage.LATENCY else ""


def _mean(stage: Stage, window: Window) -> float | None:
    return window.latency(stage).mean_us


def _max(stage: Stage, window: Window) -> float | None:
    return window.latency(stage).max_us


def _at(stage: Stage, percent: float) -> Read:
    return lambda window: window.latency(stage).percentile_us(percent)
