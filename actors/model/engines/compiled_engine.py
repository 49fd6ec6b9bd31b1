"""The compiled engine: machine code over the flat arrays of an ensemble."""

import math
from typing import Final

import numpy as np

from actors.arrays import F32, F64, Column
from actors.kernels import kernel
from actors.model.engines.engine import EngineKind, as_rows
from actors.model.engines.ensemble import SLOTS, ZERO, Ensemble, lay_out
from actors.model.engines.trees import Tree

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
