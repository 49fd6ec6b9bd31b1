"""What a run on a stream has in its own process: transactions, batch features, and what it asks of its workers.

It produces the transactions, or takes note of those that others write.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from actors.actor import Environment, Hooks
from actors.adapters.kafka.readings import MappedMessages
from actors.adapters.redis.features import RedisFeatureStore
from actors.adapters.stores import kept_s
from actors.core.arrays import I64, Column
from actors.core.clock import US_PER_S, Clock, ScaledEventTime
from actors.features.refresh import Refresher
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.open_loop import OpenLoop
from sim.coordinator.remote_faults import RemoteFaults
from sim.coordinator.remote_model import RemoteModel, WorkerModels
from sim.coordinator.remote_pipeline import Sending
from sim.coordinator.stream_workers import StreamWorkers
from sim.coordinator.worker_group import WorkerGroup
from sim.faults.model import ModelBadRelease
from sim.injection.open_run import OpenRun
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.run.composition import final_columns, note_failed_refresh, note_refresh, rate_changes
from sim.run.machine import Machine
from sim.run.plan import Plan, SyntheticLoad
from sim.run.serving import model_slot
from sim.run.source import DelayedLabels, FeedSource, Truths
from sim.run.warm_state import warm_state
from sim.run_parts import Background, RunEventTime
from sim.scenario.pipeline import StreamSourceSettings, mapped_source
from sim.scenario.render import resolved
from sim.scenario.timeline import phase_spans
from sim.steps.model_changes import ModelChanges
from sim.steps.schedule import AlertSignal, StepSchedule
from sim.stream.batch_features import SentOnce, keep_served
from sim.stream.control_messages import Announce
from sim.stream.fault_places import at_producer
from sim.stream.labels import WaitingLabels
from sim.stream.listening import FirstMessages, Found, Listener, NoRefresher, TopicTime
from sim.stream.membership import kernel_digest, own_version
from sim.stream.refresh import HeardBy, StreamRefresh


@dataclass(frozen=True, slots=True)
class ProducerParts:
    """The parts of a run on a stream that are in its own process, whoever takes the decisions.

    Attributes:
        event_time: when it is, for transactions.
        refresher: keeps batch features fresh.
        sending: the producer and what sends, or what takes note of messages that others write.
        final_columns: returns the columns that grow with the run, of which nothing is changed any more.
    """

    event_time: RunEventTime
    store: RedisFeatureStore
    refresher: Background
    faults: RemoteFaults
    slot: ModelSlot
    model_changes: RemoteModel
    steps: StepSchedule
    group: WorkerGroup
    sending: Sending
    final_columns: Callable[[], list[Column]]


class Ledger(Found, Protocol):
    """Takes note of the transactions of a run."""

    def sent(self, first: int, count: int) -> None:
        """Take that the ``count`` transactions from number ``first`` on are on their way."""
        ...


class NoLedger:
    """Takes note of no transaction: nobody here reads what becomes of them.

    Attributes:
        ahead_count: none.
    """

    ahead_count = 0

    def sent(self, first: int, count: int) -> None:
        """Take no note."""

    def found(self, numbers: I64, partitions: I64) -> None:
        """Take no note."""

    def end_at(self, beyond: Callable[[int], bool]) -> None:
        """Take no note."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What both kinds of runs are made in."""

    workers: StreamWorkers
    plan: Plan
    machine: Machine
    journal: Journal
    telemetry: Telemetry
    local: FaultSchedule
    targets: FaultTargets


@dataclass(frozen=True, slots=True)
class _Traffic:
    """What is one thing where transactions are sent, and another where others write them."""

    event_time: RunEventTime
    store: RedisFeatureStore
    refresher: Background
    sending: Sending
    final_columns: Callable[[], list[Column]] = list


async def compose_producer(
    workers: StreamWorkers,
    plan: Plan,
    machine: Machine,
    journal: Journal,
    telemetry: Telemetry,
    truths: Truths,
    ledger: Ledger,
) -> ProducerParts:
    """Return what produces ``plan``, connected to its servers; the table of batch features is served.

    Args:
        workers: the ways to them, not connected yet.
        plan: what is run.
        machine: makes the transactions.
        journal: of the run.
        telemetry: gets what is counted here, and what workers count.
        truths: told of the truth behind each transaction.
        ledger: told of each transaction before it is sent, or once it is found where others write them.

    Raises:
        InputError: a server cannot be used.
        MachineError: a server does not answer.
    """
    clock, scenario = machine.clock, plan.scenario
    targets = FaultTargets(machine.occupy, plan.load.spec if isinstance(plan.load, SyntheticLoad) else None)
    rates = rate_changes(plan)
    by_hand = OpenRun() if plan.by_hand else None
    local = FaultSchedule(at_producer(scenario.faults), clock, journal, scenario.seed, targets, by_hand, rates)
    around = _Surroundings(workers, plan, machine, journal, telemetry, local, targets)
    slot = model_slot(plan.artifact, scenario.pipeline.thresholds)
    shown = ModelChanges(slot, plan.artifact, ChildVerification(scenario.pipeline.scorer.engine), telemetry, journal)

    mapped = mapped_source(scenario.pipeline)
    link = await workers.connect(earliest=mapped is not None and mapped.from_ == "earliest")
    releasing = [each.name for each in scenario.faults if isinstance(each, ModelBadRelease)]
    announcement = _announcement(workers, plan)
    group = WorkerGroup(link, announcement, telemetry, journal, clock, workers.kafka, releasing)
    traffic = await (_sent(around, truths, ledger) if mapped is None else _listened_to(around, mapped, ledger))
    changes = RemoteModel(WorkerModels(group), shown)
    steps = StepSchedule(scenario.steps, plan.candidates, clock, journal, changes, AlertSignal())
    faults = RemoteFaults(scenario.faults, local, group, clock, journal, scenario.seed)
    workers.when_begun(lambda: workers.add(_tell_phases(group, plan, clock, journal), "phases"))
    again, refused = partial(journal.add, "features_refreshed", ""), partial(journal.add, "refresh_failed", "")
    served = keep_served(traffic.store, clock, again, refused)
    workers.add(served, "batch features")
    return ProducerParts(
        traffic.event_time,
        traffic.store,
        traffic.refresher,
        faults,
        slot,
        changes,
        steps,
        group,
        traffic.sending,
        traffic.final_columns,
    )


async def _sent(around: _Surroundings, truths: Truths, ledger: Ledger) -> _Traffic:
    """Return what sends the transactions of the plan."""
    plan, clock, local = around.plan, around.machine.clock, around.local
    speed = plan.load.speed
    if speed is None:
        raise AssertionError("a run on a stream has intended times; it was checked")
    array_store = around.machine.array_store
    warm = warm_state(plan.artifact, plan.load.start_us, plan.label_delay_us, plan.load.towns(), array_store.empty)
    labels = DelayedLabels(plan.label_delay_us, array_store.empty)
    paced = ScaledEventTime(clock, plan.load.start_us, speed)
    schedule = plan.load.schedule()
    if schedule is not None:
        schedule = schedule.altered(local.reschedule)
        around.targets.recount = schedule.recount
    source = FeedSource(local.wrap_feed(around.machine.feed), schedule, truths, labels)
    store = _store(around)
    if warm.store.table is not None:
        await store.publish(warm.store.table)
    refresher = Refresher(
        warm.builder,
        local.wrap_refresh(store),
        warm.history,
        labels,
        paced,
        clock,
        on_refreshed=partial(note_refresh, around.telemetry, around.journal),
        on_failed=partial(note_failed_refresh, around.telemetry, around.journal),
        on_step=array_store.release,
    )
    environment = Environment(clock, around.telemetry, local.wrap_hooks(Hooks()))
    settings, outlet, restarted = plan.scenario.pipeline, around.workers.sender, around.journal.note_restart
    seen = SentOnce(warm.history.append)
    sending = OpenLoop(settings, source, outlet, environment, ledger.sent, restarted, seen)
    await source.prime()
    return _Traffic(paced, store, refresher, sending, partial(final_columns, warm.history, labels))


async def _listened_to(around: _Surroundings, source: StreamSourceSettings, ledger: Ledger) -> _Traffic:
    """Return what takes note of the messages that others write, with the table of the model's own history served."""
    if source.columns is None:
        raise AssertionError("only a source with a map is listened to")
    from sim.replay.messages import MessageMap

    workers, plan, journal = around.workers, around.plan, around.journal
    topics, store = workers.request.places.stream.topics, _store(around)
    labels = WaitingLabels(int(plan.artifact.manifest.label_delay_s * US_PER_S))
    heard = HeardBy(
        around.local.wrap_refresh,
        partial(note_refresh, around.telemetry, journal),
        partial(note_failed_refresh, around.telemetry, journal),
    )
    clock = around.machine.clock
    history = StreamRefresh(plan.artifact, labels, store, workers.run, clock, lambda _: None, heard)
    await history.begin()
    reading = MappedMessages(MessageMap(source.columns, source.timezone).translate, workers.starts)
    first = FirstMessages(source.columns, topics.transactions, partial(journal.add, "messages_refused", ""))
    ends = partial(asyncio.to_thread, workers.topics.ends, topics.transactions, topics.labels)
    reader = await workers.read_transactions()
    listener = Listener(reader, reading, topics.transactions, workers.starts, ends, ledger, history, first)
    return _Traffic(TopicTime(history), store, NoRefresher(), listener)


def _store(around: _Surroundings) -> RedisFeatureStore:
    kept = kept_s(around.plan.scenario.pipeline.feature_store.store)
    return RedisFeatureStore(
        around.workers.marks.client, around.workers.request.places.keys_of(around.workers.run), kept
    )


def _announcement(workers: StreamWorkers, plan: Plan) -> Announce:
    artifact = plan.artifact
    return Announce(
        run=workers.run,
        scenario=resolved(plan.scenario),
        model=artifact.manifest.sha256,
        model_folder=str(artifact.folder.resolve()),
        kernels=kernel_digest(),
        version=own_version(),
        starts=workers.starts,
        store=workers.request.places.store.url,
        capacity_per_s=plan.capacity_per_s,
        by_hand=plan.by_hand,
    )


async def _tell_phases(group: WorkerGroup, plan: Plan, clock: Clock, journal: Journal) -> None:
    """Tell the workers when phases begin and end."""
    for name, span in phase_spans(plan.scenario).items():
        await clock.sleep_until_ns(journal.start_ns + span.start_ns)
        group.phase(name, ended=False)
        if span.end_ns is not None:
            await clock.sleep_until_ns(journal.start_ns + span.end_ns)
            group.phase(name, ended=True)
