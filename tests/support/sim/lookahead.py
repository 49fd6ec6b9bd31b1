"""What an assembler does with its ports, once with lookahead and once without."""

import asyncio
from dataclasses import dataclass

import msgspec
import numpy as np

from actors.contracts.feature_store import table
from actors.core.arrays import F32, I64, U8
from actors.core.transaction import Columns, Read, pick, read
from actors.features.assembly import FeatureAssembly
from actors.features.catalogue import SYNTHETIC_FEATURES
from actors.features.store import BatchTable, FeatureStore, InMemoryFeatureStore, StoreRows
from actors.features.stream_state import InMemoryStreamState, StreamState
from sim.lookahead.pages import Pages
from sim.lookahead.wrapped_ports import LookaheadAssembly, LookaheadStore
from tests.support.actors.transactions import START_US

OPTIONAL = ("currency", "category", "channel", "device", "ip_country", "card_country", "lat", "lon")
FEATURES = tuple(SYNTHETIC_FEATURES)


@dataclass(frozen=True)
class Turn:
    """What happens to the next transactions.

    Attributes:
        count: how many the assembler leases.
        twice: whether it crashes before it has computed them, and reads them again.
        dropped: every how many of them one is a duplicate and left out; 0: none.
        failed: whether the look-up fails.
        altered: whether something on the way answers other rows than the store's.
        published: whether another batch table is published before.
    """

    count: int
    twice: bool = False
    dropped: int = 0
    failed: bool = False
    altered: bool = False
    published: bool = False


def raws_of(columns: Columns) -> list[bytes]:
    """Return the transactions as JSON; what is missing is left out."""
    lines = []
    for row in range(len(columns)):
        line: dict[str, object] = {
            "id": columns.ids[row],
            "event_time": int(columns.event_us[row]),
            "card": columns.cards[row],
            "merchant": columns.merchants[row],
            "amount": float(columns.amount[row]),
        }
        for name in OPTIONAL:
            value = getattr(columns, name)[row]
            if value is not None and value == value:  # noqa: PLR0124 - NaN is missing
                line[name] = float(value) if name in ("lat", "lon") else value
        lines.append(msgspec.json.encode(line))
    return lines


def table_of(columns: Columns, base: float) -> BatchTable:
    """Return a batch table that knows every second card and merchant."""
    cards, merchants = (sorted(set(names))[::2] for names in (columns.cards, columns.merchants))
    return table(START_US, cards or ["c"], merchants or ["m"], base)


class Flow:
    """The ports of one assembler, and what it got out of them."""

    def __init__(
        self,
        reading: Read,
        assembly: FeatureAssembly,
        stream: StreamState,
        lookups: FeatureStore,
        store: InMemoryFeatureStore,
    ) -> None:
        self._read, self._assembly, self._stream, self._lookups, self._store = reading, assembly, stream, lookups, store
        self.computed: list[tuple[F32, U8]] = []

    @staticmethod
    def plain(first: BatchTable) -> "Flow":
        """Return ports that compute when they are asked."""
        store = InMemoryFeatureStore(first)
        return Flow(read, FeatureAssembly(FEATURES), InMemoryStreamState(), store, store)

    @staticmethod
    def foreseen(first: BatchTable, raws: list[bytes], foreseen: list[F32]) -> "Flow":
        """Return ports that foresee ``raws``; ``foreseen`` gets the features they compute ahead."""
        store, pages = InMemoryFeatureStore(first), Pages()
        pages.expect(raws)
        assembly = LookaheadAssembly(FEATURES, InMemoryStreamState(), store, pages, foreseen.append)
        return Flow(pages.read, assembly, assembly, LookaheadStore(assembly), store)

    def take(self, first: int, raws: list[bytes], turn: Turn, other: BatchTable) -> None:
        """Do what the assembler does with one lease, whose first transaction has the number ``first``."""
        if turn.published:
            self._store.table = other
        for _ in range(1 + turn.twice):
            try:
                columns = self._read(raws)
            except ValueError:
                return  # a dead letter
        numbers = np.arange(first, first + len(columns))
        if turn.dropped:
            kept = np.flatnonzero(np.arange(len(columns)) % turn.dropped)
            if not len(kept):
                return
            numbers, columns = numbers[kept], pick(columns, kept)
        rows = None if turn.failed else asyncio.run(self._look_up(columns))
        if rows is not None and turn.altered:
            rows = StoreRows(rows.card + 1, rows.card_computed_us, rows.merchant, rows.merchant_computed_us)
        for _ in range(1 + turn.twice):
            stream = asyncio.run(self._advance(numbers, columns))
            self.computed.append(self._assembly.join(columns, stream, rows))

    async def _advance(self, numbers: I64, columns: Columns) -> F32:
        return await self._stream.advance(numbers, columns)

    async def _look_up(self, columns: Columns) -> StoreRows:
        return await self._lookups.lookup(columns.cards, columns.merchants, columns.event_us)
