"""One run on a stream put together: what the run in process has, with its pipeline in workers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.adapters.redis.features import RedisFeatureStore
from actors.adapters.streams import Delivery, delivery_of
from actors.core.arrays import Column
from actors.core.clock import NS_PER_S, US_PER_S
from actors.model.serving import ModelSlot
from actors.telemetry.alerts.built_in import stream_rules
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.snapshot import Gauges
from actors.telemetry.telemetry import Telemetry
from dashboard.frame import Notice
from dashboard.panels.workers import WorkerRow
from sim.coordinator.collector import Collector
from sim.coordinator.producer_parts import compose_producer
from sim.coordinator.remote_faults import RemoteFaults
from sim.coordinator.remote_model import RemoteModel
from sim.coordinator.remote_pipeline import RemotePipeline
from sim.coordinator.servers import StreamInlet
from sim.coordinator.stream_workers import StreamRequest, StreamWorkers, new_run
from sim.journal import Journal
from sim.outcomes.mapped_arrays import ArrayStore
from sim.outcomes.outcome_book import OutcomeBook
from sim.report.run_folder import DEAD_LETTERS, DECISIONS, UNDELIVERED
from sim.report.summary import PartitionWait, StreamFigures
from sim.run.composition import Attachments
from sim.run.machine import Machine
from sim.run.plan import Plan
from sim.run_parts import Background, RunEventTime
from sim.scenario.pipeline import mapped_source
from sim.steps.schedule import StepSchedule

TOLD_WAIT_S: Final = 2.0  # a worker that dies has its place taken within that; more is worth a line


@dataclass(frozen=True, slots=True)
class StreamRun:
    """What a lifecycle runs and watches of a run on a stream; see `sim.run_parts.RunParts`."""

    telemetry: Telemetry
    journal: Journal
    book: OutcomeBook
    event_time: RunEventTime
    refresher: Background
    faults: RemoteFaults
    slot: ModelSlot
    model_changes: RemoteModel
    steps: StepSchedule
    pipeline: RemotePipeline
    output: AppendOnlyFile
    dead_letters: DeadLetterFile
    undelivered: AppendOnlyFile
    store: RedisFeatureStore
    collector: Collector
    inlet: StreamInlet
    workers: StreamWorkers
    delivery: Delivery
    array_store: ArrayStore
    final_columns: Callable[[], list[Column]]
    paced: bool = True

    def gauges(self) -> Gauges:
        """Read what can only be read at this instant."""
        age_s = (self.event_time.now_us() - self.store.newest_computed_us()) / US_PER_S
        model = self.slot.current
        return self.pipeline.gauges(age_s, model.digest, model.engine.kind, self.workers.silent_s())

    def alert_rules(self, factor: float) -> Sequence[AlertRule]:
        """Return the rules of runs on a stream."""
        return stream_rules(factor)

    def worker_rows(self) -> tuple[WorkerRow, ...]:
        """Return what the screen shows of each worker."""
        return self.workers.rows()

    @property
    def by_hand(self) -> RemoteFaults | None:
        """Where faults are put in and out by hand; None of a run that nobody may change."""
        return self.faults if self.faults.is_open else None

    def stream_figures(self) -> StreamFigures:
        """Return what the summary says of the stream."""
        group, places = self.workers.group, self.workers.request.places
        statuses, decided = group.statuses(), self.telemetry.ledger.delivered
        ends = [each.ends for each in statuses]
        processor_s = sum(each.processor_s for each in statuses)
        return StreamFigures(
            run=self.workers.run,
            stream=places.stream.url,
            store=places.store.url,
            workers=group.most,
            restarts=group.restart_count,
            spares_used=self.workers.spares_used,
            joined=group.joined_count,
            lost=group.lost_count,
            epochs=sum(each.epochs for each in ends),
            epochs_aborted=sum(each.epochs_aborted for each in ends),
            rows_replayed=sum(each.rows_replayed for each in ends),
            delivery=self.delivery,
            decided_twice=self.collector.decided_twice,
            redelivered=self.collector.redelivered,
            undecided=self.pipeline.undecided,
            negative_latencies=self.collector.negative_count,
            foreign=self.inlet.foreign + sum(each.foreign for each in ends),
            longest_wait=self._longest_wait(),
            worker_processor_s=processor_s,
            processor_us_per_transaction=1e6 * processor_s / decided if decided else None,
            models=dict(self.collector.models),
        )

    def _longest_wait(self) -> PartitionWait | None:
        longest = self.collector.waits.longest
        if longest is None:
            return None
        begun_at_s = (longest.begun_ns - self.journal.start_ns) / NS_PER_S
        return PartitionWait(partition=longest.partition, begun_at_s=begun_at_s, waited_s=longest.span_ns / NS_PER_S)

    def shortfalls(self) -> tuple[str, ...]:
        """Return a line for each file that could not take everything."""
        failed, unkept = self.telemetry.ledger.log_failed_count, self.dead_letters.unkept_count
        lines = [
            (failed, f"{DECISIONS}: {failed:,} decisions were counted, not logged: {self.collector.log_failure.text}"),
            (unkept, f"{DEAD_LETTERS}: {unkept:,} dead letters were counted, not kept"),
        ]
        return tuple(line for count, line in lines if count)

    def remarks(self) -> tuple[str, ...]:
        """Return what whoever reads the summary should know."""
        figures, sender = self.stream_figures(), self.workers.sender
        negative, unknown = figures.negative_latencies, self.collector.unknown_count
        group = self.workers.group
        uncounted = sum(each.ends.uncounted for each in group.statuses())
        lines = [
            (negative, f"{negative:,} transactions were decided before they were due: clocks of machines differ"),
            (
                unknown,
                f"{unknown:,} messages under this run's id are none of its decisions: who else writes there?",
            ),
            (
                self.collector.later_count,
                f"{self.collector.later_count:,} messages that came after the end were decided: no figure has them",
            ),
            (figures.foreign, f"{figures.foreign:,} messages of other runs were passed over"),
            (
                figures.redelivered,
                f"{figures.redelivered:,} decisions came again as they were: delivery is at least once",
            ),
            (figures.lost, _told_lost(figures, group.last_loss)),
            *((1, line) for line in _told_wait(figures.longest_wait)),
            (
                uncounted,
                f"{uncounted:,} transactions at the end are in no window: the store was away, and the run is over",
            ),
            (len(self.workers.refusal), f"{self.workers.refusal}; decisions were made by the lower rungs meanwhile"),
            (sender.refused, f"{sender.refused:,} transactions could not be sent: {sender.refusal}"),
            *((1, f"a worker was refused: {why}") for why in group.refused),
        ]
        return tuple(line for count, line in lines if count)

    def failures(self) -> tuple[str, ...]:
        """Return what was promised and not kept."""
        twice, undecided = self.collector.decided_twice, self.pipeline.undecided
        open_ = f"undecided: {undecided:,} transactions that were sent have no committed end"
        remedy = f"another run on this stream has to give them up with --discard {self.workers.run}"
        ahead = self.collector.ahead_count
        lines = [
            (ahead, f"{ahead:,} ends of messages that are not in the topic: who else writes decisions there?"),
            (twice, f"decided twice: {twice:,} transactions have more than one committed end"),
            (undecided, f"{open_}; {remedy}"),
        ]
        return tuple(line for count, line in lines if count)

    def begin(self, start_ns: int) -> None:
        """Count the run's time from ``start_ns``."""
        self.telemetry.started_ns = start_ns
        self.journal.begin(start_ns)
        self.book.begin(start_ns)
        self.event_time.begin(start_ns)

    def put_away(self) -> None:
        """Move to files those parts of growing arrays that are final; the pages they had in memory are free again."""
        self.array_store.put_away([*self.book.settled(), *self.final_columns()])

    def close(self) -> None:
        """Close the files, and let no worker live on."""
        self.workers.kill()
        for file in (self.output, self.dead_letters, self.undelivered):
            file.close()


def _told_lost(figures: StreamFigures, last: str) -> str:
    times = "once," if figures.lost == 1 else f"{figures.lost:,} times, the last time"
    spares = f"; spares took {figures.spares_used:,} of {figures.restarts:,} places" if figures.restarts else ""
    return f"workers were lost {times} {last}{spares}"


def _told_wait(longest: PartitionWait | None) -> Iterator[str]:
    if longest is not None and longest.waited_s > TOLD_WAIT_S:
        waited = f"partition {longest.partition} waited {longest.waited_s:.1f} s for a decision"
        yield f"{waited}, from {longest.begun_at_s:.1f} s of the run on; no other waited longer"


async def compose_stream(
    request: StreamRequest,
    show: Callable[[Notice], None],
    plan: Plan,
    machine: Machine,
    journal: Journal,
    _: Attachments,
) -> StreamRun:
    """Return the parts for ``plan``, with its workers there and waiting for its begin.

    Args:
        request: what the command line says of the stream.
        show: told what is waited for.
        plan: what is run.
        machine: makes the transactions.
        journal: of the run.

    Raises:
        InputError: a server cannot be used, or workers do not come.
        MachineError: a server does not answer.
    """
    workers = StreamWorkers(request, new_run(), machine.clock, show)
    files = (AppendOnlyFile(plan.folder / DECISIONS), DeadLetterFile(plan.folder / DEAD_LETTERS))
    try:
        return await _composed(workers, files, plan, machine, journal)
    except BaseException:
        workers.kill()
        for file in files:
            file.close()
        raise


async def _composed(
    workers: StreamWorkers, files: tuple[AppendOnlyFile, DeadLetterFile], plan: Plan, machine: Machine, journal: Journal
) -> StreamRun:
    book, settings = OutcomeBook(machine.array_store), plan.scenario.pipeline
    delivery = delivery_of(settings.sink)
    telemetry = Telemetry(plan.artifact.reference, machine.clock.now_ns())
    listening = mapped_source(settings) is not None
    collector = Collector(telemetry, book, *files, delivery, listening=listening)
    own = await compose_producer(workers, plan, machine, journal, telemetry, book, collector)
    workers.sender.on_refused, workers.sender.on_taken = collector.refused, collector.taken
    inlet = StreamInlet(await workers.read_committed(), workers.run)
    pipeline = RemotePipeline(settings, own.sending, inlet, collector, workers, machine.clock)
    await workers.gather(own.group, plan.artifact.folder)
    undelivered = AppendOnlyFile(plan.folder / UNDELIVERED)
    return StreamRun(
        telemetry,
        journal,
        book,
        own.event_time,
        own.refresher,
        own.faults,
        own.slot,
        own.model_changes,
        own.steps,
        pipeline,
        *files,
        undelivered,
        own.store,
        collector,
        inlet,
        workers,
        delivery,
        machine.array_store,
        own.final_columns,
    )
