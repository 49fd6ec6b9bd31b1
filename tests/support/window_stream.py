"""A stream of transactions for windows on a server, and a worker on it that aborts, dies and loses its server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as GoneError
from redis.exceptions import TimeoutError as UnansweredError

from actors.adapters.redis.windows import RedisWindows
from actors.core.arrays import F32, I64, Bool
from actors.core.errors import StreamStateError
from actors.core.transaction import EARLIEST_US, Columns, Transaction, pick
from actors.features.stream_state import InMemoryStreamState

CARDS, SHOPS, DEVICES = 6, 3, 4


@dataclass
class Places:
    """Where rows lie: number ``n`` at offset ``n`` of partition 0, unless ``at`` says otherwise; see `Positions`."""

    at: dict[int, tuple[int, int]] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)
    gaps: dict[int, int] = field(default_factory=dict)
    overtaken: list[int] = field(default_factory=list)

    def of(self, numbers: I64) -> tuple[I64, I64]:
        """Return partitions and offsets."""
        places = np.array([self.at.get(number, (0, number)) for number in numbers.tolist()], dtype=np.int64)
        return places[:, 0], places[:, 1]

    def first(self, partition: int) -> int:
        """Return 0."""
        return 0 * partition

    def committed(self, partition: int) -> int:
        """Return what was said of it."""
        return self.ended.get(partition, 0)

    def assignment(self, partition: int) -> int:
        """Return the same number always."""
        return 0 * partition

    def behind(self, partition: int, next_offset: int) -> None:
        """Keep it."""
        self.gaps[partition] = min(next_offset, self.gaps.get(partition, next_offset))

    def stale(self, partition: int, next_offset: int) -> None:
        """Keep it."""
        self.overtaken.append(partition)


class Stream:
    """Made-up transactions in partitions by card; some repeat the id of an earlier one, and some offsets are empty.

    Args:
        count: how many.
        partitions: how many.
        seed: of what is drawn.
    """

    def __init__(self, count: int, partitions: int, seed: int = 0) -> None:
        draw = np.random.default_rng(seed)
        cards = draw.integers(0, CARDS, count)
        repeats = draw.random(count) < 0.1
        rows: list[Transaction] = []
        last_of: dict[int, str] = {}
        for row, card in enumerate(cards.tolist()):
            name = last_of[card] if repeats[row] and card in last_of else f"t{row}"
            last_of[card] = name
            rows.append(
                Transaction(
                    id=name,
                    event_time=EARLIEST_US + row * 90_000_000,
                    card=f"card-{card}",
                    merchant=f"shop-{draw.integers(SHOPS)}",
                    amount=float(draw.integers(1, 900)) / 4,
                    device=None if row % 4 == 0 else f"device-{draw.integers(DEVICES)}",
                    lat=48.0 + row % 5,
                    lon=2.0,
                )
            )
        self.columns = Columns.of(rows)
        self.partitions: I64 = cards % partitions
        self.offsets = np.zeros(count, dtype=np.int64)
        for partition in range(partitions):
            own = np.flatnonzero(self.partitions == partition)
            self.offsets[own] = np.arange(len(own)) + np.arange(len(own)) // 5
        ids = self.columns.ids
        self.fresh: Bool = np.array([ids.index(name) == row for row, name in enumerate(ids)])

    def __len__(self) -> int:
        """Return how many transactions there are."""
        return len(self.columns)

    def features(self) -> F32:
        """Return what windows in memory say of each that is no repetition; NaN of the others."""
        out = np.full((len(self), InMemoryStreamState().count(self.columns).shape[1]), np.nan, dtype=np.float32)
        kept = np.flatnonzero(self.fresh)
        out[kept] = InMemoryStreamState().count(pick(self.columns, kept))
        return out


class Unreliable:
    """A client of a server that may be gone, or do what it is told and not say so.

    Args:
        client: of the server.
        on_call: told of each call before it is made and when it was answered.

    Attributes:
        trouble: what happens to each of the next calls, the first one first; an empty text where nothing does.
    """

    def __init__(self, client: Redis, on_call: Callable[[], object] = object) -> None:
        self._client = client
        self._on_call = on_call
        self.trouble: list[str] = []

    async def execute_command(self, *words: Any) -> Any:  # noqa: ANN401 - what the server answers
        """Do it, unless there is trouble."""
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "gone":
            raise GoneError("gone")
        self._on_call()
        answer = await self._client.execute_command(*words)  # type: ignore[no-untyped-call]
        self._on_call()
        if trouble == "unanswered":
            raise UnansweredError("too late")
        return answer


class StreamWorker:
    """A worker on a `Stream`, which goes on where the one before it has committed.

    Attributes:
        features: by row, of all that windows answered for.
        ruled: rows that were decided without windows.
    """

    def __init__(self, stream: Stream, client: Unreliable, prefix: str, own: Sequence[int] = (0, 1, 2)) -> None:
        self.stream = stream
        self._client = client
        self._prefix = prefix
        self._rows = np.flatnonzero(np.isin(stream.partitions, own))
        self._next_number = 0
        self._committed = 0
        self._position = 0
        self.places = Places()
        self.features: dict[int, F32] = {}
        self.ruled: set[int] = set()
        self.begin()

    def begin(self) -> None:
        """Take the place of a worker that has died."""
        self.places = Places(ended=self.places.ended)
        self.windows = RedisWindows(self._client, self._prefix, self.places)  # type: ignore[arg-type]
        self._position = self._committed

    def resume(self, committed: int) -> None:
        """Take the place of a worker that died elsewhere and had ``committed`` so many rows."""
        self._position = committed
        self.commit()
        self.begin()

    @property
    def committed(self) -> int:
        """How many rows were committed."""
        return self._committed

    @property
    def done(self) -> bool:
        """Whether all was decided and committed, and nothing was missed."""
        return self._committed == len(self._rows) and not self.places.gaps

    async def count(self, count: int, *, answered: bool = True) -> None:
        """Decide the next ``count`` rows; if they are not ``answered``, nobody learns what windows said."""
        await self.settle()
        numbers, rows = self.give(count)
        if not len(rows):
            return
        expected = self.stream.fresh[rows]
        try:
            fresh = await self.windows.fresh(numbers, pick(self.stream.columns, rows))
            assert (np.ones(len(rows), dtype=np.bool_) if fresh is None else fresh).tolist() == expected.tolist()
            kept = np.flatnonzero(expected)
            if len(kept):
                found = await self.windows.advance(numbers[kept], pick(self.stream.columns, rows[kept]))
                if answered:
                    self._learn(rows[kept], found)
        except StreamStateError:
            self.ruled |= set(rows.tolist())

    def give(self, count: int) -> tuple[I64, I64]:
        """Hand out the next ``count`` rows: their numbers, and which they are."""
        rows = self._rows[self._position : self._position + count]
        numbers = np.arange(self._next_number, self._next_number + len(rows))
        self._next_number += len(rows)
        self._position += len(rows)
        for number, row in zip(numbers.tolist(), rows.tolist(), strict=True):
            self.places.at[number] = int(self.stream.partitions[row]), int(self.stream.offsets[row])
        return numbers, rows

    def _learn(self, rows: I64, found: F32) -> None:
        for row, features in zip(rows.tolist(), found, strict=True):
            np.testing.assert_array_equal(self.features.setdefault(row, features), features)

    async def ask(self, count: int) -> None:
        """Ask which of the next rows are new, and no more."""
        rows = self._rows[self._position : self._position + count]
        numbers = np.arange(self._next_number, self._next_number + len(rows))
        for number, row in zip(numbers.tolist(), rows.tolist(), strict=True):
            self.places.at[number] = int(self.stream.partitions[row]), int(self.stream.offsets[row])
        if len(rows) and not self.places.gaps:
            try:
                await self.windows.fresh(numbers, pick(self.stream.columns, rows))
            except StreamStateError:
                return

    def commit(self) -> None:
        """Commit all that was decided."""
        self._committed = self._position
        for row in self._rows[: self._position].tolist():
            self.places.ended[int(self.stream.partitions[row])] = int(self.stream.offsets[row]) + 1

    def abort(self) -> None:
        """Go back to what is committed."""
        self._position = self._committed

    async def settle(self) -> None:
        """Have windows count what they missed, as the source does before it hands out more."""
        if not self.places.gaps:
            return
        self.commit()
        stream = self.stream
        for partition, start in dict(self.places.gaps).items():
            end = self.places.committed(partition)
            lies = (stream.partitions == partition) & (stream.offsets >= start) & (stream.offsets < end)
            rows = np.flatnonzero(lies)
            columns = pick(stream.columns, rows) if len(rows) else None
            try:
                await self.windows.recount(partition, stream.offsets[rows], columns, max(start, end))
            except StreamStateError:
                return
            del self.places.gaps[partition]
