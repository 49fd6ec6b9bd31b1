"""Adapters in this process: the public equals of the ones that files and servers stand behind.

An embedded pipeline takes its transactions from an `InMemorySource` and leaves its decisions in an
`InMemoryDecisionSink`. Feature store and windows have theirs beside their ports: `actors.features.store` and
`actors.features.stream_state`.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from actors.core.arrays import I64
from actors.core.awaiting import Completed
from actors.core.batches import DeadLetter, DecidedBatch
from actors.source import Arrivals

BLOCK = 1_024  # transactions handed out at a time: as many as the producer sends at once


class InMemorySource:
    """Hands out what is put into it, in order, and waits for more until it is closed.

    What is put and not yet taken is held here, without a bound: whoever puts faster than the pipeline takes sees it in
    ``waiting``. Everything has a due time or nothing has.

    Attributes:
        waiting: transactions that were put and not yet taken.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._blocks: deque[Arrivals] = deque()
        self._closed = False
        self._more: asyncio.Future[None] | None = None
        self._coming_due: deque[I64] = deque()
        self._due_before = 0  # transactions whose times are over and were dropped
        self._scheduled: bool | None = None

    @classmethod
    def of(cls, raws: Sequence[bytes], due_ns: I64 | None = None) -> Self:
        """Return a source that has ``raws`` and is closed; see `put`."""
        source = cls()
        source.put(raws, due_ns)
        source.close()
        return source

    def put(self, raws: Sequence[bytes], due_ns: I64 | None = None) -> None:
        """Add transactions behind all that were put before; on the event loop, or before it runs.

        Args:
            raws: one JSON document each.
            due_ns: int64 (n,), when each is due since the start of the run, not decreasing and not before those that
                were put earlier; None: as fast as they are taken.

        Raises:
            ValueError: the source is closed, or the due times are not as they must be.
        """
        if self._closed:
            raise ValueError("the source is closed; put everything before close")
        if not raws:
            return
        if due_ns is not None:
            due_ns = due_ns.copy()  # the caller may use the array again
            self._schedule(len(raws), due_ns)
        elif self._scheduled:
            raise ValueError("what was put before has due times, so all that follows must have them")
        self._scheduled = due_ns is not None
        for at in range(0, len(raws), BLOCK):
            part = slice(at, at + BLOCK)
            self._blocks.append(Arrivals(list(raws[part]), None if due_ns is None else due_ns[part]))
        self.waiting += len(raws)
        self._wake()

    def close(self) -> None:
        """Say that nothing more will be put; what is inside is still handed out."""
        self._closed = True
        self._wake()

    async def take(self) -> Arrivals | None:
        """Return the next transactions, waiting for them if need be; None once it is closed and empty; never raises."""
        while not self._blocks:
            if self._closed:
                return None
            self._more = asyncio.get_running_loop().create_future()
            await self._more
        block = self._blocks.popleft()
        self.waiting -= len(block.raws)
        return block

    def due_count(self, elapsed_ns: int) -> int | None:
        """Return how many transactions are due, None where there is no schedule; see `Source`."""
        if not self._scheduled:
            return None
        while self._coming_due and self._coming_due[0][-1] <= elapsed_ns:
            self._due_before += len(self._coming_due.popleft())
        if not self._coming_due:
            return self._due_before
        return self._due_before + int(np.searchsorted(self._coming_due[0], elapsed_ns, "right"))

    def _schedule(self, count: int, due_ns: I64) -> None:
        """Remember when ``count`` transactions are due."""
        if self._scheduled is False:
            raise ValueError("what was put before has no due times, so nothing that follows can have them")
        if due_ns.shape != (count,):
            raise ValueError(f"each of the {count} transactions needs one due time, got {due_ns.shape}")
        last_ns = self._coming_due[-1][-1:] if self._coming_due else due_ns[:0]
        if (np.diff(np.concatenate((last_ns, due_ns))) < 0).any():
            raise ValueError("due times must not decrease")
        if count:
            self._coming_due.append(due_ns)

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)


class InMemoryDecisionSink:
    """Keeps every decision, one for each transaction, in the order in which they were delivered first.

    Attributes:
        decided: the batches.
    """

    def __init__(self) -> None:
        self.decided: list[DecidedBatch] = []
        self._ids: set[str] = set()

    async def deliver(self, decided: DecidedBatch) -> None:
        """Keep ``decided``, less what was kept before; never raises and never waits."""
        ids = self._ids
        if ids.isdisjoint(decided.batch.ids):
            self._keep(decided)
            return
        for one in _singly(decided):
            if one.batch.ids[0] not in ids:
                self._keep(one)

    def _keep(self, decided: DecidedBatch) -> None:
        self.decided.append(decided)
        self._ids.update(decided.batch.ids)


def _singly(decided: DecidedBatch) -> Iterator[DecidedBatch]:
    """Yield each transaction of ``decided`` in a batch of its own."""
    while len(decided) > 1:
        first, decided = decided.split(1)
        yield first
    yield decided


class InMemoryLines:
    """A `LineSink` that keeps what is appended.

    Attributes:
        content: all of it.
    """

    def __init__(self) -> None:
        self.content = bytearray()

    def append(self, lines: bytes) -> None:
        """Keep ``lines``."""
        self.content += lines


class InMemoryDeadLetters:
    """Keeps dead letters.

    Attributes:
        letters: all of them, in order.
    """

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def put(self, letters: Sequence[DeadLetter]) -> Completed[None]:
        """Keep ``letters``; never raises and never waits."""
        self.letters.extend(letters)
        return Completed(None)
