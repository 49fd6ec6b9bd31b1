"""Records as they are kept outside of a ring buffer."""

from collections.abc import Sequence

import numpy as np

from actors.adapters.redis.records import Entities, RecordKind
from actors.core.arrays import I64, Bool
from actors.features.entity_windows import EntityWindows, StreamLimits, words_of


class Remembered:
    """A past that knows everyone, with ``noise`` in the bytes between the fields of its records."""

    identity_count = 100

    def __init__(self, noise: int) -> None:
        self._noise = noise

    def recall(self, names: Sequence[str], words: I64, rows: I64) -> Bool:
        """Write the same fields for each of ``names``."""
        records = np.full(words[rows].nbytes, self._noise, dtype=np.uint8).view(RING.records.dtype)
        for field in RING.kinds:
            records[field] = 7
        words[rows] = words_of(records)
        return np.ones(len(names), dtype=np.bool_)


RING = EntityWindows(StreamLimits(16, 16, 16)).cards


def packed(noise: int) -> bytes:
    """Return the record of a card as it is kept, if its past has ``noise``."""
    cards = Entities.named(RecordKind(RING, Remembered(noise)), ["c0-1", "c0-2"])
    cards.fill(np.arange(2), b"00", b"")
    return cards.packed(np.arange(2))


def test_equal_records_are_equal_bytes() -> None:
    """What a past has in memory between the fields of its records is not kept."""
    assert packed(noise=0xAB) == packed(noise=0)
