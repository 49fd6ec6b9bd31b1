"""What windows hold of the entities of all copies when a run begins: records of the training world's, moved."""

from collections.abc import Mapping, Sequence

import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.jit import kernel
from actors.features.entity_windows import IDENTITY_BITS, IDENTITY_MASK, ColumnKind, EntityWindows, RingBuffer, words_of
from sim.world_copies.names import Copy, CopyNames


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

    def __init__(self, kind: str, ring: RingBuffer, copies: Sequence[Copy], sizes: Mapping[str, int]) -> None:
        self.names = CopyNames(list(ring.rows), copies)
        self.identity_count = sizes[kind] * len(copies)
        records = ring.records[list(ring.rows.values())]
        moved, moves = np.zeros_like(records), np.zeros(len(copies), records.dtype)
        for name, each in ring.kinds.items():
            if each.whose or each.unit_us:
                moved[name][records[name] != each.empty] = -1  # all bits of those that move
                size = sizes.get(each.whose, 0)
                moves[name].T[:] = [_move(each, copy.shift_us, block * size) for block, copy in enumerate(copies)]
        self._words, self._moved, self._moves = map(words_of, (records, moved, moves))

    def recall(self, names: Sequence[str], words: I64, rows: I64) -> Bool:
        """Write the records of those of ``names`` that are in some copy, and return which are."""
        numbers = np.array(list(map(self.names.number, names)), dtype=np.int64)
        _copy(self._words, self._moved, self._moves, numbers, words, rows)
        return numbers >= 0


def copied_windows(base: EntityWindows, copies: Sequence[Copy]) -> dict[str, CopiedRecords]:
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


def _move(kind: ColumnKind, shift_us: int, offset: int) -> int:
    """Return what is added to an element for a copy of its entity.

    Args:
        kind: of the element.
        shift_us: later by so much; rounded down to whole units.
        offset: added to the identity.
    """
    units = shift_us // kind.unit_us if kind.unit_us else 0
    return (units << IDENTITY_BITS) + offset if kind.packed else units + offset


@kernel
def _copy(words: I64, moved: I64, moves: I64, numbers: I64, records: I64, rows: I64) -> None:
    """Write the words of those numbered ``numbers`` into ``records[rows]``; there are no negative ones."""
    for at in range(len(numbers)):
        if numbers[at] >= 0:
            block, place = numbers[at] // len(words), numbers[at] % len(words)
            for word in range(words.shape[1]):
                records[rows[at], word] = words[place, word] + (moved[place, word] & moves[block, word])


def compile_copies() -> None:
    """Copy nothing, so that what copies is compiled."""
    nothing, no_rows = np.empty((0, 0), dtype=np.int64), np.empty(0, dtype=np.int64)
    _copy(nothing, nothing, nothing, no_rows, nothing, no_rows)
