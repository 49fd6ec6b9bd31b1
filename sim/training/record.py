"""Recording the table of a source: all of its history replayed, the rows of its periods kept."""

from pathlib import Path
from typing import Final

import numpy as np

from actors.arrays import F32, F64, I64, U8
from actors.features.columns import cut
from actors.features.interner import Interner
from actors.transaction import Columns
from sim.training.progress import Progress
from sim.training.replay import Replay
from sim.training.source import Source
from sim.training.table import Table

STAGE: Final = "history"


def record(source: Source, state: Path, progress: Progress) -> Table:
    """Return the table of ``source`` and write the warm state of its end to ``state``.

    Raises:
        InputError: the source's file breaks a rule.
        OSError: the state cannot be written.
    """
    replay = Replay(source.features, source.label_delay_us)
    kept, seen, saved = Recording(source), 0, False
    for columns, fraud in source.chunks():
        before = int(np.searchsorted(columns.event_us, source.state_end_us))
        for part in (slice(0, before), slice(before, len(columns))):
            if part.start == before and not saved and before < len(columns):
                replay.save(state)
                saved = True
            if part.stop > part.start:
                kept.add(cut(columns, part), fraud[part], replay.feed(cut(columns, part), fraud[part]))
        seen += len(columns)
        progress(STAGE, seen, max(seen, source.expected_rows))
    if not saved:
        replay.save(state)
    progress(STAGE, seen, seen)
    return kept.table()


class Recording:
    """Keeps the rows from the first period's start to the last one's end."""

    def __init__(self, source: Source) -> None:
        split = source.split
        periods = (split.train, split.validation, split.test)
        self._from_us = min(each.from_us for each in periods)
        self._to_us = max(each.to_us for each in periods)
        self._names = source.features
        self._cards = Interner()
        self._parts: list[tuple[F32, U8, I64, I64, F64]] = []

    def add(self, columns: Columns, fraud: U8, features: F32) -> None:
        """Keep those rows that lie between."""
        start, stop = np.searchsorted(columns.event_us, [self._from_us, self._to_us])
        if start < stop:
            at = slice(start, stop)
            cards = self._cards.of(columns.cards[at]).astype(np.int64)
            self._parts.append((features[at], fraud[at], columns.event_us[at], cards, columns.amount[at]))

    def table(self) -> Table:
        """Return what was kept."""
        features, fraud, event_us, cards, amount = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return Table(self._names, features, fraud, event_us, cards, amount)
