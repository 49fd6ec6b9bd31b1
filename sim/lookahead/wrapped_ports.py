"""The pipeline's ports, with lookahead or without: source, feature store, assembly, scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F32, F64, I64, U8
from actors.core.awaiting import Completed
from actors.core.transaction import Columns, Read, cut, read
from actors.features.assembly import FeatureAssembly
from actors.features.store import FeatureStore, InMemoryFeatureStore, StoreRows
from actors.features.stream_state import InMemoryStreamState, LastCounted, StreamState
from actors.model.scoring import by_engine
from actors.model.serving import ModelSlot, ServingModel
from actors.source import Arrivals, Source
from sim.lookahead.pages import PAGE, Pages
from sim.lookahead.scores import LookaheadScores
from sim.lookahead.speculation import Speculation, has_room

FEW = 16  # transactions; a larger batch is quick enough as it comes
SHORTEST = 32  # transactions foreseen; below it nothing is gained
REST = 64  # batches computed as they come, after a shortest part that did not hold


class LookaheadSource:
    """A `Source` that tells what it hands out before it comes.

    Args:
        source: what it is told by.
        pages: what it tells.
    """

    def __init__(self, source: Source, pages: Pages) -> None:
        self._source = source
        self._pages = pages

    async def take(self) -> Arrivals | None:
        """Return the next transactions; see `Source`."""
        arrivals = await self._source.take()
        if arrivals is not None:
            self._pages.expect(arrivals.raws)
        return arrivals

    def due_count(self, elapsed_ns: int) -> int | None:
        """Return how many transactions are due; see `Source`."""
        return self._source.due_count(elapsed_ns)


class LookaheadAssembly(FeatureAssembly):
    """Computes a page's features as if the rest of it came next, and rolls them back when something else comes.

    It counts into the windows ahead of time, so it is the `StreamState` in front of them too. What else comes are
    duplicates and poison. The next part is then shorter, or there is none for a while; after a part that was asked for
    as expected it is longer.

    Args:
        features: names from the catalogue, in the manifest's order.
        stream: the windows.
        store: what is looked up in.
        pages: what was read.
        on_foreseen: told of features, float32 (n, n_features), of which most will be asked for.
    """

    def __init__(
        self,
        features: Sequence[str],
        stream: InMemoryStreamState,
        store: InMemoryFeatureStore,
        pages: Pages,
        on_foreseen: Callable[[F32], None],
    ) -> None:
        super().__init__(features)
        self._stream = stream
        self._store = store
        self._pages = pages
        self._on_foreseen = on_foreseen
        self._live: Speculation | None = None
        self._answered: tuple[Sequence[str], StoreRows] | None = None  # cards that were looked up, and the answer
        self._foreseen: tuple[StoreRows, F32, tuple[F32, U8]] | None = None  # what `join` gets, and what it makes of it
        self._length = PAGE
        self._rest = 0
        self._counted = LastCounted()

    def look_up(self, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return the store's rows, as they are now."""
        handed, live, store = self._pages.handed, self._live, self._store
        self._answered = self._foreseen = None
        if handed is None or live is None or handed.columns.cards is not cards:
            return store.rows(cards, merchants)
        count = len(cards)
        if live.page is not handed.page or live.next != handed.start or live.next + count > live.stop:
            return store.rows(cards, merchants)
        if live.table is not store.table:
            live.look_up()
            self._on_foreseen(live.coming)
        rows = live.rows(count)
        self._answered = cards, rows
        return rows

    def advance(self, numbers: I64, columns: Columns) -> Completed[F32]:
        """Count transactions and return their streaming features, at once; see `StreamState`."""
        stream = self._counted.again(numbers)
        if stream is None:
            stream = self._count(columns)
            self._counted.keep(numbers, stream)
        return Completed(stream)

    def join(self, columns: Columns, stream: F32 | None, rows: StoreRows | None) -> tuple[F32, U8]:
        """Return features and modes; see `FeatureAssembly`."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None and rows is foreseen[0] and stream is foreseen[1]:  # most often
            return foreseen[2]
        return super().join(columns, stream, rows)

    def _count(self, columns: Columns) -> F32:
        live, answered, self._answered = self._live, self._answered, None
        if live is not None and answered is not None and answered[0] is columns.cards:  # most often
            computed, stream = live.foreseen(len(columns.ids))
            self._foreseen = answered[1], stream, computed
            return stream
        live = self._live_at(columns)
        return self._stream.count(columns) if live is None else self._stream_of(live, columns)

    def _live_at(self, columns: Columns) -> Speculation | None:
        """Return the speculation that ``columns`` begin in, a new one if need be; None: compute them now."""
        handed, live = self._pages.handed, self._live
        if handed is None or handed.columns is not columns:
            self._end()
            return None
        if live is not None and live.page is handed.page and live.next == handed.start and live.next < live.stop:
            return live
        self._end()
        if self._rest:
            self._rest -= 1
        elif len(columns) <= FEW and has_room(self._stream.rings, self._length):
            self._live = Speculation(handed.page, handed.start, self._length, self, self._stream, self._store)
            self._on_foreseen(self._live.features)
        return self._live

    def _stream_of(self, live: Speculation, columns: Columns) -> F32:
        """Return the streaming features of ``columns``; what lies behind the end of ``live`` is counted now."""
        foreseen = live.streamed(len(columns))
        if len(foreseen) == len(columns):
            return foreseen
        self._end()
        rest = self._stream.count(cut(columns, slice(len(foreseen), len(columns))))
        return np.concatenate((foreseen, rest))

    def _end(self) -> None:
        """End the speculation; what of it did not come was never counted."""
        live, self._live = self._live, None
        if live is None:
            return
        if live.next == live.stop:
            self._length = min(2 * self._length, PAGE)
            return
        if self._length == SHORTEST:
            self._rest = REST
        self._length = max(self._length // 2, SHORTEST)
        asked = live.withdraw()
        if asked is not None:
            self._stream.count(asked)


class LookaheadStore:
    """The `FeatureStore` in front of the one in memory.

    Args:
        assembly: knows what was foreseen.
    """

    def __init__(self, assembly: LookaheadAssembly) -> None:
        self._assembly = assembly

    def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> Completed[StoreRows]:  # noqa: ARG002 - the port's signature
        """Return the rows at once; never raises and never waits."""
        return Completed(self._assembly.look_up(cards, merchants))


@dataclass(frozen=True, slots=True)
class Lookahead:
    """The ports that may know what comes.

    Attributes:
        watch: makes a source tell what it hands out.
        read: of the assembler.
        assembly: of the assembler.
        stream: the windows.
        store: what is looked up in, before anything is put around it.
        predict: gives the scores of a model.
    """

    watch: Callable[[Source], Source]
    read: Read
    assembly: FeatureAssembly
    stream: StreamState
    store: FeatureStore
    predict: Callable[[ServingModel, F32], F64]


def without_lookahead(features: Sequence[str], stream: InMemoryStreamState, store: InMemoryFeatureStore) -> Lookahead:
    """Return ports that compute what they are asked for when they are asked."""
    return Lookahead(lambda source: source, read, FeatureAssembly(features), stream, store, by_engine)


def with_lookahead(
    features: Sequence[str],
    stream: InMemoryStreamState,
    store: InMemoryFeatureStore,
    slot: ModelSlot,
) -> Lookahead:
    """Return ports that have computed most of it by then; only where computing takes no time.

    Args:
        features: names from the catalogue, in the manifest's order.
        stream: the windows.
        store: what is looked up in.
        slot: holds the serving model.
    """
    pages, scores = Pages(), LookaheadScores()

    def foresee(rows: F32) -> None:
        scores.foresee(slot.current.engine, rows)

    assembly = LookaheadAssembly(features, stream, store, pages, foresee)
    return Lookahead(
        lambda source: LookaheadSource(source, pages),
        pages.read,
        assembly,
        assembly,
        LookaheadStore(assembly),
        scores.predict,
    )
