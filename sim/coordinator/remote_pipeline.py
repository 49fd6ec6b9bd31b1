"""A pipeline whose actors are in workers: its ends are here, a producer before the stream and a reader behind it."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol

from actors.adapters.kafka.messages import Ended
from actors.config import PipelineConfig
from actors.core.cancellation import failure_of
from actors.core.clock import NS_PER_S, Clock, wall_ns
from actors.core.errors import EscalationError, printable
from actors.resilience.breaker import CircuitBreaker
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.snapshot import ActorGauge, Gauges, MailboxGauge
from sim.coordinator.collector import Collector
from sim.coordinator.open_loop import SENDER
from sim.coordinator.waiting import first_of

RECOVERY_S: Final = 15.0  # beyond the drain time-out: a worker that dies now is started, and gets its partitions back
LEAVE_S: Final = 10.0  # for the last commits
LOOK_S: Final = 0.02


class Inlet(Protocol):
    """Where it is read what workers have committed."""

    async def read(self) -> list[Ended]:
        """Return what was committed since the last call; waits a moment for it."""
        ...


class Sending(Protocol):
    """The end before the stream: it sends transactions, or takes note of those that others have sent."""

    @property
    def held(self) -> int:
        """How many are here, on their way to the stream or into the ledger."""
        ...

    def start_at(self, start_ns: int, wall_less_clock_ns: int) -> None:
        """Set the instant from which intended times count, and how far wall time is ahead of the run's clock."""
        ...

    async def produce(self) -> None:
        """Take everything that there is."""
        ...

    async def send(self) -> None:
        """Send what was taken."""
        ...

    def finish(self) -> None:
        """Take what is due by now, and then stop."""
        ...

    def stop(self) -> None:
        """Take nothing more."""
        ...

    def unsent(self) -> int:
        """Return how many are due and were not taken."""
        ...

    def box(self) -> MailboxGauge:
        """Return how full its mailbox is."""
        ...

    def gauge(self) -> ActorGauge:
        """Return what it does."""
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
        sending: the one end.
        inlet: the other: where it is read what became of transactions.
        collector: books that.
        workers: decide.
        clock: of the run.

    Attributes:
        undecided: how many were open when the run had to end.
    """

    breaker: CircuitBreaker | None = None

    def __init__(
        self,
        config: PipelineConfig,
        sending: Sending,
        inlet: Inlet,
        collector: Collector,
        workers: Workers,
        clock: Clock,
    ) -> None:
        self._config = config
        self._sending = sending
        self._inlet = inlet
        self._collector = collector
        self._workers = workers
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.undecided = 0

    def start(self, start_ns: int) -> None:
        """Start; intended times count from ``start_ns``, on the run's clock and on every machine's."""
        wall_less_clock_ns = wall_ns() - self._clock.now_ns()
        self._collector.begin(wall_less_clock_ns)
        self._workers.begin(start_ns + wall_less_clock_ns)
        self._sending.start_at(start_ns, wall_less_clock_ns)
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "producer": self._sending.produce(),
            SENDER: self._sending.send(),
            "collector": self._collect(),
            "workers": self._workers.given_up(),
        }
        self._tasks = {name: asyncio.create_task(job, name=name) for name, job in jobs.items()}

    # ---------------------------------------------------------------- the other end

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
            Exception: what ended a helper of theirs.
        """
        for name in ("producer", SENDER):
            await self._while_it_works(self._tasks[name])
        while self._collector.open_count:
            await self._while_it_works(asyncio.create_task(asyncio.sleep(LOOK_S)))

    async def _while_it_works(self, awaited: "asyncio.Task[Any]") -> None:
        """Wait for ``awaited``, or raise what ended a part that never ends by itself."""
        workers = self._tasks["workers"]
        endless = [self._tasks["collector"], workers]
        await first_of([awaited, *endless])
        for task in (*endless, awaited):
            if task.done() and (error := failure_of(task)) is not None:
                if task is workers or isinstance(error, EscalationError):
                    raise error
                raise EscalationError(_told(error)) from error

    async def drain(self, *, send_rest: bool = False) -> int:
        """Send no more, wait until all that was sent is decided, within the drain time-out; let the workers leave.

        Returns:
            0: nothing is decided here.
        """
        if not self._tasks:
            return 0
        if send_rest:
            self._sending.finish()
        else:
            self._sending.stop()
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
        self._sending.stop()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._collector.stop()
        box = self._sending.box()
        self.undecided = self._collector.open_count + box.depth + box.leased

    # ---------------------------------------------------------------- reading

    def gauges(self, batch_age_s: float | None, model: str, engine: str, silent_s: tuple[float, float]) -> Gauges:
        """Read everything at this instant, the workers' parts as they were told last.

        Args:
            batch_age_s: age of the newest batch features.
            model: short digest of the serving model.
            engine: what scores with it.
            silent_s: for how long Kafka, and Redis, have not answered.
        """
        unsent = self._sending.unsent()
        in_flight = self._sending.held + self._collector.open_count
        waiting = Waiting(unsent=unsent, in_flight=in_flight)
        told = self._workers.gauges()
        own = self._sending.box()
        actors = (self._sending.gauge(), *_actors(told))
        states = [each.breaker for each in told]
        breaker = next((word for word in ("open", "half_open") if word in states), "closed")
        return Gauges(
            waiting, (own, *_mailboxes(told)), actors, batch_age_s, breaker, model, engine, silent_s[0], silent_s[1]
        )


def _told(error: BaseException) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


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
