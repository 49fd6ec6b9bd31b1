"""The series of a run as a whole: which one it is, how far it is, which phases and faults are on, how it ended."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from actors.telemetry.metrics.series import PREFIX, Sample, Series
from sim.metrics_endpoint.reading import Identity, Reading

STATES: Final = ("idle", "starting", "running", "draining", "ended")
VERDICTS: Final = ("pass", "fail", "inconclusive")


@dataclass(frozen=True, slots=True)
class RunGauge(Series):
    """A reading of a run, beside those of its snapshot."""

    read: Callable[[Reading], Iterable[Sample]]


def _build(reading: Reading) -> Iterator[Sample]:
    yield (reading.identity.version, reading.identity.commit), 1


def _run(reading: Reading) -> Iterator[Sample]:
    who = reading.identity
    if who != Identity(version=who.version, commit=who.commit):
        yield (who.scenario, str(who.seed), who.clock, who.run, who.worker), 1


def _model(reading: Reading) -> Iterator[Sample]:
    if reading.snapshot is not None:
        yield (reading.snapshot.gauges.model, reading.snapshot.gauges.engine), 1


def _elapsed(reading: Reading) -> Iterator[Sample]:
    if reading.snapshot is not None:
        yield (), reading.elapsed_s


def _workers(reading: Reading) -> Iterator[Sample]:
    if reading.workers is not None:
        yield (), reading.workers


def one_of(words: Iterable[str], now: str) -> Iterator[Sample]:
    """Yield a sample for each of ``words``: 1 for the one that holds ``now``, 0 for the others."""
    for word in words:
        yield (word,), float(word == now)


def _gauge(name: str, text: str, labels: tuple[str, ...], read: Callable[[Reading], Iterable[Sample]]) -> RunGauge:
    return RunGauge(f"{PREFIX}{name}", "", text, labels, read)


BUILD_INFO: Final = _gauge("build_info", "always 1; the version that runs", ("version", "commit"), _build)
RUN_INFO: Final = _gauge(
    "run_info",
    "always 1; the run: its scenario, seed and clock; on a stream its id, and which worker tells this",
    ("scenario", "seed", "clock", "run", "worker"),
    _run,
)
PHASE_ACTIVE: Final = _gauge(
    "phase_active",
    "1 while the phase of the scenario lasts, else 0",
    ("phase",),
    lambda r: (((each.name,), float(each.on)) for each in r.phases),
)
FAULT_ACTIVE: Final = _gauge(
    "fault_active",
    "1 while the fault is in, else 0",
    ("fault", "kind"),
    lambda r: (((each.name, each.kind), float(each.on)) for each in r.faults),
)
RUN_SERIES: Final = (
    BUILD_INFO,
    RUN_INFO,
    _gauge("model_info", "always 1; the model that serves, and what scores with it", ("model", "engine"), _model),
    _gauge("run_state", "1 for what the run is doing, else 0", ("state",), lambda r: one_of(STATES, r.state)),
    RunGauge(f"{PREFIX}run_seconds", "seconds", "how long the run has gone on, on its clock", (), _elapsed),
    PHASE_ACTIVE,
    FAULT_ACTIVE,
    _gauge(
        "verdict",
        "1 for how the run has ended, else 0; there once it has",
        ("verdict",),
        lambda r: one_of(VERDICTS, r.verdict) if r.verdict else (),
    ),
    _gauge("workers", "workers that take part in the run, on a stream", (), _workers),
)
