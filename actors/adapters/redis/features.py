"""Batch features in Redis: a table of many rows that is replaced as a whole, and read by one call.

Keys, all behind the run's prefix and ``f:``:

- ``versions`` counts tables; each gets a number of its own, even if two are of the same instant or one was given up;
- ``{version}:c:{card}`` and ``{version}:m:{merchant}`` are rows: `CARD_COLUMNS` or `MERCHANT_COLUMNS` as little-endian
  float32, then an int64, the event time they were computed for;
- ``current`` is ``layout version computed_us`` of the table that is served.

A table is written under a new version, in slices, while the one before is served; then one SET of ``current`` switches.
A look-up asks for ``current`` and the rows inside one function, so it never sees a mixture. Rows that nobody will read
are taken away in slices too. All keys end by themselves after `RedisFeatureStore`'s ``kept_s``, the pointer first.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from actors.adapters.redis.connection import told, unanswered
from actors.adapters.redis.functions import Argument, FunctionLibrary
from actors.core.arrays import F32, I64
from actors.core.errors import FeatureStoreError
from actors.features.store import (
    CARD_COLUMNS,
    MERCHANT_COLUMNS,
    MISSING_AT,
    BatchTable,
    StoreRows,
    TableSide,
    missing_rows,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

LIBRARY: Final = FunctionLibrary("features", Path(__file__).with_name("features.lua"))
LAYOUT: Final = f"1-{len(CARD_COLUMNS)}-{len(MERCHANT_COLUMNS)}"  # of a row; another one is never read as ours
SLICE = 256  # rows a call that writes: the server answers nobody else meanwhile, for about half a millisecond
REST_S = 0.003  # at most, behind each: what takes longer waits for this process, and not for the server
AT_ONCE = 512  # rows a call that reads, for the same reason; no batch of the assembler's default size takes two calls
ATTEMPTS = 3  # to read a batch that takes several calls, between which the table was replaced
WRITES = 4  # of a slice, while the server does not answer
PAUSE_S = 0.2  # between two of them
DAY_S = 86_400
NO_EVENTS: Final[I64] = np.zeros(1, dtype=np.int64)
SPREAD_S = 600  # over which a table's rows end, if nobody takes them away


@dataclass(frozen=True, slots=True)
class RowKind:
    """How rows of one kind of entity are written.

    Attributes:
        letter: in their keys.
        dtype: of a row.
        missing: a row of an entity that has none.
    """

    letter: str
    dtype: np.dtype[np.void]
    missing: bytes

    @classmethod
    def of(cls, letter: str, width: int) -> "RowKind":
        """Return the kind of rows of ``width`` columns."""
        dtype = np.dtype([("row", "<f4", (width,)), ("computed_us", "<i8")])
        missing = np.zeros(1, dtype=dtype)
        missing["row"], missing["computed_us"] = np.nan, MISSING_AT
        return cls(letter, dtype, missing.tobytes())

    def pack(self, side: TableSide, rows: I64) -> bytes:
        """Return ``rows`` of ``side`` one after the other."""
        packed = np.empty(len(rows), dtype=self.dtype)
        packed["row"], packed["computed_us"] = side.rows[rows], side.computed_us[rows]
        return packed.tobytes()

    def read(self, answers: Sequence[bytes]) -> tuple[F32, I64]:
        """Return the rows in ``answers`` and what event time they were computed for."""
        found = np.frombuffer(b"".join(answers), dtype=self.dtype)
        return found["row"].astype(np.float32), found["computed_us"].astype(np.int64)


CARDS: Final = RowKind.of("c", len(CARD_COLUMNS))
MERCHANTS: Final = RowKind.of("m", len(MERCHANT_COLUMNS))


class RedisFeatureStore:
    """A feature store in Redis: read by any number of processes, published to by one.

    Args:
        client: of the server; whoever made it closes it.
        prefix: of all keys; ends with a colon.
        kept_s: how long a table is there if no other follows. A day after, its rows are past their hard limit anyway.
    """

    def __init__(self, client: "Redis", prefix: str, kept_s: int = DAY_S) -> None:
        self._client = client
        self._prefix = f"{prefix}f:"
        self._kept_s = kept_s
        self._newest_us = MISSING_AT
        self._published: BatchTable | None = None
        self._publishing = asyncio.Lock()
        self._written: dict[str, list[str]] = {}  # names by version and kind, of rows that are still there

    def newest_computed_us(self) -> int:
        """Return the event time of the table that was last published or found here; MISSING_AT before."""
        return self._newest_us

    async def find_current(self) -> int:
        """Return the event time of the table that is served, MISSING_AT without one; for whoever goes on publishing.

        Raises:
            FeatureStoreError: the server did not answer or refused, or the table is not laid out as ours.
        """
        await self.lookup([""], [""], NO_EVENTS)
        return self._newest_us

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:  # noqa: ARG002 - the port's signature
        """Return rows of the one table that is served when the server answers.

        Raises:
            FeatureStoreError: the server did not answer in time or refused, or its rows are not laid out as ours.
        """
        if not cards:
            return missing_rows(0)
        calls: list[tuple[Argument, ...]] = []
        for start in range(0, len(cards), AT_ONCE):
            part, beside = cards[start : start + AT_ONCE], merchants[start : start + AT_ONCE]
            calls.append((LAYOUT, CARDS.missing, MERCHANTS.missing, len(part), *part, *beside))
        for _ in range(ATTEMPTS):
            answers = await self._call("look_up", calls)
            current = answers[0][0]
            if all(answer[0] == current for answer in answers):
                break
        else:
            raise FeatureStoreError("the table was replaced again and again while it was read")
        self._newest_us = int(current.rpartition(b" ")[2]) if current else MISSING_AT
        cards_rows, merchant_rows = ([answer[place] for answer in answers] for place in (1, 2))
        return StoreRows(*CARDS.read(cards_rows), *MERCHANTS.read(merchant_rows))

    async def publish(self, table: BatchTable) -> None:
        """Write ``table`` beside the one that is served, switch to it at once, and take the old one away.

        Raises:
            FeatureStoreError: not all of it could be written, or the switch was not confirmed; the one before is served
                on. Where only the answer to the switch was lost, the new one is, and as whole.
        """
        async with self._publishing:
            await self._replace(table)

    async def put_back(self) -> bool:
        """Publish the last table again if the server has lost it; call it now and then where servers lose data.

        Returns:
            Whether it was lost.

        Raises:
            FeatureStoreError: the server did not answer or refused.
        """
        async with self._publishing:  # a table that is being published is newer than the one that would be put back
            table = self._published
            if table is None or await self.find_current() >= table.computed_us:
                return False
            await self._replace(table)
        return True

    async def _replace(self, table: BatchTable) -> None:
        try:
            await self._write_and_switch(table)
        finally:
            await self._take_away()

    async def _write_and_switch(self, table: BatchTable) -> None:
        counted_s = 2 * (self._kept_s + SPREAD_S)  # no number comes again while there are rows that have it
        version, server_run = await self._write("begin", counted_s)
        for kind, side in ((CARDS, table.cards), (MERCHANTS, table.merchants)):
            await self._write_side(f"{version}:{kind.letter}:", kind, side)
        await self._write("switch", server_run, f"{LAYOUT} {version} {table.computed_us}", self._kept_s)
        self._published, self._newest_us = table, table.computed_us

    async def _write_side(self, place: str, kind: RowKind, side: TableSide) -> None:
        loop = asyncio.get_running_loop()
        present, written = side.present(), self._written.setdefault(place, [])
        for names in _slices(list(present)):
            rows = kind.pack(side, np.fromiter(map(present.__getitem__, names), np.int64, len(names)))
            written.extend(names)
            began_s = loop.time()
            await self._write("write", place, self._kept_s + SPREAD_S, SPREAD_S, len(kind.missing), rows, *names)
            await asyncio.sleep(min(REST_S, loop.time() - began_s))  # half of the server's time is for look-ups

    async def _write(self, function: str, *arguments: Argument) -> Any:  # noqa: ANN401 - what the server answers
        """Return the answer of ``function``, called again where none came: to do any of these twice is to do it once.

        Else one late answer of hundreds would cost the whole refresh, and features age until the next.
        """
        for left in reversed(range(WRITES)):
            try:
                return (await self._call(function, [arguments]))[0]
            except FeatureStoreError as error:
                if left == 0 or not unanswered(error.__cause__):
                    raise
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    async def _take_away(self) -> None:
        """Take away what was written here and nobody reads; what cannot be is tried again, or ends by itself."""
        with suppress(FeatureStoreError):
            current = await self._command("GET", f"{self._prefix}current") or b""
            served = current.split(b" ")[1:2]
            for place, names in list(self._written.items()):
                if [place.partition(":")[0].encode()] == served:
                    continue
                while names:
                    await self._command("UNLINK", *(f"{self._prefix}{place}{name}" for name in names[-SLICE:]))
                    del names[-SLICE:]
                del self._written[place]

    async def _command(self, *words: Argument) -> Any:  # noqa: ANN401 - what the server answers
        from redis.exceptions import RedisError

        try:
            return await self._client.execute_command(*words)  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as error:
            raise FeatureStoreError(told(error)) from error

    async def _call(self, function: str, calls: Sequence[Sequence[Argument]]) -> list[Any]:
        from redis.exceptions import RedisError

        try:
            return await LIBRARY.call(self._client, function, self._prefix, calls)
        except (RedisError, OSError) as error:
            raise FeatureStoreError(told(error)) from error


def _slices(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + SLICE] for start in range(0, len(names), SLICE))
