"""What windows hold of the entities of all copies when a run begins: records of the training world's, moved."""

from collections.abc import Mapping, Sequence

import numpy as np

from actors.arrays import I64, Bool, Column
from actors.features.ring import IDENTITY_BITS, IDENTITY_MASK, Kind, Ring
from actors.features.rings import Rings
from sim.copies.names import Copy, CopyNames


class CopiedRecords:
    """The records of one kind of entity in all copies, made for whoever is asked for.

    Forty copies have 16,000 merchants, 160,000 cards and twice as many devices, and most never turn up in a run. So the
    records of copy 0 are kept once, as words; in another copy a word is the same, or moved by a number of that copy.

    Args:
        kind: card, merchant or device.
        ring: of copy 0.
        copies: all of them, copy 0 the first. The next has the identities after those of the one before.
        sizes: identities in each copy, by kind of entity.

    Attributes:
        names: of all copies.
        identity_count: identities of all copies.

    Raises:
        ValueError: a copy is given twice, or an entity is not of copy 0.
    """

    def __init__(self, kind: str, ring: Ring, copies: Sequence[Copy], sizes: Mapping[str, int]) -> None:
        self.names = CopyNames(list(ring.rows), copies)
        self._size = max(1, len(ring))
        self.identity_count = sizes[kind] * len(copies)
        records = ring.records[list(ring.rows.values())]
        moved, moves = np.zeros_like(records), np.zeros(len(copies), records.dtype)
        for name, each in ring.kinds.items():
            if each.whose or each.unit_us:
                moved[name][records[name] != each.empty] = -1  # all bits of those that move
                size = sizes.get(each.whose, 0)
                moves[name].T[:] = [_move(each, copy.shift_us, block * size) for block, copy in enumerate(copies)]
        self._words, self._moved, self._moves = map(_words, (records, moved, moves))

    def recall(self, names: Sequence[str], records: Column) -> Bool:
        """Write the records of those of ``names`` that are in some copy, and return which are."""
        numbers = np.fromiter(map(self.names.number, names), np.int64, len(names))
        known = numbers >= 0
        blocks, places = np.divmod(numbers[known], self._size)
        moves = self._moved.take(places, axis=0) & self._moves.take(blocks, axis=0)
        _words(records)[known] = self._words.take(places, axis=0) + moves
        return known


def copied_windows(base: Rings, copies: Sequence[Copy]) -> dict[str, CopiedRecords]:
    """Return the past of the rings of a run, by kind of entity.

    Args:
        base: rings of copy 0 at the end of its history.
        copies: all of them, copy 0 the first.

    Raises:
        ValueError: a copy is given twice, an entity is not of copy 0, or there are too many.
    """
    rings = base.by_kind()
    sizes = {kind: ring.next_identity for kind, ring in rings.items()}
    if max(sizes.values()) * len(copies) > IDENTITY_MASK:
        raise ValueError(f"{len(copies)} copies have more entities than there are identities")
    return {kind: CopiedRecords(kind, ring, copies, sizes) for kind, ring in rings.items()}


def _move(kind: Kind, shift_us: int, offset: int) -> int:
    """Return what is added to an element for a copy of its entity.

    Args:
        kind: of the element.
        shift_us: later by so much; rounded down to whole units.
        offset: added to the identity.
    """
    units = shift_us // kind.unit_us if kind.unit_us else 0
    return (units << IDENTITY_BITS) + offset if kind.packed else units + offset


def _words(records: Column) -> I64:
    """Return ``records`` as words, int64 (n, words), sharing their memory."""
    return records.view(np.int64).reshape(len(records), records.dtype.itemsize // 8)
