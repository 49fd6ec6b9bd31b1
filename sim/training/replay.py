"""History through the assembler's feature code: the rows a model learns from, and the warm state left at its end."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from actors.arrays import F32, I64, U8
from actors.clock import US_PER_S
from actors.features.assembly import FeatureAssembly
from actors.features.batch import BatchTableBuilder
from actors.features.catalogue import BATCH_REFRESH_S
from actors.features.columns import cut
from actors.features.history import LONGEST_WINDOW_US, History
from actors.features.labels import Labels
from actors.features.store import InMemoryFeatureStore
from actors.features.windows import InMemoryStreamState
from actors.transaction import Columns

REFRESH_US: Final = BATCH_REFRESH_S * US_PER_S
WINDOWS_FILE: Final = "windows.npz"
HISTORY_FILE: Final = "history.npz"


class Replay:
    """Feature code fed with history, refreshed at the same instants of event time as a running pipeline.

    Args:
        names: features, in column order.
        label_delay_us: event time from a transaction until its label is known.
    """

    def __init__(self, names: tuple[str, ...], label_delay_us: int) -> None:
        self.history = History()
        self.stream = InMemoryStreamState()
        self._label_delay_us = label_delay_us
        self._store = InMemoryFeatureStore()
        self._builder = BatchTableBuilder(self.history, label_delay_us)
        self._assembly = FeatureAssembly(names, self.stream)
        self._batches = 0
        self._refreshed_us = 0

    def feed(self, columns: Columns, fraud: U8) -> F32:
        """Return the features of the next transactions, as the pipeline would have assembled them then."""
        return np.concatenate([self._feed(cut(columns, at), fraud[at]) for at in _between_refreshes(columns.event_us)])

    def _feed(self, columns: Columns, fraud: U8) -> F32:
        self.refresh_to(int(columns.event_us[0]))
        rows = self._store.rows(columns.cards, columns.merchants)
        features, _ = self._assembly.compute(self._batches, columns, rows)
        self.history.append(columns, self._batches)
        self.history.append_labels(_labels(columns, fraud), columns.event_us + self._label_delay_us)
        self._batches += 1
        return features

    def refresh_to(self, event_us: int) -> None:
        """Publish the batch table of the last refresh up to ``event_us``, unless that is the one being served."""
        at_us = event_us // REFRESH_US * REFRESH_US
        if at_us != self._refreshed_us:
            self.history.prune(at_us - LONGEST_WINDOW_US - self._label_delay_us)
            self._store.publish(self._builder.build(at_us))
            self._refreshed_us = at_us

    def save(self, folder: Path) -> None:
        """Write windows and history to ``folder``: what a run needs to go on where history ends.

        Labels that are not known yet are among it, with the instant from which they are.

        Raises:
            OSError: it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.stream.save(folder / WINDOWS_FILE)
        self.history.save(folder / HISTORY_FILE)


def _between_refreshes(event_us: I64) -> Iterator[slice]:
    """Yield the stretches of consecutive rows that no refresh falls between."""
    period = event_us // REFRESH_US
    edges = [0, *(np.flatnonzero(np.diff(period)) + 1).tolist(), len(event_us)]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            yield slice(start, stop)


def _labels(columns: Columns, fraud: U8) -> Labels:
    never_offered = np.full(len(fraud), -1, dtype=np.int64)
    return Labels(never_offered, columns.merchants, columns.category, columns.event_us, fraud)
