"""History replayed through the assembler's feature code: the rows a model learns from, and the warm state."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from actors.core.arrays import F32, F64, I64, U8
from actors.core.clock import US_PER_S
from actors.core.transaction import Columns, cut
from actors.features.assembly import FeatureAssembly
from actors.features.batch_table import BatchTableBuilder
from actors.features.catalogue import BATCH_REFRESH_S
from actors.features.encoding import Interner
from actors.features.history import LONGEST_WINDOW_US, History, Labels
from actors.features.store import InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState
from actors.model.warm_state import HISTORY_FILE, WINDOWS_FILE
from sim.kernel_warm_up import COMPILING, make_ready
from sim.training.dataset import Table
from sim.training.progress import Progress
from sim.training.source import TrainingSource

REFRESH_US: Final = BATCH_REFRESH_S * US_PER_S


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
        self._assembly = FeatureAssembly(names)
        self._batches = 0
        self._refreshed_us = 0

    def feed(self, columns: Columns, fraud: U8) -> F32:
        """Return the features of the next transactions, as the pipeline would have assembled them then."""
        return np.concatenate([self._feed(cut(columns, at), fraud[at]) for at in _between_refreshes(columns.event_us)])

    def _feed(self, columns: Columns, fraud: U8) -> F32:
        self.refresh_to(int(columns.event_us[0]))
        rows = self._store.rows(columns.cards, columns.merchants)
        features, _ = self._assembly.join(columns, self.stream.count(columns), rows)
        self.history.append(columns, self._batches)
        self.history.append_labels(_labels(columns, fraud), columns.event_us + self._label_delay_us)
        self._batches += 1
        return features

    def refresh_to(self, event_us: int) -> None:
        """Publish the batch table of the last refresh up to ``event_us``, unless that is the one being served."""
        at_us = event_us // REFRESH_US * REFRESH_US
        if at_us != self._refreshed_us:
            self.history.prune(at_us - LONGEST_WINDOW_US - self._label_delay_us)
            self._store.table = self._builder.build(at_us)
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


STAGE: Final = "history"


def record(source: TrainingSource, state: Path, progress: Progress) -> Table:
    """Return the table of ``source``, and write to ``state`` what a run needs to go on where its history ends.

    Raises:
        InputError: the source's file breaks a rule.
        OSError: the state cannot be written.
    """
    _compile(progress)
    recording = Recording(source, state)
    for columns, fraud in source.chunks():
        recording.add(columns, fraud)
        progress(STAGE, recording.seen, recording.expected)
    table = recording.finish()
    progress(STAGE, recording.seen, recording.seen)
    return table


def _compile(progress: Progress) -> None:
    with ExitStack() as compiled:

        def announce(_: object) -> None:
            progress(COMPILING, 0, 1)
            compiled.callback(progress, COMPILING, 1, 1)

        make_ready(announce)


class Recording:
    """Replays a source's history as it comes, and keeps the rows from its first period's start to its last one's end.

    Attributes:
        seen: transactions so far.
        expected: how many there will be if they go on as they came; 0 while nothing can be said.

    Args:
        source: the history.
        state: where the state is written on the way, before the first transaction that a run will replay.
    """

    def __init__(self, source: TrainingSource, state: Path) -> None:
        split = source.split
        periods = (split.train, split.validation, split.test)
        self._from_us = min(each.from_us for each in periods)
        self._to_us = max(each.to_us for each in periods)
        self._source, self._state, self._saved = source, state, False
        self._replay = Replay(source.features, source.label_delay_us)
        self._cards = Interner()
        self._parts: list[tuple[F32, U8, I64, I64, F64]] = [_no_rows(len(source.features))]
        self._first_us: int | None = None
        self.seen = self.expected = 0

    def add(self, columns: Columns, fraud: U8) -> None:
        """Take the next transactions."""
        before = int(np.searchsorted(columns.event_us, self._source.state_end_us))
        self._feed(cut(columns, slice(0, before)), fraud[:before])
        if before < len(columns):
            self._save_state()
        self._feed(cut(columns, slice(before, None)), fraud[before:])
        self._count(columns.event_us)

    def _count(self, event_us: I64) -> None:
        self._first_us = int(event_us[0]) if self._first_us is None else self._first_us
        self.seen += len(event_us)
        passed_us, whole_us = int(event_us[-1]) - self._first_us, self._to_us - self._first_us
        self.expected = round(self.seen * whole_us / passed_us) if passed_us > 0 else 0

    def _feed(self, columns: Columns, fraud: U8) -> None:
        if not len(columns):
            return
        features = self._replay.feed(columns, fraud)
        start, stop = np.searchsorted(columns.event_us, [self._from_us, self._to_us])
        if start < stop:
            at = slice(start, stop)
            cards = self._cards.of(columns.cards[at]).astype(np.int64)
            self._parts.append((features[at], fraud[at], columns.event_us[at], cards, columns.amount[at]))

    def _save_state(self) -> None:
        if not self._saved:
            self._replay.save(self._state)
            self._saved = True

    def finish(self) -> Table:
        """Return the rows that were kept."""
        self._save_state()
        return Table(self._source.features, *(np.concatenate(column) for column in zip(*self._parts, strict=True)))


def _no_rows(n_features: int) -> tuple[F32, U8, I64, I64, F64]:
    whole = np.empty(0, dtype=np.int64)
    return np.empty((0, n_features), dtype=np.float32), whole.astype(np.uint8), whole, whole, whole.astype(np.float64)
