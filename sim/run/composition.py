"""One run put together: a pipeline in its surroundings, what watches it, what a caller attaches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from actors.actor import Hooks
from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.core.arrays import Column
from actors.core.clock import US_PER_S, Clock, EventTime, ScaledEventTime, WatermarkEventTime
from actors.core.work import Work
from actors.features.history import History
from actors.features.refresh import Refreshed, Refresher, RefreshFailed
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification, Verification
from actors.model.warm_state import WarmState
from actors.output.decision_log import BufferedLog
from actors.output.sinks import DecisionSink
from actors.pipeline import Pipeline, Surroundings
from actors.telemetry.alerts.engine import AlertEngine
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.snapshot import Gauges
from actors.telemetry.telemetry import Telemetry
from dashboard.panels.workers import WorkerRow
from sim.chance import Streams
from sim.clocks.modelled_waits import ModelledVerification
from sim.injection.open_run import OpenRun
from sim.injection.rate_changes import RateChanges
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.lookahead.wrapped_ports import Lookahead, with_lookahead, without_lookahead
from sim.metrics_endpoint.told import Readers
from sim.outcomes.mapped_arrays import ArrayStore
from sim.outcomes.outcome_book import OutcomeBook
from sim.replay.traffic import PointInTimeFeed
from sim.report.run_folder import DEAD_LETTERS, DECISIONS, UNDELIVERED
from sim.run.machine import Machine
from sim.run.plan import Plan, SyntheticLoad
from sim.run.serving import model_slot, serve
from sim.run.source import DelayedLabels, FeedSource
from sim.run.warm_state import warm_state
from sim.scenario.pipeline import on_servers
from sim.scenario.problems import LateProblemError
from sim.steps.model_changes import ModelChanges
from sim.steps.registry import RateChange
from sim.steps.schedule import AlertSignal, StepSchedule


def _plain(book: OutcomeBook) -> DecisionSink:
    return book


def _as_it_is(_: Pipeline) -> None:
    """Leave the pipeline as it is."""


def _same(work: Work, _: Clock) -> Work:
    return work


def _unrecorded(_: AlertEngine) -> None:
    """Record nothing."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """What a caller adds to one run, to record, alter or slow it; by default nothing.

    Attributes:
        sink: given the book that takes the decisions, returns what they are delivered to; it must pass them on.
        alter: given the pipeline before it starts; for tests that plant a mistake.
        work: given what lets the time of computing pass, and the clock, returns what the actors are given; it must
            let it pass too.
        alerts: given the alert rules before the run, to record what they read.
        readers: are told how the run is, for other systems; None where none looks in.
    """

    sink: Callable[[OutcomeBook], DecisionSink] = _plain
    alter: Callable[[Pipeline], None] = _as_it_is
    work: Callable[[Work, Clock], Work] = _same
    alerts: Callable[[AlertEngine], None] = _unrecorded
    readers: Readers | None = None


NO_ATTACHMENTS = Attachments()


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a lifecycle runs and watches.

    Attributes:
        refresher: recomputes the batch tier; its task is needed only where event time passes by itself.
        paced: whether event time passes with the run's clock.
        output: the decision log.
        model_changes: where the serving model is changed.
        steps: of the scenario.
        labels: those that wait.
        array_store: where arrays lie that grow with the run.
    """

    telemetry: Telemetry
    journal: Journal
    source: FeedSource
    book: OutcomeBook
    event_time: EventTime
    warm: WarmState
    refresher: Refresher
    paced: bool
    faults: FaultSchedule
    slot: ModelSlot
    pipeline: Pipeline
    output: AppendOnlyFile
    dead_letters: DeadLetterFile
    model_changes: ModelChanges
    steps: StepSchedule
    undelivered: AppendOnlyFile
    labels: DelayedLabels
    array_store: ArrayStore

    def gauges(self) -> Gauges:
        """Read the pipeline's gauges and the age of its batch features."""
        computed_us = self.warm.store.newest_computed_us()
        age_s = (self.event_time.now_us() - computed_us) / US_PER_S
        model = self.slot.current
        return self.pipeline.gauges(age_s, model.digest, model.engine.kind)

    def alert_rules(self, _factor: float) -> tuple[AlertRule, ...]:
        """Return none: every run has the built-in ones."""
        return ()

    def worker_rows(self) -> tuple[WorkerRow, ...]:
        """Return none: the pipeline is in this process."""
        return ()

    @property
    def by_hand(self) -> FaultSchedule | None:
        """Where faults are put in and out by hand; None of a run that nobody may change."""
        return self.faults if self.faults.is_open else None

    def stream_figures(self) -> None:
        """Return None: there is no stream."""

    def shortfalls(self) -> tuple[str, ...]:
        """Return a line for each of the pipeline's files that could not take everything."""
        return tuple(self._unwritten())

    def _unwritten(self) -> Iterator[str]:
        pipeline = self.pipeline
        if count := self.telemetry.ledger.log_failed_count:
            why = pipeline.logger.log.failure.text or "they crashed the logger"
            yield f"{DECISIONS}: {count:,} decisions were counted, not logged: {why}"
        if count := self.dead_letters.unkept_count + pipeline.dead_letters.unkept_count:
            yield f"{DEAD_LETTERS}: {count:,} dead letters were counted, not kept"
        if count := pipeline.retries.unkept_count:
            yield f"{UNDELIVERED}: {count:,} undelivered decisions were counted, not kept"

    def remarks(self) -> tuple[str, ...]:
        """Return how the first delivery failed, if any did."""
        failure = self.pipeline.logger.delivery_failure.text
        count = self.telemetry.ledger.undelivered_count
        lost = f"deliveries failed, the first with: {failure}; {count:,} decisions were given up in the end"
        return (lost,) if failure else ()

    def failures(self) -> tuple[str, ...]:
        """Return none: what must hold here the ledger says."""
        return ()

    def begin(self, start_ns: int) -> None:
        """Count the run's time from ``start_ns``."""
        self.telemetry.started_ns = start_ns
        self.journal.begin(start_ns)
        self.book.begin(start_ns)
        if isinstance(self.event_time, ScaledEventTime):
            self.event_time.begin(start_ns)

    def put_away(self) -> None:
        """Move to files those parts of growing arrays that are final; the pages they had in memory are free again."""
        self.array_store.put_away([*self.book.settled(), *final_columns(self.warm.history, self.labels)])

    def close(self) -> None:
        """Close the files."""
        self.output.close()
        self.dead_letters.close()
        self.undelivered.close()


class CaughtUp:
    """Tells whether the assembler has taken in everything it was sent; of a pipeline that is made later."""

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None

    def watch(self, pipeline: Pipeline) -> None:
        """Tell of ``pipeline`` from now on."""
        self._pipeline = pipeline

    def __call__(self) -> bool:
        """Return whether nothing waits for the assembler."""
        pipeline = self._pipeline
        if pipeline is None:
            return True
        inbox = pipeline.assembler.inbox
        return inbox.depth == 0 and inbox.leased == 0 and pipeline.producer.outbox_count == 0


def compose_run(
    plan: Plan, machine: Machine, journal: Journal, attachments: Attachments = NO_ATTACHMENTS
) -> RunContext:
    """Return the parts for ``plan``. Nothing moves yet; event time counts from now where it is paced.

    Raises:
        ArtifactError: the model's state cannot be read.
        OutputError: the folder cannot be written.
        LateProblemError: an end of the pipeline, or its state, is to be outside this process.
    """
    _check_in_process(plan)
    clock, feed = machine.clock, machine.feed
    telemetry = Telemetry(plan.artifact.reference, clock.now_ns())
    array_store = machine.array_store
    load = plan.load
    warm = warm_state(plan.artifact, load.start_us, plan.label_delay_us, load.towns(), array_store.empty)
    book, labels = OutcomeBook(array_store), DelayedLabels(plan.label_delay_us, array_store.empty)
    speed = plan.load.speed
    paced = None if speed is None else ScaledEventTime(clock, plan.load.start_us, speed)
    watermark = WatermarkEventTime(plan.load.start_us) if paced is None else None
    synthetic = plan.load.spec if isinstance(plan.load, SyntheticLoad) else None
    targets = FaultTargets(machine.occupy, synthetic, blind=plan.blind is not None)
    by_hand = OpenRun() if plan.by_hand else None
    changes = rate_changes(plan)
    faults = FaultSchedule(plan.scenario.faults, clock, journal, plan.scenario.seed, targets, by_hand, changes)
    refresher = Refresher(
        warm.builder,
        faults.wrap_refresh(warm.store),
        warm.history,
        labels,
        paced,
        clock,
        on_refreshed=partial(note_refresh, telemetry, journal),
        on_failed=partial(note_failed_refresh, telemetry, journal),
        on_step=array_store.release,
    )
    settings = plan.scenario.pipeline
    slot = model_slot(plan.artifact, settings.thresholds)
    lookahead = _lookahead(plan, machine, warm, slot)
    verification = _verification(plan, clock)
    serving = serve(slot, plan.artifact, verification, faults, telemetry, journal, machine.work, lookahead.predict)
    targets.model_changes = serving.changes
    steps = StepSchedule(plan.scenario.steps, plan.candidates, clock, journal, serving.changes, AlertSignal())
    schedule = plan.load.schedule()
    if schedule is not None:
        schedule = schedule.altered(faults.reschedule)
        targets.recount = schedule.recount
    output = AppendOnlyFile(plan.folder / DECISIONS)
    logged_to = faults.wrap_output(output)
    dead_letters = DeadLetterFile(plan.folder / DEAD_LETTERS)
    dead_letters.through(faults.wrap_file)
    undelivered = AppendOnlyFile(plan.folder / UNDELIVERED)
    caught_up = CaughtUp()
    if paced is None:
        feed = PointInTimeFeed(feed, refresher, plan.load.start_us, caught_up, clock)
    source = FeedSource(faults.wrap_feed(feed), schedule, book, labels, watermark)
    around = Surroundings(
        source=lookahead.watch(settings.source.build(source)),
        assembly=lookahead.assembly,
        stream=lookahead.stream,
        store=faults.wrap_feature_store(machine.look_up(lookahead.store)),
        history=warm.history,
        scoring=serving.scoring,
        digest_of=slot.digests.__getitem__,
        sink=faults.wrap_sink(settings.sink.build(attachments.sink(book))),
        output=logged_to,
        dead_letters=dead_letters,
        clock=clock,
        telemetry=telemetry,
        hooks=faults.wrap_hooks(Hooks()),
        work=faults.wrap_work(machine.work),
        on_restart=journal.note_restart,
        undelivered=faults.wrap_file(undelivered),
        log=BufferedLog if plan.writes_struck else machine.log,
        read=lookahead.read,
    )
    pipeline = Pipeline(settings, around)
    attachments.alter(pipeline)
    caught_up.watch(pipeline)
    faults.attach(pipeline)
    event_time = paced or watermark
    if event_time is None:
        raise AssertionError("event time is either paced or follows the transactions")
    return RunContext(
        telemetry,
        journal,
        source,
        book,
        event_time,
        warm,
        refresher,
        paced is not None,
        faults,
        slot,
        pipeline,
        output,
        dead_letters,
        serving.changes,
        steps,
        undelivered,
        labels,
        array_store,
    )


def final_columns(history: History, labels: DelayedLabels) -> list[Column]:
    """Return what a run keeps of its transactions for batch features: columns that only grow, and are not changed."""
    view = history.view()
    return [*view.transactions.values(), *view.labels.values(), *labels.columns()]


def rate_changes(plan: Plan) -> RateChanges | None:
    """Return what changes the rate of the traffic in between; None where nothing does."""
    steps = plan.scenario.steps
    may_change = plan.by_hand or any(isinstance(each, RateChange) for each in steps)
    if not may_change or not isinstance(plan.load, SyntheticLoad):
        return None
    return RateChanges(steps, Streams(plan.scenario.seed))


def _check_in_process(plan: Plan) -> None:
    """Refuse ends and stores that only workers have: nobody would be behind them, and nothing would say so."""
    for path, (kind, own) in on_servers(plan.scenario.pipeline).items():
        rule = f"must be {own} where the pipeline is in the run's own process"
        raise LateProblemError(path, rule, kind, "run it with --stream and --store")


def _lookahead(plan: Plan, machine: Machine, warm: WarmState, slot: ModelSlot) -> Lookahead:
    """Return the ports that compute, ahead of time if the machine allows it."""
    names = plan.artifact.feature_names
    if machine.foresees:
        return with_lookahead(names, warm.stream, warm.store, slot)
    return without_lookahead(names, warm.stream, warm.store)


def _verification(plan: Plan, clock: Clock) -> Verification:
    """Return what candidates have to pass, which takes its time on either clock."""
    verification = ChildVerification(plan.scenario.pipeline.scorer.engine)
    return verification if plan.clock == "real" else ModelledVerification(verification, clock)


def note_refresh(telemetry: Telemetry, journal: Journal, refreshed: Refreshed) -> None:
    """Count a refresh of the batch tier and write it down."""
    telemetry.counters.refreshes += 1
    detail = f"{refreshed.label_count:,} labels, {refreshed.transaction_count:,} transactions"
    journal.add("features_refreshed", detail=detail)


def note_failed_refresh(telemetry: Telemetry, journal: Journal, failed: RefreshFailed) -> None:
    """Count a refresh that failed and write it down."""
    telemetry.counters.refresh_failures += 1
    journal.add("refresh_failed", detail=failed.error)
