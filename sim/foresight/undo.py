"""The windows of those who take part in a block, as they are before it is counted."""

from collections.abc import Mapping

from actors.arrays import I64, Column
from actors.features.ring import Ring
from actors.features.rings import Rings
from actors.transaction import Columns

_KEPT_BY_COUNTING = ("identity", "touched")  # who it is, and when it was last located


class Undo:
    """Takes a copy of the windows that a block will change, and puts it back.

    Who is seen for the first time in the block is known from now on, with the past it then has.

    Args:
        rings: not counted into yet.
        columns: the block; `has_room` for it.
    """

    def __init__(self, rings: Rings, columns: Columns) -> None:
        at = rings.locate(columns)  # who counts the block next finds them without looking them up again
        sides = ((rings.cards, at.cards), (rings.merchants, at.merchants), (rings.devices, at.devices))
        self._kept = [_copy(ring, rows) for ring, rows in sides]

    def restore(self) -> None:
        """Put the copies back."""
        for ring, rows, columns in self._kept:
            for name, column in columns.items():
                ring.columns[name][rows] = column


def _copy(ring: Ring, rows: I64) -> tuple[Ring, I64, Mapping[str, Column]]:
    return (
        ring,
        rows,
        {name: column.take(rows, axis=0) for name, column in ring.columns.items() if name not in _KEPT_BY_COUNTING},
    )


def has_room(rings: Rings, count: int) -> bool:
    """Return whether ``count`` transactions can be counted without anyone being forgotten for them."""
    return all(len(ring) + count <= ring.max_entities for ring in (rings.cards, rings.merchants, rings.devices))
