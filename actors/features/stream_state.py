"""Streaming features: windows over the last transactions of a card, a merchant and a device.

Each transaction updates the windows it is then described by. A card's last 16 transactions are remembered and a
merchant's 32: counts and sums end there (at 17 and 33, the transaction itself included). That bounds time and memory
for an entity that runs hot, and by then the count has long said what it has to say.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from actors.core.arrays import F32
from actors.core.transaction import Columns, cut
from actors.core.untrusted_files import read_arrays
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.entity_windows import EntityWindows, Past, StreamLimits
from actors.features.kernels import advance


class StreamState(Protocol):
    """The windows of every card, merchant and device."""

    def advance(self, sequence: int, columns: Columns) -> F32:
        """Count transactions and return their streaming features, float32 (n, len(STREAM_COLUMNS)), not to be changed.

        Each row sees the rows before it, in this batch and earlier ones, so it makes no difference how a stream is cut
        into batches. The sequence of the last call again changes nothing and returns what it returned then: an actor
        that crashed after it counted does not count twice.
        """
        ...


class InMemoryStreamState:
    """Windows in this process: rings in arrays, bounded by ``limits``; see `EntityWindows`."""

    def __init__(self, limits: StreamLimits | None = None, past: Mapping[str, Past] | None = None) -> None:
        self.rings = EntityWindows(limits or StreamLimits(), past)
        self._last_sequence: int | None = None
        self._last_features: F32 = np.empty((0, len(STREAM_COLUMNS)), dtype=np.float32)

    def advance(self, sequence: int, columns: Columns) -> F32:
        """Count transactions and return their streaming features; see `StreamState`."""
        if sequence == self._last_sequence:
            return self._last_features
        features = self._count(columns)
        self._last_sequence, self._last_features = sequence, features
        return features

    def _count(self, columns: Columns) -> F32:
        rings, most = self.rings, self.rings.largest_batch
        if len(columns) > most:
            parts = [cut(columns, slice(at, at + most)) for at in range(0, len(columns), most)]
            return np.concatenate([self._count(part) for part in parts])
        features = np.empty((len(columns), len(STREAM_COLUMNS)), dtype=np.float32)
        rows = rings.locate(columns)  # before the records are read: they are replaced when a ring grows
        advance(
            rings.cards.records,
            rings.merchants.records,
            rings.devices.records,
            *rows,
            columns.event_us,
            columns.cents,
            columns.lat,
            columns.lon,
            (rings.cards.touches, rings.merchants.touches, rings.devices.touches),
            features,
        )
        return features

    def save(self, file: Path) -> None:
        """Write everything remembered to ``file`` (npz, no pickles)."""
        np.savez(file, allow_pickle=False, **self.rings.to_arrays())

    @classmethod
    def load(cls, file: Path, limits: StreamLimits | None = None) -> Self:
        """Return the state in ``file``; sequences start anew.

        Raises:
            OSError, KeyError, ValueError: the file is missing, not one of ours, or beyond the limits.
        """
        state = cls(limits)
        with read_arrays(file) as arrays:
            state.rings.from_arrays(dict(arrays))
        return state
