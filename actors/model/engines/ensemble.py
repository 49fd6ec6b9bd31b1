"""Trees as flat arrays, which are evaluated without a branch.

Every leaf of a tree has a bit. A decision keeps the bits of all leaves but those on the side that a row does not take,
and what all decisions of a tree keep is the one leaf that the row ends in. So a tree is a list of decisions in any
order, nothing leads from one to the next, and rows take each of them together. QuickScorer has the idea; its sorted
thresholds are left out.

Source: Lucchese et al., QuickScorer, SIGIR 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from actors.arrays import F32, F64, Column
from actors.model.engines.trees import Missing, Tree

WORD: Final = 32  # leaves in one piece of a tree, a bit each
# Powers of two up to 2**35 leave distinct remainders, none of them 0: a leaf's place among its piece's values.
SLOTS: Final = 37
ZERO: Final = np.float32(1e-35)  # LightGBM takes what is no farther from zero for zero

_COLUMN: Final = np.dtype([("feature", "u4"), ("missing", "f4"), ("zero", "f4")])
_DECISION: Final = np.dtype([("column", "u4"), ("threshold", "f4"), ("left", "u4"), ("right", "u4")])
_PIECE: Final = np.dtype([("end", "u4"), ("leaves", "u4")])


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees as kernels read them.

    Attributes:
        columns: what decisions compare: a feature, with what stands for a missing value and for zero.
        decisions: of all pieces, one piece after the other: the column, the threshold, at most which a value goes left,
            and the leaves kept where it goes left and where right.
        pieces: at most `WORD` leaves of a tree each: where its decisions end, and the bits of its leaves. A piece
            that the leaf of a row does not lie in keeps none.
        values: of the leaves at their places, 0.0 where no leaf is, float64 (pieces, SLOTS).
        starts: the first piece of each tree, and the number of all.
    """

    columns: Column
    decisions: Column
    pieces: Column
    values: F64
    starts: tuple[int, ...]

    def tree(self, number: int) -> "Ensemble":
        """Return one tree alone."""
        first, last = self.starts[number : number + 2]
        start, end = int(self.pieces["end"][first - 1]) if first else 0, int(self.pieces["end"][last - 1])
        pieces = self.pieces[first:last].copy()
        pieces["end"] -= start
        return Ensemble(self.columns, self.decisions[start:end], pieces, self.values[first:last], (0, last - first))


def lay_out(trees: Sequence[Tree]) -> Ensemble:
    """Return ``trees`` as flat arrays; float32 values go through them as they go through the trees, to the last bit."""
    columns: dict[bytes, int] = {}
    decisions, pieces, values, starts = [], [], [], [0]
    ends = 0
    for tree in trees:
        known = [columns.setdefault(each.tobytes(), len(columns)) for each in _compared(tree)]
        threshold = at_most(tree.threshold)
        for first in range(0, len(tree.leaf_value), WORD):
            leaf_value = tree.leaf_value[first : first + WORD]
            span = np.clip(tree.span - first, 0, len(leaf_value))
            inside = span[:, 0] < span[:, 2]
            piece = np.zeros(np.count_nonzero(inside), dtype=_DECISION)
            piece["column"], piece["threshold"] = np.array(known, dtype=np.uint32)[inside], threshold[inside]
            start, middle, end = (1 << span[inside]).T
            piece["left"], piece["right"] = ~(end - middle), ~(middle - start)
            decisions.append(piece)
            ends += len(piece)
            pieces.append((ends, (1 << len(leaf_value)) - 1))
            places = np.zeros(SLOTS)
            places[(1 << np.arange(len(leaf_value))) % SLOTS] = leaf_value
            values.append(places)
        starts.append(len(pieces))
    return Ensemble(
        columns=np.frombuffer(b"".join(columns), dtype=_COLUMN).copy(),
        decisions=np.concatenate(decisions),
        pieces=np.array(pieces, dtype=_PIECE),
        values=np.array(values),
        starts=tuple(starts),
    )


def at_most(threshold: F64) -> F32:
    """Return the largest float32 that is not above each threshold: no float32 value lies between the two."""
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    return np.where(near.astype(np.float64) > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _compared(tree: Tree) -> Column:
    """Return what each split of ``tree`` compares: its feature, and what stands for missing and for zero."""
    side = np.where(tree.default_left, -np.inf, np.nan)  # is at most any threshold, or none
    compared = np.empty(len(side), dtype=_COLUMN)
    compared["feature"] = tree.feature
    compared["missing"] = np.where(tree.missing == Missing.NONE, 0.0, side)
    compared["zero"] = np.where(tree.missing == Missing.ZERO, side, 0.0)
    return compared
