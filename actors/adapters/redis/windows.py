"""Windows and remembered ids in Redis, for workers that share them and may die at any instant.

Keys, all behind the run's prefix; they end by themselves some time after they were last written:

- ``c:{card}``, ``m:{merchant}``, ``d:{device}``: records, as bytes of a ring buffer's record, see `EntityWindows`;
- ``g:{partition}``: its head, see `Head`; ``r:{partition}``: rows with their features that were counted and that nobody
  is known to have committed, see `pack_rows`;
- ``i``: number of the set of ids that fills; ``i:{number}``: ids. The newest five sets hold what is remembered.

The kernel that computes features in process computes them here. A batch takes two round trips: one reads heads, ids and
records; one compares all of these with what was read, and writes what was counted only if nobody was faster. Whoever
was too slow counts again on what is there now.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from actors.adapters.positions import Positions
from actors.adapters.redis.guard import Head, HeadVerdict, Known, judge, pack_rows
from actors.adapters.redis.kept_windows import KeptWindows, Seen
from actors.adapters.redis.records import record_kinds
from actors.core.arrays import F32, I64, Bool
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.entity_windows import NOBODY, Past
from actors.features.kernels import advance
from actors.features.stream_state import missing_stream

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

DAY_S: Final = 86_400
AT_ONCE: Final = 128  # rows a call that writes: the server answers nobody else meanwhile
ATTEMPTS: Final = 20  # to be faster than the others; two workers on the same merchants take 1.2 to 2.3
NO_ROWS: Final[I64] = np.empty(0, dtype=np.int64)
NO_TOUCHES: Final = (0, 0, 0)  # records are never evicted by age here


class RedisWindows:
    """`StreamState` and `RememberedIds` in Redis, behind a guard by partition and offset; see also `Recount`.

    Args:
        client: of the server; whoever made it closes it.
        prefix: of all keys; ends with a colon.
        positions: where transactions lie.
        past: of entities of which no record is kept, by kind.
        remembered_ids: how many of the last ids are remembered at least, by all workers together.
        kept_s: how long keys are kept that nobody writes.

    Attributes:
        conflicts: how often others were faster.
    """

    def __init__(
        self,
        client: "Redis",
        prefix: str,
        positions: Positions,
        past: Mapping[str, Past] | None = None,
        remembered_ids: int = 1_000_000,
        kept_s: int = DAY_S,
    ) -> None:
        self.conflicts = 0
        self._kept = KeptWindows(client, prefix, record_kinds(past), remembered_ids, kept_s)
        self._positions = positions
        self._known: dict[int, Known] = {}
        self._seen: Seen | None = None
        self._refused: tuple[int, int, str] | None = None  # numbers that could not be asked about
        self._busy: asyncio.Task[Any] | None = None

    # ------------------------------------------------------------------ ports

    async def fresh(self, numbers: I64, columns: Columns) -> Bool | None:
        """Return which transactions are new; see `RememberedIds`."""
        return await self._alone(lambda: self._fresh(numbers, columns))

    def remember(self, numbers: I64, columns: Columns) -> None:
        """Do nothing: ids are remembered with what is counted."""

    async def advance(self, numbers: I64, columns: Columns) -> F32:
        """Count transactions and return their streaming features; see `StreamState`."""
        try:
            return await self._alone(lambda: self._advance(numbers, columns))
        except (asyncio.CancelledError, GeneratorExit):  # maybe before it was begun, behind a call that takes too long
            with contextlib.suppress(StreamStateError):
                self._miss(*self._positions.of(numbers))
            raise

    async def look(self, partitions: Sequence[int]) -> None:
        """Look where windows end; see `Recount`."""
        await self._alone(lambda: self._look_at(partitions))

    async def recount(self, partition: int, offsets: I64, columns: Columns | None, next_offset: int) -> None:
        """Count what was missed, then take that all below ``next_offset`` was counted; see `Recount`."""
        await self._alone(lambda: self._recount(partition, offsets, columns, next_offset))

    async def _alone(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what ``work`` returns, begun when nothing else is under way, and carried out even if nobody waits.

        So no call is cut off between question and answer, where nobody could tell whether it was carried out.
        """
        while self._busy is not None and not self._busy.done():
            await asyncio.shield(asyncio.gather(self._busy, return_exceptions=True))
        task = asyncio.create_task(work())
        task.add_done_callback(_retrieve)
        self._busy = task
        answer = asyncio.shield(task)
        answer.add_done_callback(_retrieve)
        return await answer

    # ------------------------------------------------------------------ what is new

    async def _fresh(self, numbers: I64, columns: Columns) -> Bool | None:
        self._seen = self._refused = None
        try:
            seen = await self._look(numbers, columns, *self._positions.of(numbers))
        except StreamStateError as error:
            self._refused = (numbers.item(0), numbers.item(-1), str(error))
            raise
        fresh = seen.fresh()
        if fresh is not None and not fresh.any():  # nothing will be counted that would move the windows past them
            with contextlib.suppress(StreamStateError):
                await self._count(seen, NO_ROWS, missing_stream(0), self._beyond(seen))
        self._seen = seen
        return fresh

    # ------------------------------------------------------------------ what is counted

    async def _advance(self, numbers: I64, columns: Columns) -> F32:
        if self._refused is not None and self._refused[0] <= numbers[0] and numbers[-1] <= self._refused[1]:
            raise StreamStateError(self._refused[2])
        seen, self._seen = self._seen, None
        if seen is None or not np.isin(numbers, seen.numbers).all():
            seen = await self._look(numbers, columns, *self._positions.of(numbers))
        elif len(numbers) < len(seen.numbers):
            seen = seen.part(np.searchsorted(seen.numbers, numbers), columns)
        try:
            return await self._counted(seen)
        except StreamStateError:
            self._miss(seen.partitions, seen.offsets)
            raise

    async def _counted(self, seen: Seen) -> F32:
        """Return the features of what was seen, all of it new; count what was not counted yet."""
        features = np.empty((len(seen.numbers), len(STREAM_COLUMNS)), dtype=np.float32)
        attempts, at = 0, 0
        while at < len(seen.numbers):
            rows = self._to_count(seen, at, features)
            reached = {partition: offset + 1 for partition, offset in seen.places_of(rows)}
            if at + AT_ONCE >= len(seen.numbers):
                reached |= self._beyond(seen)
            if not reached or await self._count(seen, rows, features, reached):
                at, attempts = at + AT_ONCE, 0
                continue
            attempts, self.conflicts = attempts + 1, self.conflicts + 1
            if attempts == ATTEMPTS:
                raise StreamStateError(f"others were faster {ATTEMPTS} times with the same cards, merchants or devices")
            reach = seen.reach
            seen = await self._look(seen.numbers, seen.columns, seen.partitions, seen.offsets)
            seen.reach |= {partition: reach.get(partition, offset) for partition, offset in seen.reach.items()}
        for partition, offset in ({partition: offset + 1 for partition, offset in seen.places()} | seen.reach).items():
            known = self._of(partition)
            known.reached = max(offset, known.reached or 0)
        return features

    def _beyond(self, seen: Seen) -> dict[int, int]:
        """Return by partition the offset behind repetitions that end, where windows are not as far."""
        heads = self._heads(seen)
        return {partition: offset for partition, offset in seen.reach.items() if offset > heads[partition].next}

    def _to_count(self, seen: Seen, at: int, features: F32) -> I64:
        """Return which of the next rows are yet to be counted; fill in the features of the others.

        Raises:
            StreamStateError: one of them can no longer be counted.
        """
        rows: list[int] = []
        heads = self._heads(seen)
        for row in range(at, min(at + AT_ONCE, len(seen.numbers))):
            again = seen.cached.get(row)
            if again is not None:
                features[row] = again
            elif seen.offsets[row] < heads[seen.partitions.item(row)].next:
                raise StreamStateError(f"transaction {seen.numbers[row]} was passed over when later ones were counted")
            elif seen.known[row]:
                raise StreamStateError(f"another worker was faster with the id of transaction {seen.numbers[row]}")
            else:
                rows.append(row)
        return np.array(rows, dtype=np.int64)

    async def _count(
        self, seen: Seen, rows: I64, features: F32, reached: Mapping[int, int], *, cache: bool = True
    ) -> bool:
        """Count ``rows``, at most `AT_ONCE`, and return whether nobody was faster; their features are written.

        Args:
            reached: the next offset of each partition afterwards.
            cache: whether the rows may come again.
        """
        columns, partitions = seen.columns, seen.partitions[rows]
        of_cards, of_merchants, of_devices = seen.entities
        places = of_cards.rows[rows], of_merchants.rows[rows], of_devices.rows[rows]
        if len(rows):
            out = np.empty((len(rows), len(STREAM_COLUMNS)), dtype=np.float32)
            advance(
                of_cards.records,
                of_merchants.records,
                of_devices.records,
                *places,
                columns.event_us[rows],
                columns.cents[rows],
                columns.lat[rows],
                columns.lon[rows],
                NO_TOUCHES,
                out,
            )
            features[rows] = out
        used = [np.unique(each[each != NOBODY]) for each in places]
        heads: dict[int, tuple[Head, bytes, int]] = {}
        before = self._heads(seen)
        for partition, next_offset in reached.items():
            own, head = rows[partitions == partition], before[partition]
            committed = self._positions.committed(partition)
            moved = Head(max(head.first, min(committed, next_offset)), max(head.next, next_offset))
            cached = pack_rows(seen.offsets[own], features[own]) if cache and len(own) else b""
            heads[partition] = moved, cached, committed
        return await self._kept.write(seen, rows, used, heads)

    # ------------------------------------------------------------------ what was missed

    async def _look_at(self, partitions: Sequence[int]) -> None:
        self._seen = None
        try:
            seen = await self._kept.read(NO_ROWS, None, NO_ROWS, NO_ROWS, partitions)
            ends = {partition: head.next for partition, head in self._heads(seen).items()}
        except StreamStateError:
            for partition in partitions:
                known = self._of(partition)
                reached = self._positions.first(partition) if known.reached is None else known.reached
                if reached <= known.missed:
                    self._positions.behind(partition, reached)
            raise
        for partition, end in ends.items():
            if end < self._positions.committed(partition):
                self._of(partition).told = end
                self._positions.behind(partition, end)

    async def _recount(self, partition: int, offsets: I64, columns: Columns | None, next_offset: int) -> None:
        self._seen = None
        known, places = self._of(partition), np.full(len(offsets), partition)
        for _ in range(ATTEMPTS):
            seen = await self._kept.read(offsets, columns, places, offsets, (partition,))
            head = self._heads(seen)[partition]
            if head.next < known.told:  # the server has lost more meanwhile
                known.told = head.next
                self._positions.behind(partition, head.next)
                raise StreamStateError(f"windows of partition {partition} are back at {head.next}")
            fresh = seen.fresh()
            new = np.flatnonzero(offsets >= head.next if fresh is None else fresh & (offsets >= head.next))
            reached = max(next_offset, head.next)
            if await self._recounted(seen, new, partition, reached):
                known.reached = known.told = reached
                return
            self.conflicts += 1
        raise StreamStateError(f"others were faster {ATTEMPTS} times")

    async def _recounted(self, seen: Seen, new: I64, partition: int, next_offset: int) -> bool:
        features = np.empty((len(seen.offsets), len(STREAM_COLUMNS)), dtype=np.float32)
        for at in range(0, max(1, len(new)), AT_ONCE):
            rows = new[at : at + AT_ONCE]
            last = at + AT_ONCE >= len(new)
            reached = next_offset if last else seen.offsets.item(rows[-1]) + 1
            if not await self._count(seen, rows, features, {partition: reached}, cache=False):
                return False
        return True

    # ------------------------------------------------------------------ what is kept

    async def _look(self, numbers: I64, columns: Columns, partitions: I64, offsets: I64) -> Seen:
        """Return what is kept for transactions, if they are the next ones, or were counted and not committed.

        Raises:
            StreamStateError: they are neither, or there was no answer.
        """
        lowest: dict[int, int] = {}
        for partition, offset in zip(partitions.tolist(), offsets.tolist(), strict=True):
            lowest.setdefault(partition, offset)
        try:
            seen = await self._kept.read(numbers, columns, partitions, offsets, tuple(lowest))
            heads = self._heads(seen)
            self._judge(heads, lowest)
            for partition, head in heads.items():
                if lowest[partition] < head.next:
                    cached = await self._kept.cached(partition)
                    seen.add_cached(partition, cached)
        except StreamStateError:
            self._miss(partitions, offsets)
            raise
        return seen

    def _judge(self, heads: Mapping[int, Head], lowest: Mapping[int, int]) -> None:
        wrong: list[str] = []
        for partition, head in heads.items():
            committed = self._positions.committed(partition)
            verdict = judge(head, self._of(partition), lowest[partition], committed)
            if verdict is HeadVerdict.STALE:
                self._positions.stale(partition, head.next)
                wrong.append(f"others have partition {partition}: its windows are at {head.next}")
            elif verdict is HeadVerdict.GAP:
                wrong.append(f"windows of partition {partition} are at {head.next} and miss what follows")
        if wrong:  # none of the batch is counted: what it has of other partitions will be missed there
            for partition, head in heads.items():
                self._of(partition).told = head.next
                self._positions.behind(partition, head.next)
            raise StreamStateError("; ".join(wrong))

    def _heads(self, seen: Seen) -> dict[int, Head]:
        """Return how far each partition had come."""
        first = self._positions.first
        return {partition: self._kept.head(packed, first(partition)) for partition, packed in seen.heads.items()}

    # ------------------------------------------------------------------ partitions

    def _of(self, partition: int) -> Known:
        """Return what is known of ``partition`` in its present assignment."""
        assignment = self._positions.assignment(partition)
        known = self._known.get(partition)
        if known is None or known.assignment != assignment:
            known = self._known[partition] = Known(assignment)
        return known

    def _miss(self, partitions: I64, offsets: I64) -> None:
        """Take note that transactions may not have been counted."""
        for partition, offset in zip(partitions.tolist(), offsets.tolist(), strict=True):
            known = self._of(partition)
            known.missed = max(known.missed, offset)


def _retrieve(answer: asyncio.Future[Any]) -> None:
    """Take the error of a call that nobody waits for any more, or asyncio would report it to nobody."""
    if not answer.cancelled():
        answer.exception()
