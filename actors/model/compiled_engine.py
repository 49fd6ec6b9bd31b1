"""The compiled engine: machine code over the trees as flat arrays.

Every leaf of a tree has a bit. A decision keeps the bits of all leaves but those on the side that a row does not take,
and what all decisions of a tree keep is the one leaf that the row ends in. So a tree is a list of decisions in any
order, nothing leads from one to the next, and rows take each of them together. QuickScorer has the idea; its sorted
thresholds are left out.

Source: Lucchese et al., QuickScorer, SIGIR 2015.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from actors.core.arrays import F32, F64, Column
from actors.core.jit import kernel
from actors.model.engine import EngineKind, as_rows
from actors.model.trees import Missing, Tree

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
        known = [columns.setdefault(each.tobytes(), len(columns)) for each in _compared_columns(tree)]
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


def _compared_columns(tree: Tree) -> Column:
    """Return what each split of ``tree`` compares: its feature, and what stands for missing and for zero."""
    side = np.where(tree.default_left, -np.inf, np.nan)  # is at most any threshold, or none
    compared = np.empty(len(side), dtype=_COLUMN)
    compared["feature"] = tree.feature
    compared["missing"] = np.where(tree.missing == Missing.NONE, 0.0, side)
    compared["zero"] = np.where(tree.missing == Missing.ZERO, side, 0.0)
    return compared


FEW_ROWS: Final = 6  # one row alone takes 6 µs, each further one 3.5; up to 16 in step take 25 (200 trees)
_ABREAST: Final = 64  # rows in step; more do not lie in the nearest cache
_STEP: Final = 16  # rows in step are a multiple of it, so that all go through vectors
_SLOTS: Final = np.uint32(SLOTS)
_FIRST: Final = np.uint32(0)  # unsigned, as all indexes here: a signed one would be looked at for being negative
_LARGEST_EXP: Final = 709.782712893384  # of more, `exp` has no number


class CompiledEngine:
    """Scores rows of features with one ensemble, in machine code.

    Batches and single rows release the GIL and share nothing.

    Args:
        ensemble: laid out for rows of ``n_features`` columns; nothing of it is checked any more.
        n_features: columns of every matrix that will be scored.
    """

    kind: Final[EngineKind] = "compiled"

    def __init__(self, ensemble: Ensemble, n_features: int) -> None:
        self.n_features = n_features
        self._ensemble = ensemble

    def score(self, features: F32) -> F64:
        """Return the score of each row; otherwise as `Engine.score`."""
        scores = sums(self._ensemble, as_rows(features, self.n_features))
        _to_scores(scores)
        return scores


def sums(ensemble: Ensemble, rows: F32) -> F64:
    """Return the sum of each row's leaves in the order of the trees, float64 (n,); the score is made of it.

    Args:
        ensemble: laid out for these rows.
        rows: as `as_rows` returns them.
    """
    added = np.empty(len(rows), dtype=np.float64)
    add_up = _add_up_alone if len(rows) <= FEW_ROWS else _add_up_in_step
    add_up(rows, ensemble.columns, ensemble.decisions, ensemble.pieces, ensemble.values, added)
    return added


def compile_engine() -> None:
    """Score a few rows and many, so that all kernels are compiled."""
    leaf = np.zeros(1)
    none, no_span = np.empty(0, dtype=np.int64), np.empty((0, 3), dtype=np.int64)
    constant = Tree(none, np.empty(0), np.empty(0, dtype=np.bool_), none, none, no_span, leaf)
    engine = CompiledEngine(lay_out([constant]), 1)
    for count in (1, FEW_ROWS + 1):
        engine.score(np.zeros((count, 1), dtype=np.float32))


@kernel
def _compared(value: np.float32, column: np.void) -> np.float32:
    if math.isnan(value):
        return column["missing"]  # type: ignore[no-any-return]  # a record tells no types
    if abs(value) <= ZERO:
        return column["zero"]  # type: ignore[no-any-return]
    return value


@kernel
def _add_up_alone(rows: F32, columns: Column, decisions: Column, pieces: Column, values: F64, added: F64) -> None:
    """Add up row by row, with several decisions of a row at a time."""
    row = np.empty(len(columns), dtype=np.float32)
    kept = np.empty(len(decisions), dtype=np.uint32)
    for number in range(len(rows)):
        for at in range(len(columns)):
            row[at] = _compared(rows[number, columns[at]["feature"]], columns[at])
        for at in range(len(decisions)):
            decision = decisions[at]
            kept[at] = decision["left"] if row[decision["column"]] <= decision["threshold"] else decision["right"]
        total, first = 0.0, _FIRST
        for piece in range(len(pieces)):
            last = pieces[piece]["end"]
            leaf = pieces[piece]["leaves"]
            for at in range(first, last):
                leaf &= kept[at]
            total += values[piece, leaf % _SLOTS]
            first = last
        added[number] = total


@kernel
def _add_up_in_step(rows: F32, columns: Column, decisions: Column, pieces: Column, values: F64, added: F64) -> None:
    """Add up many rows, which take each decision together."""
    block = np.zeros((len(columns), _ABREAST), dtype=np.float32)
    leaf = np.empty(_ABREAST, dtype=np.uint32)
    total = np.empty(_ABREAST, dtype=np.float64)
    for start in range(0, len(rows), _ABREAST):
        count = min(_ABREAST, len(rows) - start)
        width = (count + _STEP - 1) // _STEP * _STEP  # known only here, so that the compiler makes vectors of the loops
        for number in range(count):
            for at in range(len(columns)):
                block[at, number] = _compared(rows[start + number, columns[at]["feature"]], columns[at])
        total[:] = 0.0
        first = _FIRST
        for piece in range(len(pieces)):
            last = pieces[piece]["end"]
            for number in range(width):
                leaf[number] = pieces[piece]["leaves"]
            for at in range(first, last):
                decision = decisions[at]
                threshold, left, right = decision["threshold"], decision["left"], decision["right"]
                column = block[decision["column"]]
                for number in range(width):
                    leaf[number] &= left if column[number] <= threshold else right
            for number in range(width):
                total[number] += values[piece, leaf[number] % _SLOTS]
            first = last
        for number in range(count):
            added[start + number] = total[number]


@kernel
def _to_scores(sums: F64) -> None:
    """Make scores of sums, as LightGBM does: with the same `exp`, in double precision."""
    for at in range(len(sums)):
        sums[at] = 1.0 / (1.0 + math.exp(-sums[at])) if sums[at] >= -_LARGEST_EXP else 0.0
