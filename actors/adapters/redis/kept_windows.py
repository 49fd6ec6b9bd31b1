"""What Redis keeps of windows: read for some transactions, and written if it is still as it was read."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from actors.adapters.redis.connection import told, unanswered
from actors.adapters.redis.functions import Argument, FunctionLibrary
from actors.adapters.redis.guard import Head, OtherVersionError, unpack_rows
from actors.adapters.redis.records import Entities, RecordKind
from actors.core.arrays import F32, I64, Bool
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns

if TYPE_CHECKING:
    from redis.asyncio import Redis

LIBRARY: Final = FunctionLibrary("windows", Path(__file__).with_name("windows.lua"))
GENERATIONS: Final = 4  # full sets of ids beside the one that fills, as in the Lua text
QUIET_S: Final = 0.25  # after no answer, the next is not waited for: else each batch would wait in vain


@dataclass(eq=False, slots=True)
class Seen:
    """What was read for some transactions.

    Attributes:
        numbers: of them, int64 (n,).
        partitions: where each lies, int64 (n,), as ``offsets``.
        heads: of the partitions, as they are kept.
        reach: by partition the offset behind the last of them, where all of them end with those that are counted.
        known: whether the id of each is remembered, bool (n,).
        entities: cards, merchants and devices.
        cached: features of those that were counted before, by row.
    """

    numbers: I64
    columns: Columns
    partitions: I64
    offsets: I64
    heads: dict[int, bytes]
    reach: dict[int, int]
    known: Bool
    entities: tuple[Entities, ...]
    cached: dict[int, F32] = field(default_factory=dict)

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield partition and offset of each transaction."""
        return zip(self.partitions.tolist(), self.offsets.tolist(), strict=True)

    def places_of(self, rows: I64) -> Iterator[tuple[int, int]]:
        """Yield partition and offset of each of ``rows``."""
        return zip(self.partitions[rows].tolist(), self.offsets[rows].tolist(), strict=True)

    def add_cached(self, partition: int, features: Mapping[int, F32]) -> None:
        """Take the ``features`` by offset of those that were counted before in ``partition``."""
        for row in np.flatnonzero(self.partitions == partition).tolist():
            again = features.get(self.offsets.item(row))
            if again is not None:
                self.cached[row] = again

    def fresh(self) -> Bool | None:
        """Return which transactions are new, of those with one id the first; None if all are.

        One that was counted before and comes again is new: the id that is remembered is its own.
        """
        ids = self.columns.ids
        if not self.known.any() and len(set(ids)) == len(ids):
            return None
        mask = np.zeros(len(ids), dtype=np.bool_)
        here: set[str] = set()
        for row, name in enumerate(ids):
            if row in self.cached or not (self.known[row] or name in here):
                mask[row] = True
                here.add(name)
        return None if mask.all() else mask

    def part(self, rows: I64, columns: Columns) -> "Seen":
        """Return what was seen of ``rows``, whose transactions are ``columns``.

        If these are all that are new, the others end as repetitions: windows need not know of them.
        """
        fresh, partitions = self.fresh(), self.partitions[rows]
        of_all = fresh is not None and np.array_equal(np.flatnonzero(fresh), rows)
        kept = set(self.heads) if of_all else set(partitions.tolist())
        return Seen(
            self.numbers[rows],
            columns,
            partitions,
            self.offsets[rows],
            {partition: head for partition, head in self.heads.items() if partition in kept},
            self.reach if of_all else {},
            self.known[rows],
            tuple(Entities(of.kind, of.names, of.rows[rows], of.records, of.versions) for of in self.entities),
            {at: self.cached[row] for at, row in enumerate(rows.tolist()) if row in self.cached},
        )


class KeptWindows:
    """Heads, ids, records and cached rows in Redis; for the keys see `actors.adapters.redis.windows`.

    Args:
        client: of the server.
        prefix: of all keys.
        kinds: of records: cards, merchants and devices.
        remembered_ids: how many ids are remembered at least.
        kept_s: how long keys are kept that nobody writes.
    """

    def __init__(
        self, client: "Redis", prefix: str, kinds: tuple[RecordKind, ...], remembered_ids: int, kept_s: int
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._kinds = kinds
        self._per_generation = max(1, -(-remembered_ids // GENERATIONS))
        self._kept_s = kept_s
        self._quiet_until_s = 0.0

    async def read(
        self, numbers: I64, columns: Columns | None, partitions: I64, offsets: I64, all_of: Sequence[int]
    ) -> Seen:
        """Return what is kept for transactions, and the heads of the partitions ``all_of``.

        Raises:
            StreamStateError: there was no answer, or it is of another version.
        """
        known_of = NOTHING if columns is None else columns
        names: tuple[Sequence[str | None], ...] = (known_of.cards, known_of.merchants, known_of.device)
        entities = tuple(Entities.named(kind, each) for kind, each in zip(self._kinds, names, strict=True))
        everything = [np.arange(len(each.names)) for each in entities]
        question = _question(all_of, known_of.ids, entities, everything)
        heads, known, *records = await self._call("look", question)
        for number, each in enumerate(entities):
            each.fill(everything[number], records[2 * number], records[2 * number + 1])
        marks = np.frombuffer(known, np.uint8) == ord("1")
        reach = {p: offset + 1 for p, offset in zip(partitions.tolist(), offsets.tolist(), strict=True)}
        found = dict(zip(all_of, heads, strict=True))
        return Seen(numbers, known_of, partitions, offsets, found, reach, marks, entities)

    async def cached(self, partition: int) -> Mapping[int, F32]:
        """Return features by offset of rows of ``partition`` that were counted and may come again.

        Raises:
            StreamStateError: as of `read`.
        """
        _, *chunks = await self._call("cached", (partition,))
        rows: dict[int, F32] = {}
        for chunk in chunks:
            rows |= unpack_rows(chunk)
        return rows

    async def write(
        self, seen: Seen, rows: I64, used: Sequence[I64], heads: Mapping[int, tuple[Head, bytes, int]]
    ) -> bool:
        """Write what was counted, if all that it rests on is as it was ``seen``, and return whether it was.

        Args:
            rows: of those seen, whose ids are to be remembered, int64 (n,).
            used: which cards, merchants and devices of those seen have new records.
            heads: of each partition its new head, what to cache, and the offset below which all is committed.

        Raises:
            StreamStateError: there was no answer; it may have been written.
        """
        packed = {partition: head.pack() for partition, (head, _, _) in heads.items()}
        arguments = [*_question(list(heads), [seen.columns.ids[row] for row in rows.tolist()], seen.entities, used)]
        for partition, (_, cached, committed) in heads.items():
            arguments += (seen.heads[partition], packed[partition], cached, committed)
        for each, at in zip(seen.entities, used, strict=True):
            arguments += (each.kind.version_at, each.versions[at].tobytes(), each.packed(at))
        if await self._call("count", (*arguments, self._per_generation, self._kept_s)):
            return False
        seen.heads |= packed
        for each, at in zip(seen.entities, used, strict=True):
            each.versions[at] = each.records["count"][at]
        return True

    def head(self, packed: bytes, start: int) -> Head:
        """Return what ``packed`` says of a partition that begins at ``start``.

        Raises:
            StreamStateError: it is of another version.
        """
        try:
            return Head.unpack(packed, start)
        except OtherVersionError as error:
            raise StreamStateError(told(error)) from error

    async def _call(self, function: str, arguments: Sequence[Argument]) -> list[Any]:
        """Return what the server's ``function`` answers; after no answer, say so at once for a moment."""
        from redis.exceptions import RedisError

        loop = asyncio.get_running_loop()
        if loop.time() < self._quiet_until_s:
            raise StreamStateError("Redis did not answer a moment ago")
        try:
            answers = await LIBRARY.call(self._client, function, self._prefix, [arguments])
        except (RedisError, OSError) as error:
            if unanswered(error):
                self._quiet_until_s = loop.time() + QUIET_S
            raise StreamStateError(told(error)) from error
        answer: list[Any] = answers[0]
        return answer


def _question(
    partitions: Sequence[int], ids: Sequence[str], entities: Sequence[Entities], used: Sequence[I64]
) -> tuple[Argument, ...]:
    """Return the first arguments of ``look`` and ``count``: whom they are about."""
    names = [[each.names[row] for row in at.tolist()] for each, at in zip(entities, used, strict=True)]
    lengths = [each.kind.dtype.itemsize for each in entities]
    return (len(partitions), len(ids), *map(len, names), *lengths, *partitions, *ids, *names[0], *names[1], *names[2])


NOTHING: Final = Columns(
    ids=[],
    event_us=np.empty(0, np.int64),
    cards=[],
    merchants=[],
    cents=np.empty(0, np.int64),
    amount=np.empty(0),
    currency=[],
    category=[],
    channel=[],
    device=[],
    ip_country=[],
    card_country=[],
    lat=np.empty(0),
    lon=np.empty(0),
)
"""No transaction."""
