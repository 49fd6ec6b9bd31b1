"""History walked through the serving code: how training gets its features, and a run its warm state."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actors.arrays import F32, U8
from actors.features.assembly import FeatureAssembly
from actors.features.batch import BatchTableBuilder
from actors.features.columns import cut
from actors.features.history import LONGEST_WINDOW_US, History
from actors.features.labels import NOT_OFFERED, Labels
from actors.features.refresh import REFRESH_US, boundary
from actors.features.rings import StreamLimits
from actors.features.store import InMemoryFeatureStore
from actors.features.windows import InMemoryStreamState
from actors.transaction import Columns

STREAM_FILE = "stream.npz"
HISTORY_FILE = "history.npz"


@dataclass(frozen=True, slots=True)
class ReplayedBatch:
    """Transactions between two refreshes, with their features as they would have been served.

    Attributes:
        table_us: event time of the batch table that was in force.
        columns: the transactions.
        features: float32 (n, n_features).
        mode: uint8 (n,), `Mode` that the features allow.
        fraud: uint8 (n,), the labels as given.
    """

    table_us: int
    columns: Columns
    features: F32
    mode: U8
    fraud: U8


class HistoryReplay:
    """Walks transactions in time order through assembly, windows and refreshes, as a run without delays would.

    Nothing that comes later changes what was computed before: a table sees what happened before its boundary, and only
    labels that were known by then.

    Args:
        features: names from the catalogue, in the order wanted.
        label_delay_us: labels become known this long after their transaction.
        limits: of the windows.

    Attributes:
        stream: the windows, up to date with the last batch.
        history: what the batch tier is computed from, up to date with the last batch.
    """

    def __init__(self, features: Sequence[str], label_delay_us: int, limits: StreamLimits | None = None) -> None:
        self.stream = InMemoryStreamState(limits)
        self.history = History()
        self._assembly = FeatureAssembly(features, self.stream)
        self._builder = BatchTableBuilder(self.history, label_delay_us)
        self._store = InMemoryFeatureStore()
        self._sequence = 0
        self._boundary_us = 0

    def walk(self, chunks: Iterable[tuple[Columns, U8]], from_us: int = 0) -> Iterator[ReplayedBatch]:
        """Yield the batches of ``chunks`` with their features.

        Args:
            chunks: transactions and whether each is fraud, in time order; a few out of order do no harm.
            from_us: transactions before it only warm windows and history, and are not yielded.
        """
        for columns, fraud in chunks:
            for at in _between_refreshes(columns, from_us):
                batch, truth = cut(columns, at), fraud[at]
                self._sequence += 1
                self._enter(boundary(int(batch.event_us[0])))
                if batch.event_us[0] >= from_us:
                    yield self._assemble(batch, truth)
                else:
                    self.stream.advance(self._sequence, batch)
                self._remember(batch, truth)

    def save(self, folder: Path) -> None:
        """Write windows and history into ``folder``, from which a run starts warm."""
        self.stream.save(folder / STREAM_FILE)
        self.history.save(folder / HISTORY_FILE)

    def _enter(self, boundary_us: int) -> None:
        if boundary_us > self._boundary_us:
            self._boundary_us = boundary_us
            self.history.prune(boundary_us - LONGEST_WINDOW_US - self._builder.label_delay_us)

    def _assemble(self, batch: Columns, fraud: U8) -> ReplayedBatch:
        if self._store.newest_computed_us() < self._boundary_us:
            self._store.publish(self._builder.build(self._boundary_us))
        rows = self._store.rows(batch.cards, batch.merchants)
        features, mode = self._assembly.compute(self._sequence, batch, rows)
        return ReplayedBatch(self._boundary_us, batch, features, mode, fraud)

    def _remember(self, batch: Columns, fraud: U8) -> None:
        self.history.append(batch)
        number = np.full(len(batch), NOT_OFFERED, dtype=np.int64)
        labels = Labels(number, batch.merchants, batch.category, batch.event_us, fraud)
        self.history.append_labels(labels, batch.event_us + self._builder.label_delay_us)


def _between_refreshes(columns: Columns, from_us: int) -> list[slice]:
    """Return the runs of transactions that share a batch table, cut at ``from_us`` as well."""
    reached_us = np.maximum.accumulate(columns.event_us)  # one that comes late finds the table of its arrival
    periods = reached_us // REFRESH_US * 2 + (reached_us >= from_us)
    starts = [0, *(np.flatnonzero(np.diff(periods)) + 1).tolist()]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(columns)], strict=True) if end > start]
