"""Streaming features: windows over the last transactions of a card, a merchant and a device.

Each transaction updates the windows it is then described by. A card's last 16 transactions are remembered and a
merchant's 32: counts and sums end there (at 17 and 33, the transaction itself included). That bounds time and memory
for an entity that runs hot, and by then the count has long said what it has to say.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from actors.arrays import F32
from actors.features import batch_road, single_road
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.columns import cut
from actors.features.rings import Rings, StreamLimits
from actors.features.towns import Town
from actors.transaction import Columns

SINGLE_ROAD_UP_TO = 6  # rows; from here on arrays are quicker than one by one


class StreamState(Protocol):
    """The windows of every card, merchant and device."""

    def advance(self, sequence: int | tuple[int, ...], columns: Columns) -> F32:
        """Count transactions and return their streaming features, float32 (n, len(STREAM_COLUMNS)), not to be changed.

        Each row sees the rows before it, in this batch and earlier ones, so it makes no difference how a stream is cut
        into batches. The sequence of the last call again changes nothing and returns what it returned then: an actor
        that crashed after it counted does not count twice. A tuple of one number a row may also be a part of the last.
        """
        ...


class InMemoryStreamState:
    """Windows in this process: rings in arrays, bounded by ``limits``."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self.rings = Rings(limits or StreamLimits())
        self._last = _Advanced((), np.empty((0, len(STREAM_COLUMNS)), dtype=np.float32))

    def advance(self, sequence: int | tuple[int, ...], columns: Columns) -> F32:
        """Count transactions and return their streaming features; see `StreamState`."""
        again = self._last.again(sequence)
        if again is not None:
            return again
        features = self._count(columns)
        self._last = _Advanced(sequence, features)
        return features

    def _count(self, columns: Columns) -> F32:
        if len(columns) <= SINGLE_ROAD_UP_TO:
            return single_road.advance(self.rings, columns)
        most = self.rings.largest_batch
        if len(columns) <= most:
            return batch_road.advance(self.rings, columns)
        parts = [cut(columns, slice(at, at + most)) for at in range(0, len(columns), most)]
        return np.concatenate([self._count(part) for part in parts])

    def add_towns(self, towns: tuple[Town, ...]) -> None:
        """Give every entity a twin in each of ``towns``. All entities remembered must be town 0's.

        Raises:
            ValueError: the limits leave no room, or a name is not of town 0.
        """
        self.rings.add_towns(towns)

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
        with np.load(file, allow_pickle=False) as arrays:
            state.rings.from_arrays(dict(arrays))
        return state


@dataclass(frozen=True, slots=True)
class _Advanced:
    """The last call's sequence and features."""

    sequence: int | tuple[int, ...]
    features: F32

    def again(self, sequence: int | tuple[int, ...]) -> F32 | None:
        """Return the features for ``sequence`` if it is the last one or a part of it."""
        if sequence == self.sequence:
            return self.features
        if isinstance(sequence, int) or isinstance(self.sequence, int) or len(self.sequence) != len(self.features):
            return None
        if not sequence or sequence[0] not in self.sequence:
            return None
        start = self.sequence.index(sequence[0])
        part = slice(start, start + len(sequence))
        return self.features[part] if self.sequence[part] == sequence else None
