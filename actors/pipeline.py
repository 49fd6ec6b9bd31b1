"""The pipeline: four actors and three mailboxes, wired from one frozen config."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.actor import Actor, Environment, Hooks
from actors.assembler import Assembler, AssemblerParts, OnDuplicates, passed_over
from actors.config import PipelineConfig, RetryConfig
from actors.core.batches import Cause, DecidedBatch, FeatureBatch, RawBatch
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError
from actors.core.transaction import Read, read
from actors.core.work import RealWork, Work
from actors.features.assembly import FeatureAssembly
from actors.features.history import History
from actors.features.store import FeatureStore
from actors.features.stream_state import StreamState
from actors.forced_drain import ForcedDrain
from actors.logger import Logger
from actors.mailbox import Mailbox
from actors.model.scoring import Scoring
from actors.output.dead_letters import DeadLetterBuffer, DeadLetterSink
from actors.output.decision_log import BufferedLog, MakeLog
from actors.output.decision_record import DecisionLines
from actors.output.delivery import DeliveryRetries
from actors.output.sinks import DecisionSink, LineSink
from actors.producer import Producer
from actors.remembered_ids import Deduplicator, OwnIds, RememberedIds
from actors.resilience.breaker import CircuitBreaker
from actors.resilience.store_guard import CachedFeatureStore, GuardedFeatureStore
from actors.resilience.store_retries import HedgedFeatureStore, RetryBudget, RetryingFeatureStore
from actors.scorer import Scorer
from actors.source import Source
from actors.supervisor import Restart, Supervised, Supervisor
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.snapshot import ActorGauge, Gauges, MailboxGauge
from actors.telemetry.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pipeline is put into: its ports' adapters, its clock, its model.

    Attributes:
        digest_of: digest of a model by its generation, for the decision log.
        stream: the windows of cards, merchants and devices, of this pipeline alone.
        history: where transactions are kept for the batch tier; None if something else keeps them.
        log: makes what writes the decision log to ``output``.
        undelivered: where decisions are kept that could not be delivered; None: they are only counted.
        remembered: ids of transactions seen before, shared by all workers of a stream; None: this pipeline's own.
        own_ids: those that this pipeline has seen itself; None: it makes a memory for them.
        on_duplicates: told which transactions end as duplicates, for a source that must know what became of each.
    """

    source: Source
    assembly: FeatureAssembly
    stream: StreamState
    store: FeatureStore
    history: History | None
    scoring: Scoring
    digest_of: Callable[[int], str]
    sink: DecisionSink
    output: LineSink
    dead_letters: DeadLetterSink
    clock: Clock
    telemetry: Telemetry
    log: MakeLog = BufferedLog
    hooks: Hooks = field(default_factory=Hooks)
    work: Work = field(default_factory=RealWork)
    on_restart: Callable[[Restart], None] | None = None
    undelivered: LineSink | None = None
    read: Read = read
    remembered: RememberedIds | None = None
    own_ids: OwnIds | None = None
    on_duplicates: OnDuplicates = passed_over


@dataclass(frozen=True, slots=True)
class Held:
    """Where transactions are that are not at an end yet, counted where they lie.

    Attributes:
        unsent: due, and not handed over.
        in_flight: handed over, and not decided.
        awaiting_log: decided, and not logged.
        awaiting_delivery: decided, and neither delivered nor given up.
    """

    unsent: int
    in_flight: int
    awaiting_log: int
    awaiting_delivery: int


class Pipeline:
    """Four actors on one event loop, from start to the last decision.

    Args:
        config: frozen settings.
        surroundings: ports, clock, model.
    """

    def __init__(self, config: PipelineConfig, surroundings: Surroundings) -> None:
        self.config = config
        self._around = around = surroundings
        clock, telemetry = around.clock, around.telemetry
        boxes, breaker = config.mailboxes, config.feature_store.breaker
        raw: Mailbox[RawBatch] = Mailbox("assembler", boxes.assembler.capacity, clock)
        features: Mailbox[FeatureBatch] = Mailbox("scorer", boxes.scorer.capacity, clock)
        decided: Mailbox[DecidedBatch] = Mailbox("logger", boxes.logger.capacity, clock)
        self.breaker = None if breaker is None else CircuitBreaker(breaker, clock)
        self.dead_letters = DeadLetterBuffer(around.dead_letters)
        store = self._store()
        own_ids = around.own_ids
        if own_ids is None:
            own_ids = Deduplicator(config.assembler.remembered_ids)
        parts = AssemblerParts(
            around.assembly,
            around.stream,
            store,
            around.history,
            self.dead_letters,
            own_ids if around.remembered is None else around.remembered,
            own_ids,
            around.read,
            around.on_duplicates,
        )
        lines = DecisionLines(around.digest_of, config.log.features)
        self.retries = self._delivery_retries()
        environment = Environment(clock, telemetry, around.hooks, around.work)
        self.producer = Producer(around.source, raw, config.producer, environment)
        self.assembler = Assembler(config.assembler, parts, raw, features, environment)
        self.scorer = Scorer(config, around.scoring, self.dead_letters, features, decided, environment)
        log = around.log(lines, around.output, telemetry.ledger, around.work)
        self.logger = Logger(config, around.sink, log, decided, environment, self.retries)
        self.supervisor = Supervisor(config.restart, clock, telemetry, around.on_restart)
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[int] | None = None

    @property
    def actors(self) -> tuple[Actor[Any, Any, Any], ...]:
        """The actors that have a mailbox, in the order of the flow."""
        return (self.assembler, self.scorer, self.logger)

    def held(self) -> Held:
        """Count what is inside, where it lies."""
        self.logger.log.flush()
        in_flight = (
            self.producer.outbox_count
            + sum(actor.inbox.depth + actor.inbox.leased for actor in (self.assembler, self.scorer))
            + self.assembler.outbox_count
        )
        awaiting_delivery = self.scorer.outbox_count + self.logger.inbox.depth + self.logger.inbox.leased
        awaiting_log = awaiting_delivery + self.logger.log.waiting
        return Held(self.producer.count_offered(), in_flight, awaiting_log, awaiting_delivery + self.retries.depth)

    def gauges(self, batch_age_s: float | None = None, model: str = "", engine: str = "") -> Gauges:
        """Read everything that can only be read here, all at this instant.

        Args:
            batch_age_s: age of the newest batch features, on the event-time axis.
            model: short digest of the serving model.
            engine: what scores with it.
        """
        held = self.held()
        waiting = Waiting(held.unsent, held.in_flight, held.awaiting_log, held.awaiting_delivery)
        mailboxes = tuple(
            MailboxGauge(box.name, box.depth, box.capacity, box.leased, box.blocked_s)
            for box in (actor.inbox for actor in self.actors)
        )
        supervisor = self.supervisor
        actors = tuple(
            ActorGauge(name, supervisor.state_of(name), supervisor.restart_count_of(name))
            for name in (self.producer.name, *(actor.name for actor in self.actors))
        )
        breaker = "closed" if self.breaker is None else self.breaker.state.value
        return Gauges(waiting, mailboxes, actors, batch_age_s, breaker, model, engine)

    def start(self, start_ns: int | None = None) -> None:
        """Start all actors; intended times count from ``start_ns`` on the clock, by default from now."""
        self.producer.start_at(self._around.clock.now_ns() if start_ns is None else start_ns)
        self._task = asyncio.create_task(self._run(), name="supervisor")

    async def _run(self) -> None:
        """Run all actors until they are done, and deliver meanwhile and afterwards what is owed."""
        workers: tuple[Supervised, ...] = (self.producer, *self.actors)
        retrying = asyncio.create_task(self.retries.run(), name="delivery retries")
        try:
            await self.supervisor.run(workers)
            await self.retries.drained()
            await self.dead_letters.drained()
        finally:
            retrying.cancel()
            await asyncio.gather(retrying, return_exceptions=True)

    def _store(self) -> FeatureStore:
        """Return the feature store with what stands around it: second calls, breaker and time-out, then a cache."""
        config, around = self.config.feature_store, self._around
        store = self._calling_again(around.store)
        store = GuardedFeatureStore(store, config.timeout_ns, self.breaker, around.clock, around.telemetry)
        return store if config.cache is None else CachedFeatureStore(store, config.cache, around.telemetry)

    def _calling_again(self, store: FeatureStore) -> FeatureStore:
        """Return ``store`` with hedges, then retries, around it, paid from one budget."""
        config, around = self.config.feature_store, self._around
        if config.retry is None and config.hedge is None:
            return store
        retry = config.retry or RetryConfig(attempts=1)
        budget = RetryBudget(retry.budget_ratio)
        if config.hedge is not None:
            store = HedgedFeatureStore(store, config.hedge.after_ns, budget, around.telemetry)
        return RetryingFeatureStore(store, retry, around.clock, around.telemetry, budget)

    def _delivery_retries(self) -> DeliveryRetries:
        config, around = self.config.delivery, self._around
        encode = DecisionLines(around.digest_of, "off").encode
        return DeliveryRetries(config, around.sink, encode, around.undelivered, around.clock, around.telemetry.ledger)

    async def finished(self) -> None:
        """Wait until everything the source had is decided and logged.

        Raises:
            EscalationError: an actor kept crashing; what was left is decided by rules already.
        """
        if self._task is None:
            return
        try:
            await asyncio.shield(self._task)
        except EscalationError:
            await self._end(Cause.ESCALATED)
            raise

    async def drain(self, *, send_rest: bool = False) -> int:
        """Take nothing new, finish what was accepted; decide by default what is not done at the drain timeout.

        Args:
            send_rest: whether what is due and unsent is accepted too, as at the planned end of a run.

        Returns:
            How many transactions were decided by default.
        """
        if self._task is None:
            return 0
        if send_rest:
            self.producer.finish()
        else:
            self.producer.stop()
        with contextlib.suppress(TimeoutError, EscalationError):
            async with asyncio.timeout(self.config.drain_timeout_ns / NS_PER_S):
                await asyncio.shield(self._task)
        return await self.abandon()

    async def abandon(self) -> int:
        """Stop the actors where they are and decide by default what they hold.

        Returns:
            How many transactions were decided so.
        """
        task = self._task
        if task is None or (task.done() and not task.cancelled() and task.exception() is None):
            return 0
        self.producer.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await self._end(Cause.DRAIN_TIMEOUT)

    async def _end(self, cause: Cause) -> int:
        """End it, once: what was taken out of the mailboxes is decided even if whatever asked for it is cancelled."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._force(cause), name="ending")
        return await asyncio.shield(self._ending)

    async def _force(self, cause: Cause) -> int:
        around = self._around
        ending = ForcedDrain(
            self.producer,
            self.assembler,
            self.scorer,
            self.logger,
            around.scoring,
            around.clock,
            around.telemetry,
            cause,
        )
        left = await ending.run()
        self.retries.abandon()
        await self.dead_letters.drained()
        return left
