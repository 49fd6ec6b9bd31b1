"""The windows of those who take part in a block, as they are before it is counted."""

from actors.features.ring import NOBODY
from actors.features.rings import Rings
from actors.transaction import Columns


class Undo:
    """Takes a copy of the windows that a block will change, and puts it back.

    Who is seen for the first time in the block is known from now on, with the past it then has.

    Args:
        rings: not counted into yet.
        columns: the block; `has_room` for it.
    """

    def __init__(self, rings: Rings, columns: Columns) -> None:
        located = [rows[rows != NOBODY] for rows in rings.locate(columns)]
        self._kept = [
            (ring, rows, ring.words[rows]) for ring, rows in zip(rings.by_kind().values(), located, strict=True)
        ]

    def restore(self) -> None:
        """Put the copies back."""
        for ring, rows, words in self._kept:
            ring.words[rows] = words


def has_room(rings: Rings, count: int) -> bool:
    """Return whether ``count`` transactions can be counted without anyone being forgotten for them."""
    return all(len(ring) + count <= ring.max_entities for ring in rings.by_kind().values())
