"""A pipeline whose actors are in workers: its ends are here, a producer before the stream and a reader behind it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from actors.actor import Environment
from actors.adapters.kafka.messages import Ended
from actors.config import PipelineConfig
from actors.core.arrays import I64
from actors.core.batches import ARRIVAL, NUMBER, RawBatch
from actors.core.clock import NS_PER_S, wall_ns
from actors.core.errors import EscalationError, printable
from actors.core.transaction import Columns, readable
from actors.mailbox import Mailbox
from actors.producer import Producer
from actors.source import Source
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.snapshot import ActorGauge, Gauges, MailboxGauge
from sim.coordinator.collector import Collector
from sim.coordinator.waiting import first_of

SENT_AT_ONCE: Final = 1_024
ROOM: Final = 20_000  # transactions that wait here while no broker answers; what is due beyond them is unsent
RECOVERY_S: Final = 15.0  # beyond the drain time-out: a worker that dies now is started, and gets its partitions back
LEAVE_S: Final = 10.0  # for the last commits
LOOK_S: Final = 0.02
SENDER: Final = "sender"


class Outlet(Protocol):
    """Where transactions are sent."""

    async def send(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: I64, due_wall_ns: I64) -> None:
        """Send transactions behind those before; waits while there is no room."""
        ...


class Inlet(Protocol):
    """Where it is read what workers have committed."""

    async def read(self) -> list[Ended]:
        """Return what was committed since the last call; waits a moment for it."""
        ...


class Workers(Protocol):
    """Who decides: started, waited for, and ended."""

    def begin(self, at_wall_ns: int) -> None:
        """Take that the run has begun."""
        ...

    async def given_up(self) -> None:
        """Wait until there is no hope for them.

        Raises:
            EscalationError: there is none.
        """
        ...

    async def end(self, why: str, within_s: float, *, settled: bool) -> None:
        """Have all of them leave; ``settled`` says that nothing is left to decide."""
        ...

    def kill(self) -> None:
        """End at once those that are ours."""
        ...

    def gauges(self) -> Sequence[Gauges]:
        """Return what those that take part told last."""
        ...


class RemotePipeline:
    """Sends, open loop, what the source has, and takes what workers made of it.

    Args:
        config: of the scenario.
        source: where transactions come from.
        outlet: where they are sent.
        inlet: where their ends are read.
        collector: books them.
        workers: decide.
        environment: the clock and all else that actors work in.
        seen: told of what is sent, as it is read.

    Attributes:
        undecided: how many were open when the run had to end.
    """

    breaker = None

    def __init__(
        self,
        config: PipelineConfig,
        source: Source,
        outlet: Outlet,
        inlet: Inlet,
        collector: Collector,
        workers: Workers,
        environment: Environment,
        seen: Callable[[Columns], object] = lambda _: None,
    ) -> None:
        self._config = config
        self._outlet = outlet
        self._inlet = inlet
        self._collector = collector
        self._workers = workers
        self._clock = environment.clock
        self._seen = seen
        self._mailbox: Mailbox[RawBatch] = Mailbox(SENDER, ROOM, environment.clock)
        self.producer = Producer(source, self._mailbox, config.producer, environment)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wall_less_clock_ns = 0
        self.undecided = 0

    def start(self, start_ns: int) -> None:
        """Start; intended times count from ``start_ns``, on the run's clock and on every machine's."""
        self._wall_less_clock_ns = wall_ns() - self._clock.now_ns()
        self._collector.begin(self._wall_less_clock_ns)
        self._workers.begin(start_ns + self._wall_less_clock_ns)
        self.producer.start_at(start_ns)
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "producer": self.producer.run(),
            SENDER: self._send(),
            "collector": self._collect(),
            "workers": self._workers.given_up(),
        }
        self._tasks = {name: asyncio.create_task(job, name=name) for name, job in jobs.items()}

    # ---------------------------------------------------------------- the two ends

    async def _send(self) -> None:
        while (lease := await self._mailbox.receive(SENT_AT_ONCE)) is not None:
            batch = lease.message
            self._collector.sent(int(batch.track[0, NUMBER]), lease.rows)
            self._mailbox.acknowledge()  # from here on they are open, until their ends are read
            columns, keys = _keyed(batch.raws)
            if columns is not None:
                self._seen(columns)
            due_ns = batch.track[:, ARRIVAL] + self._wall_less_clock_ns
            await self._outlet.send(keys, batch.raws, batch.track[:, NUMBER], due_ns)

    async def _collect(self) -> None:
        while True:
            ended = await self._inlet.read()
            if ended:
                self._collector.take(ended, wall_ns())

    # ---------------------------------------------------------------- the end

    async def finished(self) -> None:
        """Wait until everything the source had is decided.

        Raises:
            EscalationError: workers cannot be kept alive, or the stream gives out nothing any more.
        """
        for name in ("producer", SENDER):
            await self._while_it_works(self._tasks[name])
        while self._collector.open_count:
            await self._while_it_works(asyncio.ensure_future(asyncio.sleep(LOOK_S)))

    async def _while_it_works(self, awaited: "asyncio.Future[Any]") -> None:
        """Wait for ``awaited``, or raise what ended a part that never ends by itself."""
        endless = [self._tasks["collector"], self._tasks["workers"]]
        await first_of([awaited, *endless])
        for task in (*endless, awaited):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error if isinstance(error, EscalationError) else EscalationError(_told(error)) from error

    async def drain(self, *, send_rest: bool = False) -> int:
        """Send no more, wait until all that was sent is decided, within the drain time-out; let the workers leave.

        Returns:
            0: nothing is decided here.
        """
        if not self._tasks:
            return 0
        if send_rest:
            self.producer.finish()
        else:
            self.producer.stop()
        limit_s = self._config.drain_timeout_ns / NS_PER_S + RECOVERY_S
        with contextlib.suppress(TimeoutError, EscalationError):
            async with asyncio.timeout(limit_s):
                await self.finished()
        await self._stop()
        await self._workers.end("", LEAVE_S, settled=not self.undecided)
        return 0

    async def abandon(self) -> int:
        """Stop where it is; what is open stays undecided."""
        await self._stop()
        self._workers.kill()
        await self._workers.end("interrupted", 1.0, settled=not self.undecided)
        return 0

    async def _stop(self) -> None:
        self.producer.stop()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self.undecided = self._collector.open_count + self._mailbox.depth + self._mailbox.leased

    # ---------------------------------------------------------------- reading

    def gauges(self, batch_age_s: float | None, model: str, engine: str, silent_s: tuple[float, float]) -> Gauges:
        """Read everything at this instant, the workers' parts as they were told last.

        Args:
            batch_age_s: age of the newest batch features.
            model: short digest of the serving model.
            engine: what scores with it.
            silent_s: for how long Kafka, and Redis, have not answered.
        """
        box, unsent = self._mailbox, self.producer.count_offered()
        in_flight = self.producer.outbox_count + box.depth + box.leased + self._collector.open_count
        waiting = Waiting(unsent=unsent, in_flight=in_flight)
        told = self._workers.gauges()
        own = MailboxGauge(box.name, box.depth, box.capacity, box.leased, box.blocked_s)
        actors = (ActorGauge("producer", "running"), *_actors(told))
        states = [each.breaker for each in told]
        breaker = next((word for word in ("open", "half_open") if word in states), "closed")
        return Gauges(
            waiting, (own, *_mailboxes(told)), actors, batch_age_s, breaker, model, engine, silent_s[0], silent_s[1]
        )


def _told(error: BaseException) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


def _keyed(raws: Sequence[bytes]) -> tuple[Columns | None, list[bytes | None]]:
    """Return what can be read of ``raws``, and the key of each: its card's token, None where it has none."""
    columns, rows, _ = readable(raws)
    keys: list[bytes | None] = [None] * len(raws)
    for row, card in zip(rows, columns.cards if columns is not None else (), strict=True):
        keys[row] = card.encode()
    return columns, keys


def _mailboxes(told: Sequence[Gauges]) -> list[MailboxGauge]:
    """Return the workers' mailboxes, those of one name added up."""
    names = list(dict.fromkeys(box.name for each in told for box in each.mailboxes))
    summed = []
    for name in names:
        boxes = [box for each in told for box in each.mailboxes if box.name == name]
        summed.append(
            MailboxGauge(
                name,
                sum(box.depth for box in boxes),
                sum(box.capacity for box in boxes),
                sum(box.leased for box in boxes),
                sum(box.blocked_s for box in boxes),
            )
        )
    return summed


def _actors(told: Sequence[Gauges]) -> list[ActorGauge]:
    """Return the workers' actors: of one name the state of the one that is worst off, and all their restarts."""
    names = list(dict.fromkeys(actor.name for each in told for actor in each.actors if actor.name != "producer"))
    summed = []
    for name in names:
        actors = [actor for each in told for actor in each.actors if actor.name == name]
        states = [actor.state for actor in actors]
        state = next((word for word in ("failed", "restarting", "running", "waiting") if word in states), states[0])
        summed.append(ActorGauge(name, state, sum(actor.restarts for actor in actors)))
    return summed
