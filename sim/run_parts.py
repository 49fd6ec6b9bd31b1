"""What the lifecycle needs of a run that was put together: here, or with its pipeline in other processes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.core.clock import EventTime
from actors.model.artifact import Artifact
from actors.model.serving import ModelSlot
from actors.output.sinks import LineSink
from actors.resilience.breaker import CircuitBreaker
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.snapshot import Gauges
from actors.telemetry.telemetry import Telemetry
from dashboard.panels.workers import WorkerRow
from sim.faults.fault import Fault, FaultRecord, Occurrence
from sim.injection.rate_changes import RateChanges
from sim.journal import Journal
from sim.outcomes.outcome_book import OutcomeBook
from sim.report.summary import StreamFigures
from sim.steps.schedule import AlertSignal
from sim.steps.step import ModelControl, ScenarioStep, StepRecord


class RunningPipeline(Protocol):
    """A pipeline in this process, or workers elsewhere that are seen as one."""

    @property
    def breaker(self) -> CircuitBreaker | None:
        """The feature store's circuit breaker; None where there is none here."""
        ...

    def start(self, start_ns: int) -> None:
        """Start it; intended times count from ``start_ns``, from which all else of the run counts too."""
        ...

    async def finished(self) -> None:
        """Wait until everything the source had is decided.

        Raises:
            EscalationError: it was given up.
        """
        ...

    async def drain(self, *, send_rest: bool = False) -> int:
        """Take nothing new, finish what was accepted, within the drain timeout.

        Args:
            send_rest: whether what is due and unsent is accepted too, as at the planned end of a run.

        Returns:
            How many were decided by default.
        """
        ...

    async def abandon(self) -> int:
        """Stop it where it is; return how many were decided by default."""
        ...


class Background(Protocol):
    """Something that goes on for as long as a run."""

    async def run(self) -> None:
        """Go on until there is no more to do, or cancelled."""
        ...


class RunEventTime(EventTime, Protocol):
    """Event time that a run begins."""

    def begin(self, start_ns: int) -> None:
        """Take that the run begins at ``start_ns`` on its clock."""
        ...


class RunFaults(Background, Protocol):
    """The faults of a run."""

    @property
    def faults(self) -> Sequence[Fault]:
        """All of them, those put in by hand the last."""
        ...

    def lift_all(self) -> None:
        """Lift every fault that is in."""
        ...

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each did so far, in the order of the scenario."""
        ...

    def wrap_file(self, lines: LineSink) -> LineSink:
        """Return a file of the run with the faults of the disk around it."""
        ...


class ChangeableFaults(Protocol):
    """The faults of a run that someone may change while it goes on. Instants are ns since it began."""

    @property
    def rate_changes(self) -> RateChanges | None:
        """What changes the rate of the traffic; None where nothing can."""
        ...

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each did so far, those by hand the last."""
        ...

    def played(self) -> Iterator[tuple[Fault, tuple[Occurrence, ...] | None]]:
        """Yield each with its injections as hands have left them, None where they came as the scenario says."""
        ...

    def next_ns(self, kind: type[Fault]) -> int:
        """Return from when on a fault of ``kind`` can be in, in whole ms."""
        ...

    def next_of_traffic_ns(self) -> int:
        """Return from when on the traffic can be changed, in whole ms."""
        ...

    def add(self, fault: Fault) -> None:
        """Take one more, which begins no earlier than `next_ns` said."""
        ...

    def lift_now(self, name: str) -> int | None:
        """Lift the one called ``name`` as soon as it can be; return when, None if it is not in."""
        ...


class RunSteps(Background, Protocol):
    """The steps of a run."""

    @property
    def alert_signal(self) -> AlertSignal:
        """Tells them which alerts are firing."""
        ...

    @property
    def steps(self) -> tuple[ScenarioStep, ...]:
        """All of them, those taken by hand the last."""
        ...

    def add(self, step: ScenarioStep, candidate: Path | None = None) -> None:
        """Take one more step now, which brings the model in ``candidate``, if any."""
        ...

    def end(self, name: str, at_ns: int) -> None:
        """Write down at ``at_ns`` that what a step changed for a while is as planned again, sooner than it says."""
        ...

    def stop(self) -> None:
        """Give up what was begun by hand and has not ended."""
        ...

    def records(self) -> tuple[StepRecord, ...]:
        """Return what came of each so far, in the order of the scenario."""
        ...


class RunModel(ModelControl, Protocol):
    """The model of a run, and where it is changed."""

    @property
    def serving(self) -> Artifact:
        """The model that serves now."""
        ...


class RunParts(Protocol):
    """A run put together: what moves, what watches it, what is written."""

    @property
    def telemetry(self) -> Telemetry:
        """Where everything counts."""
        ...

    @property
    def journal(self) -> Journal:
        """What happened."""
        ...

    @property
    def book(self) -> OutcomeBook:
        """Every decision with its truth."""
        ...

    @property
    def event_time(self) -> EventTime:
        """When it is, for transactions."""
        ...

    @property
    def refresher(self) -> Background:
        """Recomputes the batch tier; only needed where the run is ``paced``."""
        ...

    @property
    def paced(self) -> bool:
        """Whether event time passes with the run's clock."""
        ...

    @property
    def faults(self) -> RunFaults:
        """Its faults."""
        ...

    @property
    def by_hand(self) -> ChangeableFaults | None:
        """Where faults are put in and out by hand; None where that cannot be done."""
        ...

    @property
    def steps(self) -> RunSteps:
        """Its steps."""
        ...

    @property
    def slot(self) -> ModelSlot:
        """The serving model as it is shown."""
        ...

    @property
    def model_changes(self) -> RunModel:
        """Where the model is changed."""
        ...

    @property
    def pipeline(self) -> RunningPipeline:
        """What decides."""
        ...

    @property
    def output(self) -> AppendOnlyFile:
        """The decision log."""
        ...

    @property
    def dead_letters(self) -> DeadLetterFile:
        """What could not be handled."""
        ...

    @property
    def undelivered(self) -> AppendOnlyFile:
        """What could not be delivered."""
        ...

    def gauges(self) -> Gauges:
        """Read what can only be read at an instant."""
        ...

    def alert_rules(self, factor: float) -> Sequence[AlertRule]:
        """Return built-in rules that such a run has beyond those of every run; ``factor`` scales their waits."""
        ...

    def worker_rows(self) -> tuple[WorkerRow, ...]:
        """Return what the screen shows of each worker; () where the pipeline is in this process."""
        ...

    def stream_figures(self) -> StreamFigures | None:
        """Return what the summary says of the stream; None without one."""
        ...

    def shortfalls(self) -> tuple[str, ...]:
        """Return a line for each file that could not take everything that was meant for it."""
        ...

    def remarks(self) -> tuple[str, ...]:
        """Return a line for each thing that whoever reads the summary should know, files apart."""
        ...

    def failures(self) -> tuple[str, ...]:
        """Return a line for each promise of the run itself that was broken: any fails it."""
        ...

    def begin(self, start_ns: int) -> None:
        """Count the run's time from ``start_ns``."""
        ...

    def put_away(self) -> None:
        """Move what is final to files."""
        ...

    def close(self) -> None:
        """Close the files, and let nothing live on."""
        ...
