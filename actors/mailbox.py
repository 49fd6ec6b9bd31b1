"""An actor's bounded FIFO of messages, with its capacity counted in transactions.

The receiver takes a *lease*: the messages stay the mailbox's until they are acknowledged, so what a crashed actor
was working on is delivered again. The sender is slowed by a full mailbox (backpressure); nothing is ever refused or
dropped.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from actors.core.awaiting import CachedLoop
from actors.core.batches import Message
from actors.core.clock import Clock
from actors.core.errors import MailboxError

M = TypeVar("M", bound=Message)


class Lease(msgspec.Struct, Generic[M], eq=False, gc=False):
    """What a receiver is working on.

    Attributes:
        message: the transactions.
        rows: how many these are.
        sequence: number of this lease, 0, 1, 2, …; the same when it is delivered again.
        crash_count: how often the receiver died with it.
    """

    message: M
    rows: int
    sequence: int
    crash_count: int = 0


class Mailbox(Generic[M]):
    """A bounded FIFO between two actors; one sender, one receiver, one event loop.

    Args:
        name: of the actor that receives from it.
        capacity: most transactions that may wait, > 0; those under lease are not counted.
        clock: measures how long the sender was blocked.
    """

    def __init__(self, name: str, capacity: int, clock: Clock) -> None:
        self.name = name
        self.capacity = capacity
        self.depth = 0
        self._clock = clock
        self._waiting: deque[tuple[M, int]] = deque()  # with its length, which takes a frame of Python to ask for
        self._lease: Lease[M] | None = None
        self._narrowed: deque[M] = deque()
        self._next_sequence = 0
        self._closed = False
        self._receiver: asyncio.Future[None] | None = None
        self._sender: asyncio.Future[None] | None = None
        self._blocked_ns = 0
        self._blocked_since_ns: int | None = None
        self._home = CachedLoop()

    @property
    def leased(self) -> int:
        """Number of transactions taken and not acknowledged, waiting parts of a split lease included."""
        held = 0 if self._lease is None else self._lease.rows
        return held + sum(map(len, self._narrowed))

    @property
    def lease(self) -> Lease[M] | None:
        """What the receiver is working on, if anything."""
        return self._lease

    @property
    def closed(self) -> bool:
        """Whether the sender is done."""
        return self._closed

    @property
    def blocked_s(self) -> float:
        """Seconds for which the sender has waited for room, a wait that still lasts included."""
        since_ns = self._blocked_since_ns
        lasting_ns = 0 if since_ns is None else self._clock.now_ns() - since_ns
        return (self._blocked_ns + lasting_ns) / 1e9

    def resize(self, capacity: int) -> None:
        """Hold ``capacity`` transactions from now on, > 0; what is inside stays, and a waiting sender looks again."""
        self.capacity = capacity
        _wake(self._sender)

    def offer(self, message: M) -> M | None:
        """Take as much of ``message`` as fits, at once; return the rest, or None when all of it fitted.

        Raises:
            MailboxError: the mailbox was closed.
        """
        if self._closed:
            text = f"mailbox {self.name} is closed and takes nothing more"
            raise MailboxError(text)
        room, count, rest = self.capacity - self.depth, len(message), None
        if count > room:
            if room <= 0:
                return message
            (message, rest), count = message.split(room), room
        self._waiting.append((message, count))
        self.depth += count
        if self._receiver is not None:
            _wake(self._receiver)
        return rest

    async def room(self) -> None:
        """Wait until at least one transaction fits."""
        self._blocked_since_ns = self._clock.now_ns()
        try:
            while self.depth >= self.capacity:
                self._sender = self._home.future()
                await self._sender
        finally:
            self._blocked_ns += self._clock.now_ns() - self._blocked_since_ns
            self._blocked_since_ns = None
            self._sender = None

    async def send(self, message: M) -> None:
        """Put ``message`` in, in pieces if need be, waiting while the mailbox is full.

        A sender that must survive being cancelled half-way keeps its own rest with `offer` and `room` instead.
        """
        rest = self.offer(message)
        while rest is not None:
            await self.room()
            rest = self.offer(rest)

    def close(self) -> None:
        """Say that nothing more will come; what is inside can still be received."""
        self._closed = True
        _wake(self._receiver)

    async def receive(self, limit: int) -> Lease[M] | None:
        """Lease what is waiting, up to ``limit`` transactions; wait for the first, never for more.

        A lease that was not acknowledged is returned again, whatever ``limit`` says.

        Returns:
            The lease, or None when the mailbox is closed and empty.
        """
        if self._lease is not None:
            return self._lease
        if self._narrowed:
            message = self._narrowed.popleft()
            return self._grant(message, len(message))
        while not self._waiting:
            if self._closed:
                return None
            self._receiver = self._home.future()
            await self._receiver
            self._receiver = None
        return self._take(limit)

    def acknowledge(self) -> None:
        """Say that the leased transactions are done with.

        Raises:
            MailboxError: nothing is leased.
        """
        if self._lease is None:
            text = f"mailbox {self.name} has no lease to acknowledge"
            raise MailboxError(text)
        self._lease = None

    def narrow(self) -> None:
        """Cut the lease into single transactions, each leased on its own, to find the one that crashes its receiver."""
        if self._lease is None:
            return
        rest = self._lease.message
        self._lease = None
        while len(rest) > 1:
            first, rest = rest.split(1)
            self._narrowed.append(first)
        self._narrowed.append(rest)

    def take_all(self) -> list[M]:
        """Empty the mailbox, lease included, in order; for the end of a run that could not drain."""
        held = [] if self._lease is None else [self._lease.message]
        everything = [*held, *self._narrowed, *(message for message, _ in self._waiting)]
        self._lease = None
        self._narrowed.clear()
        self._waiting.clear()
        self.depth = 0
        _wake(self._sender)
        return everything

    def refill(self, messages: Iterable[M]) -> None:
        """Put ``messages`` in, behind what waits, whatever the capacity and closed or not; for the end of a run.

        A receiver is not woken: whoever ends a run has stopped it, and receives himself.
        """
        for message in messages:
            self._waiting.append((message, len(message)))
            self.depth += len(message)

    def next_sequence(self) -> int:
        """Return a sequence number that no lease has, for work outside a lease."""
        self._next_sequence += 1
        return self._next_sequence - 1

    def _take(self, limit: int) -> Lease[M]:
        waiting = self._waiting
        message, count = waiting.popleft()
        if waiting and count < limit:
            message, count = self._join(message, count, limit)
        elif count > limit:
            message, rest = message.split(limit)
            waiting.appendleft((rest, count - limit))
            count = limit
        self.depth -= count
        if self._sender is not None:
            _wake(self._sender)
        return self._grant(message, count)

    def _join(self, first: M, count: int, limit: int) -> tuple[M, int]:
        """Return ``first`` with what waits behind it, up to ``limit`` transactions, and how many these are."""
        parts = [first]
        while self._waiting and count < limit:
            message, more = self._waiting.popleft()
            excess = count + more - limit
            if excess > 0:
                message, rest = message.split(limit - count)
                self._waiting.appendleft((rest, excess))
                more -= excess
            parts.append(message)
            count += more
        return type(first).merge(parts), count

    def _grant(self, message: M, rows: int) -> Lease[M]:
        self._lease = lease = Lease(message, rows, self._next_sequence)
        self._next_sequence += 1
        return lease


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
