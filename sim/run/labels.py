"""The truth about the feed's transactions, let out after its delay."""

from collections import deque
from sys import intern

import numpy as np

from actors.arrays import I64
from actors.features.labels import Labels
from sim.money import UNKNOWN
from sim.world.block import Block


class DelayedLabels:
    """A `LabelSource` that is told every block when it is sent, and its labels when they are due.

    Args:
        delay_us: event time from a transaction to its label.
    """

    def __init__(self, delay_us: int) -> None:
        self._delay_us = delay_us
        self._waiting: deque[Labels] = deque()

    def book(self, first_number: int, block: Block) -> None:
        """Remember the labels of a block whose first transaction has ``first_number``; copies have none."""
        number = np.arange(first_number, first_number + len(block.raws))
        merchants = list(map(intern, block.merchants))  # a hundred thousand may wait, of a few thousand merchants
        categories = [None if name is None else intern(name) for name in block.categories]
        labels = Labels(number, merchants, categories, block.event_us, block.fraud)
        known = np.flatnonzero(block.fraud != UNKNOWN)
        self._waiting.append(labels if len(known) == len(labels) else _picked(labels, known))

    def take_due(self, now_us: int) -> Labels | None:
        """Return the labels that became known up to ``now_us`` and were not taken before, None if none."""
        due: list[Labels] = []
        while self._waiting:
            first = self._waiting[0]
            count = int(np.searchsorted(first.event_us, now_us - self._delay_us, side="right"))
            if count == 0:
                break
            due.append(_cut(first, slice(0, count)))
            if count < len(first):
                self._waiting[0] = _cut(first, slice(count, None))
                break
            self._waiting.popleft()
        return _joined(due) if due else None


def _cut(labels: Labels, at: slice) -> Labels:
    return Labels(labels.number[at], labels.merchants[at], labels.categories[at], labels.event_us[at], labels.fraud[at])


def _picked(labels: Labels, at: I64) -> Labels:
    places = at.tolist()
    return Labels(
        labels.number[at],
        [labels.merchants[place] for place in places],
        [labels.categories[place] for place in places],
        labels.event_us[at],
        labels.fraud[at],
    )


def _joined(parts: list[Labels]) -> Labels:
    return Labels(
        np.concatenate([part.number for part in parts]),
        [name for part in parts for name in part.merchants],
        [name for part in parts for name in part.categories],
        np.concatenate([part.event_us for part in parts]),
        np.concatenate([part.fraud for part in parts]),
    )
