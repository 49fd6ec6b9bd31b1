"""What windows have missed is counted again from the topic: before anything new is handed out, and before leaving."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from actors.adapters.kafka.client import StillWaitingError
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epochs import EpochBook
from actors.adapters.kafka.thread import ClientThread
from actors.adapters.positions import Recount
from actors.core.arrays import I64
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, readable

RECOUNTED: Final = 2_000  # rows at a time
RETRY_S: Final = 0.25
REST_S: Final = 3.0  # within what a worker takes for its last commit


class Recounts:
    """Has windows count again what was decided without them.

    Args:
        book: which rows are on their way, and from where windows have to count again.
        client: reads them again.
        thread: in which the client is used.

    Attributes:
        windows: told again of what they have missed; None where they cannot miss anything.
        uncounted: transactions that windows have not counted when this worker left.
    """

    def __init__(self, book: EpochBook, client: EpochClient, thread: ClientThread) -> None:
        self.windows: Recount | None = None
        self.uncounted = 0
        self._book = book
        self._client = client
        self._thread = thread

    @property
    def due(self) -> bool:
        """Whether windows have missed something."""
        return bool(self._book.gaps) and self.windows is not None

    async def behind(self, partitions: Sequence[int]) -> bool:
        """Return whether windows of ``partitions`` end below what is committed, as far as they tell."""
        if self.windows is None:
            return False
        with contextlib.suppress(StreamStateError):  # or their next rows are decided without them, and find it
            await self.windows.look(partitions)
        return not self._book.gaps.keys().isdisjoint(partitions)

    async def count(self) -> None:
        """Have windows count all that they are known to have missed, if they answer; nothing may be on its way.

        Raises:
            StillWaitingError: the brokers do not answer.
        """
        if self.windows is not None:
            for partition, offset in dict(self._book.gaps).items():
                await self._recount(partition, offset, self.windows)

    async def count_rest(self, partitions: Sequence[int]) -> None:
        """Have windows count what was decided without them last, if they answer within a while.

        Raises:
            WorkerFencedError: it cannot be read any more.
        """
        if not await self.behind(partitions):
            return
        try:
            with contextlib.suppress(TimeoutError, StillWaitingError):
                async with asyncio.timeout(REST_S):
                    while self._book.gaps:
                        await self.count()
        finally:
            gaps = self._book.gaps.items()
            self.uncounted = sum(self._book.committed(partition) - offset for partition, offset in gaps)

    async def _recount(self, partition: int, start: int, windows: Recount) -> None:
        end = self._book.committed(partition)
        with contextlib.suppress(StreamStateError):
            await windows.look((partition,))  # whoever had it before may have missed more
            start = self._book.gaps.get(partition, start)
            while start < end:
                found, after = await self._thread.call(self._client.reread, partition, start, end, RECOUNTED)
                if after == start:  # it was given away while it was read
                    return
                await windows.recount(partition, *_readable(found), after)
                start = after
            self._book.gaps.pop(partition, None)
            return
        await asyncio.sleep(RETRY_S)  # they are out of reach again; rows are decided without them meanwhile


def _readable(found: Sequence[tuple[int, bytes]]) -> tuple[I64, Columns | None]:
    """Return those of ``found`` that are transactions: offsets and columns, None if there is none.

    The others are dead letters, as they were when they came first.
    """
    columns, rows, _ = readable([raw for _, raw in found])
    return np.array([found[row][0] for row in rows], dtype=np.int64), columns
