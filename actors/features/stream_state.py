"""Streaming features: windows over the last transactions of a card, a merchant and a device.

Each transaction updates the windows it is then described by. A card's last 16 transactions are remembered and a
merchant's 32: counts and sums end there (at 17 and 33, the transaction itself included). That bounds time and memory
for an entity that runs hot, and by then the count has long said what it has to say.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from actors.core.arrays import F32, I64
from actors.core.awaiting import Completed
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, cut
from actors.core.untrusted_files import read_arrays
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.entity_windows import EntityWindows, Past, StreamLimits
from actors.features.kernels import advance


class StreamState(Protocol):
    """The windows of every card, merchant and device."""

    async def advance(self, numbers: I64, columns: Columns) -> F32:
        """Count transactions and return their streaming features, float32 (n, len(STREAM_COLUMNS)), not to be changed.

        Called once a batch, one call at a time. Each row sees the rows before it, in this batch and earlier ones, so it
        makes no difference how a stream is cut into batches. What the last call counted may come again, all of it or
        one by one, because its batch crashed the assembler: it is not counted twice, and gets what it got then.

        Args:
            numbers: of the transactions in the order in which they came to the pipeline, int64 (n,), ascending.
            columns: the transactions, at least 1.

        Raises:
            StreamStateError: these have no streaming features, whether they were counted or not. The assembler goes on
                without, and they are decided by rules; so are those of a call that lasts too long, which is cancelled.
        """
        ...


class LastCounted:
    """What was counted last, so that a transaction which is delivered again is not counted again."""

    def __init__(self) -> None:
        self._last = -1
        self._numbers: I64 = np.empty(0, dtype=np.int64)
        self._features: F32 = missing_stream(0)

    def keep(self, numbers: I64, features: F32) -> None:
        """Remember that ``numbers`` were counted and got ``features``, instead of what was remembered before."""
        self._last, self._numbers, self._features = numbers.item(-1), numbers, features

    def again(self, numbers: I64) -> F32 | None:
        """Return what ``numbers`` got, None if they are yet to be counted.

        Raises:
            StreamStateError: they were counted before the last call, or were passed over in it: a repetition is, and
                comes alone when the transaction that it repeats has turned out to be poison.
        """
        if numbers.item(0) > self._last:  # most often
            return None
        at = np.searchsorted(self._numbers, numbers)
        if numbers[-1] > self._last or (self._numbers[at] != numbers).any():
            raise StreamStateError(f"transactions {numbers[0]} to {numbers[-1]} were not counted together, or not last")
        return self._features[at]


class InMemoryStreamState:
    """Windows in this process: rings in arrays, bounded by ``limits``; see `EntityWindows`."""

    def __init__(self, limits: StreamLimits | None = None, past: Mapping[str, Past] | None = None) -> None:
        self.rings = EntityWindows(limits or StreamLimits(), past)
        self._counted = LastCounted()

    def advance(self, numbers: I64, columns: Columns) -> Completed[F32]:
        """Count transactions and return their streaming features, at once; see `StreamState`."""
        features = self._counted.again(numbers)
        if features is None:
            features = self.count(columns)
            self._counted.keep(numbers, features)
        return Completed(features)

    def count(self, columns: Columns) -> F32:
        """Return what `advance` returns, for callers that are no coroutines and deliver nothing twice."""
        rings, most = self.rings, self.rings.largest_batch
        if len(columns) > most:
            parts = [cut(columns, slice(at, at + most)) for at in range(0, len(columns), most)]
            return np.concatenate([self.count(part) for part in parts])
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
        """Return the state in ``file``; numbers of transactions start anew.

        Raises:
            OSError, KeyError, ValueError: the file is missing, not one of ours, or beyond the limits.
        """
        state = cls(limits)
        with read_arrays(file) as arrays:
            state.rings.from_arrays(dict(arrays))
        return state


def missing_stream(count: int) -> F32:
    """Return the streaming features of ``count`` transactions that windows could not be asked for."""
    return np.full((count, len(STREAM_COLUMNS)), np.nan, dtype=np.float32)
