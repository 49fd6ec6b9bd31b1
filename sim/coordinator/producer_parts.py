"""What produces a run on a stream: its transactions, its batch features, and what it asks of its workers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from actors.actor import Environment, Hooks
from actors.adapters.redis.features import RedisFeatureStore
from actors.adapters.stores import kept_s
from actors.core.clock import Clock, ScaledEventTime
from actors.features.refresh import Refresher
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification
from actors.model.warm_state import WarmState
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.open_loop import OpenLoop
from sim.coordinator.remote_faults import RemoteFaults
from sim.coordinator.remote_model import RemoteModel
from sim.coordinator.stream_workers import StreamWorkers
from sim.coordinator.worker_group import WorkerGroup
from sim.faults.model import ModelBadRelease
from sim.injection.open_run import OpenRun
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.run.composition import note_failed_refresh, note_refresh, rate_changes
from sim.run.machine import Machine
from sim.run.plan import Plan, SyntheticLoad
from sim.run.serving import model_slot
from sim.run.source import DelayedLabels, FeedSource, Truths
from sim.run.warm_state import warm_state
from sim.scenario.render import resolved
from sim.scenario.timeline import phase_spans
from sim.steps.model_changes import ModelChanges
from sim.steps.schedule import AlertSignal, StepSchedule
from sim.stream.batch_features import SentOnce, keep_served
from sim.stream.control_messages import Announce
from sim.stream.fault_places import at_producer
from sim.stream.membership import kernel_digest, own_version


@dataclass(frozen=True, slots=True)
class ProducerParts:
    """The parts of a run on a stream that are in its own process, whoever takes the decisions.

    Attributes:
        sending: the producer, and what sends.
        source: where it takes its transactions from.
    """

    event_time: ScaledEventTime
    store: RedisFeatureStore
    refresher: Refresher
    faults: RemoteFaults
    slot: ModelSlot
    model_changes: RemoteModel
    steps: StepSchedule
    group: WorkerGroup
    source: FeedSource
    sending: OpenLoop


async def compose_producer(
    workers: StreamWorkers,
    plan: Plan,
    machine: Machine,
    journal: Journal,
    telemetry: Telemetry,
    truths: Truths,
    on_sent: Callable[[int, int], None],
) -> ProducerParts:
    """Return what produces ``plan``, connected to its servers; the table of batch features is served.

    Args:
        workers: the ways to them, not connected yet.
        plan: what is run.
        machine: makes the transactions.
        journal: of the run.
        telemetry: gets what is counted here, and what workers count.
        truths: told of the truth behind each transaction.
        on_sent: told before transactions are sent: the number of the first, and how many.

    Raises:
        InputError: a server cannot be used.
        MachineError: a server does not answer.
    """
    clock, scenario = machine.clock, plan.scenario
    speed = plan.load.speed
    if speed is None:
        raise AssertionError("a run on a stream has intended times; it was checked")
    warm, labels = _warm(plan), DelayedLabels(plan.label_delay_us)
    paced = ScaledEventTime(clock, plan.load.start_us, speed)
    targets = FaultTargets(machine.occupy, plan.load.spec if isinstance(plan.load, SyntheticLoad) else None)
    rates = rate_changes(plan)
    by_hand = OpenRun() if plan.by_hand else None
    local = FaultSchedule(at_producer(scenario.faults), clock, journal, scenario.seed, targets, by_hand, rates)
    schedule = plan.load.schedule()
    if schedule is not None:
        schedule = schedule.altered(local.reschedule)
        targets.recount = schedule.recount
    slot = model_slot(plan.artifact, scenario.pipeline.thresholds)
    shown = ModelChanges(slot, plan.artifact, ChildVerification(scenario.pipeline.scorer.engine), telemetry, journal)
    source = FeedSource(local.wrap_feed(machine.feed), schedule, truths, labels)

    releasing = [each.name for each in scenario.faults if isinstance(each, ModelBadRelease)]
    link, announcement = await workers.connect(), _announcement(workers, plan)
    group = WorkerGroup(link, announcement, telemetry, journal, clock, workers.kafka, releasing)
    store = await _served(workers, plan, warm)
    refresher = Refresher(
        warm.builder,
        local.wrap_refresh(store),
        warm.history,
        labels,
        paced,
        clock,
        on_refreshed=partial(note_refresh, telemetry, journal),
        on_failed=partial(note_failed_refresh, telemetry, journal),
    )
    changes = RemoteModel(group, shown)
    steps = StepSchedule(scenario.steps, plan.candidates, clock, journal, changes, AlertSignal())
    faults = RemoteFaults(scenario.faults, local, group, clock, journal, scenario.seed)
    environment = Environment(clock, telemetry, local.wrap_hooks(Hooks()))
    seen = SentOnce(warm.history.append)
    sending = OpenLoop(scenario.pipeline, source, workers.sender, environment, on_sent, journal.note_restart, seen)
    workers.when_begun(lambda: workers.add(_tell_phases(group, plan, clock, journal)))
    workers.add(keep_served(store, clock, lambda told: journal.add("features_refreshed", detail=told)))
    await source.prime()
    return ProducerParts(paced, store, refresher, faults, slot, changes, steps, group, source, sending)


def _warm(plan: Plan) -> WarmState:
    return warm_state(plan.artifact, plan.load.start_us, plan.label_delay_us, plan.load.towns())


async def _served(workers: StreamWorkers, plan: Plan, warm: WarmState) -> RedisFeatureStore:
    """Return the store of batch features, which serves the table of the model's history."""
    kept = kept_s(plan.scenario.pipeline.feature_store.store)
    store = RedisFeatureStore(workers.marks.client, workers.request.places.keys_of(workers.run), kept)
    if warm.store.table is not None:
        await store.publish(warm.store.table)
    return store


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
