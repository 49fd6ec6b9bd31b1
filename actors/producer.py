"""The producer: hands transactions over at their intended times, whatever the pipeline does."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from actors.actor import Environment
from actors.config import ProducerConfig
from actors.core.arrays import I64
from actors.core.batches import ARRIVAL, NUMBER, SENT, RawBatch, Track, stamp
from actors.core.clock import NS_PER_MS, NS_PER_US
from actors.core.work import SEND
from actors.mailbox import Mailbox
from actors.source import Arrivals, Source
from actors.telemetry.stages import Stage

T = TypeVar("T")

SHORT_NS = 100 * NS_PER_MS  # a wait up to it is slept through: one that can be ended costs a task


class Producer:
    """Open loop: emits everything that is due at each wake, and never moves an intended time.

    A full mailbox blocks it; what has become due meanwhile is *unsent*, and its latency already counts.

    Args:
        source: where transactions come from.
        outlet: the assembler's mailbox.
        config: how it hands over.
        environment: the clock and all else that every actor works in.
        on_finished: told once when everything the source had was sent.
    """

    name = "producer"

    def __init__(
        self,
        source: Source,
        outlet: Mailbox[RawBatch],
        config: ProducerConfig,
        environment: Environment,
        on_finished: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._outlet = outlet
        self._config = config
        self._clock = environment.clock
        self._telemetry = environment.telemetry
        self._lateness = environment.telemetry.stages[Stage.LATENESS]
        self._lateness.before_reading(self._count_lateness)
        self.hooks = environment.hooks
        self._hooked = True
        self._work = environment.work
        self._on_finished = on_finished
        self._arrivals: Arrivals | None = None
        self._track: I64 = np.zeros((0, len(Track)), dtype=np.int64)  # of which each batch gets its rows as its track
        self._due_ns: list[int] = []
        self._sent_of_arrivals = 0
        self._counted_of_arrivals = 0
        self._taken = 0
        self._numbered = 0
        self._outbox: RawBatch | None = None
        self._start_ns = environment.clock.now_ns()
        self._stopping = False
        self._last_ns: int | None = None  # what is due later is not sent
        self._nap: asyncio.Future[None] | None = None  # a long wait for what is due next
        self._taking: asyncio.Timeout | None = None  # around a call of the source, so that `stop` can end it
        self._unblocked_ns = 0

    @property
    def outbox_count(self) -> int:
        """Number of transactions numbered here that the assembler's mailbox has not taken yet."""
        return 0 if self._outbox is None else len(self._outbox)

    def start_at(self, start_ns: int) -> None:
        """Set the instant from which intended times count."""
        self._start_ns = start_ns

    def stop(self) -> None:
        """Take nothing more; what is already being handed over is finished, what is due and unsent stays unsent."""
        self.finish()
        self._stopping = True
        if self._taking is not None:
            self._taking.reschedule(0)
            self._taking = None

    def finish(self) -> None:
        """Send what is due by now, and then stop: the run has reached its end, and what would come later never will.

        Where there is no schedule nothing is due: what was taken from the source already is sent.
        """
        if self._last_ns is None:
            self._offer_due()
            self._last_ns = self._clock.now_ns()
        if self._nap is not None:
            self._nap.cancel()

    def count_offered(self) -> int:
        """Bring the ledger's offered count up to now.

        Returns:
            How many transactions are due and not handed over.
        """
        ledger = self._telemetry.ledger
        if self._last_ns is None:
            self._offer_due()
        elif self._numbered > ledger.offered:  # taken while the end came, where there is no schedule
            ledger.offer(self._numbered - ledger.offered)
        return ledger.offered - self._numbered

    def take_outbox(self) -> RawBatch | None:
        """Take what was not handed over; for the end of a run that could not drain."""
        left, self._outbox = self._outbox, None
        return left

    async def run(self) -> None:
        """Send everything the source has, then close the mailbox. Can be run again after it has raised."""
        self._hooked = not self.hooks.idle
        await self._empty_outbox()
        while not self._stopping and (arrivals := await self._next_arrivals()) is not None:
            if arrivals.due_ns is None:
                await self._send(arrivals, len(arrivals.raws))
            else:
                await self._send_due(arrivals)
        self._outlet.close()
        if self._on_finished is not None:
            self._on_finished()

    async def _next_arrivals(self) -> Arrivals | None:
        if self._arrivals is not None and self._sent_of_arrivals < len(self._arrivals.raws):
            return self._arrivals
        if self._last_ns is not None and self._telemetry.ledger.offered <= self._numbered:
            return None
        arrivals = await self._take()
        self._count_lateness()
        self._arrivals, self._sent_of_arrivals, self._counted_of_arrivals = arrivals, 0, 0
        if self._arrivals is not None:
            self._enter(self._arrivals)
        return self._arrivals

    async def _take(self) -> Arrivals | None:
        """Return what the source has next, None when the producer is stopped while it is waited for.

        It is asked in the producer's own task: another one would let all other actors run first, which makes the
        producer late when they are behind.
        """
        taking = asyncio.timeout(None)
        try:
            async with taking as self._taking:
                return await self._source.take()
        except TimeoutError:
            if not taking.expired():
                raise
            return None
        finally:
            self._taking = None

    def _enter(self, arrivals: Arrivals) -> None:
        """Write down once, for all of ``arrivals``, what is known of them before they are sent."""
        count = len(arrivals.raws)
        self._taken += count
        self._track = np.zeros((count, len(Track)), dtype=np.int64)
        self._track[:, NUMBER] = np.arange(self._numbered, self._numbered + count)
        if arrivals.due_ns is not None:
            arrivals_ns = arrivals.due_ns + self._start_ns
            self._track[:, ARRIVAL] = arrivals_ns
            self._due_ns = arrivals_ns.tolist()

    async def _send_due(self, arrivals: Arrivals) -> None:
        due_ns, count = self._due_ns, len(self._due_ns)
        while (sent := self._sent_of_arrivals) < count and not self._stopping:
            now_ns = self._clock.now_ns() if self._last_ns is None else self._last_ns
            if due_ns[sent] <= now_ns:
                await self._send(arrivals, bisect_right(due_ns, now_ns, sent))
            elif self._last_ns is not None:
                self._stopping = True
            elif due_ns[sent] - now_ns <= SHORT_NS:
                await self._clock.sleep_until_ns(due_ns[sent])
            else:
                self._nap = asyncio.ensure_future(self._clock.sleep_until_ns(due_ns[sent]))
                await _given_up(self._nap)
                self._nap = None

    async def _send(self, arrivals: Arrivals, upto: int) -> None:
        while self._sent_of_arrivals < upto and not self._stopping:
            count = min(upto - self._sent_of_arrivals, self._config.max_batch_size)
            stop = self._sent_of_arrivals + count
            if self._hooked:
                await self.hooks.received(self.name, count)
            await self._work.spend(SEND, count)
            if self._hooked:
                await self.hooks.prepared(self.name, count)
            self._commit(arrivals, stop)
            if not self._passed_on():
                await self._empty_outbox()

    def _commit(self, arrivals: Arrivals, stop: int) -> None:
        start, now_ns = self._sent_of_arrivals, self._clock.now_ns()
        count = stop - start
        track = self._track[start:stop]
        stamp(track, SENT, now_ns)
        if arrivals.due_ns is None:
            stamp(track, ARRIVAL, now_ns)
        self._outbox = RawBatch(arrivals.raws[start:stop], track)
        self._sent_of_arrivals = stop
        self._numbered += count
        self._telemetry.ledger.send(count)  # what is due is counted when the ledger is read

    def _count_lateness(self) -> None:
        """Record how late the producer was by its own doing, for all that was sent since the last call.

        What it owes to a full mailbox is the pipeline's, and shows as latency: so this is called before the instant
        changes at which it was last let go on, before new arrivals take the place of these, and before any reading.
        """
        sent = self._track[self._counted_of_arrivals : self._sent_of_arrivals]
        self._counted_of_arrivals = self._sent_of_arrivals
        if self._arrivals is not None and self._arrivals.due_ns is not None:
            could_ns = np.maximum(sent[:, ARRIVAL], self._unblocked_ns)
            self._lateness.record((sent[:, SENT] - could_ns) // NS_PER_US)

    def _passed_on(self) -> bool:
        if self._outbox is not None:
            self._outbox = self._outlet.offer(self._outbox)
        return self._outbox is None

    async def _empty_outbox(self) -> None:
        while not self._passed_on():
            await self._outlet.room()
            self._count_lateness()
            self._unblocked_ns = self._clock.now_ns()

    def _offer_due(self) -> None:
        """Enter in the ledger what is due by now, or taken where there is no schedule."""
        due = self._source.due_count(self._clock.now_ns() - self._start_ns)
        if due is None:
            due = self._taken
        ledger = self._telemetry.ledger
        ledger.offer(max(due, self._numbered) - ledger.offered)


async def _given_up(awaited: asyncio.Future[T]) -> T | None:
    """Return what ``awaited`` gives, None when it is cancelled meanwhile."""
    await asyncio.gather(awaited, return_exceptions=True)
    return None if awaited.cancelled() else awaited.result()
