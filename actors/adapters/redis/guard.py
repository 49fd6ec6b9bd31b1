"""The guard before windows: which rows of a partition were counted, and what that means for those that come.

A partition's *head* is how far its windows have come. Nothing here waits or calls a client.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

import numpy as np

from actors.core.arrays import F32, I64
from actors.features.catalogue import STREAM_COLUMNS

VERSION: Final = 1  # of all that windows keep: heads, cached rows, records
_HEAD: Final = struct.Struct("<qqq")
_WIDTH: Final = len(STREAM_COLUMNS)


class OtherVersionError(Exception):
    """What is kept was written by another version."""

    def __str__(self) -> str:
        """Return it as the functions in the server say it."""
        return "LAYOUT a head is not as ours"


class Head(NamedTuple):
    """How far the windows of a partition have come.

    Attributes:
        first: offset below which all is committed; whoever comes with less was overtaken.
        next: offset below which all was counted or passed over.
    """

    first: int
    next: int

    def pack(self) -> bytes:
        """Return it as bytes."""
        return _HEAD.pack(VERSION, *self)

    @classmethod
    def unpack(cls, packed: bytes, start: int) -> "Head":
        """Return what ``packed`` says; where nothing is kept, the partition begins at ``start``.

        Raises:
            OtherVersionError: it is none of ours.
        """
        if not packed:
            return cls(start, start)
        if len(packed) != _HEAD.size or (fields := _HEAD.unpack(packed))[0] != VERSION:
            raise OtherVersionError
        return cls(*fields[1:])


class HeadVerdict(Enum):
    """What a head means for rows.

    GO: those at its next offset and beyond are to be counted, and those before it were.
    STALE: others have committed beyond what this worker has.
    GAP: rows before them were never counted, or they were committed before they were counted.
    """

    GO = 0
    STALE = 1
    GAP = 2


@dataclass(slots=True)
class Known:
    """What a worker knows of a partition since it was assigned.

    Attributes:
        assignment: which; see `Positions`.
        reached: offset below which all rows were given to windows that took them; None: nothing was given yet.
        missed: highest offset of a row that they did not take, -1 without one.
        told: next offset of the windows that was last reported as behind, -1 without one.
    """

    assignment: int
    reached: int | None = None
    missed: int = -1
    told: int = -1


def judge(head: Head, known: Known, lowest: int, committed: int) -> HeadVerdict:
    """Return what ``head`` means for rows of which the first lies at ``lowest``.

    What lies between the windows' next offset and that row was passed over (dead letters, repetitions) if this worker
    had it in hand; what came before this worker is taken for counted only up to the windows' next offset.

    Args:
        committed: offset below which all is committed, as this worker knows.
    """
    if lowest < head.first:  # where this worker has committed them itself, nobody waits for them any more
        return HeadVerdict.STALE if head.first > committed else HeadVerdict.GAP
    reached = committed if known.reached is None else known.reached
    lost = min(reached, lowest) > head.next
    left_out = head.next <= known.missed and head.next < lowest
    return HeadVerdict.GAP if lost or left_out else HeadVerdict.GO


def pack_rows(offsets: I64, features: F32) -> bytes:
    """Return rows to be cached: the last offset, all offsets, their features."""
    return offsets[-1:].tobytes() + offsets.tobytes() + features.tobytes()


def unpack_rows(packed: bytes) -> Mapping[int, F32]:
    """Return features by offset."""
    count = (len(packed) - 8) // (8 + 4 * _WIDTH)
    offsets = np.frombuffer(packed, np.int64, count, 8)
    features = np.frombuffer(packed, np.float32, count * _WIDTH, 8 + 8 * count).reshape(count, _WIDTH)
    return dict(zip(offsets.tolist(), features, strict=True))
