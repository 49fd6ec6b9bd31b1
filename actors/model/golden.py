"""Rows with known scores, by which a loaded model proves that it is the one that was trained."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from actors.arrays import F32, F64, I64, Bool
from actors.bounded_files import read_arrays
from actors.model.engines.engine import Engine
from actors.model.engines.lightgbm_engine import LightGBMEngine
from actors.model.library import lightgbm

# The same trees give the same sums anywhere; only the last bits of `exp` differ between machines.
TOLERANCE: Final = 1e-12
MOST_BYTES: Final = 256 << 20  # unfolded; the default model's rows take 50 kB
_BLOCK: Final = 2_048  # rows among which the next is chosen; each choice looks at all of them again


@dataclass(frozen=True, slots=True)
class Golden:
    """Rows that between them visit every leaf of every tree, and their scores.

    Attributes:
        features: float32, shape (n, n_features).
        scores: float64, shape (n,).
    """

    features: F32
    scores: F64

    def worst(self, engine: Engine) -> float:
        """Return the largest difference between the scores now and then; NaN when a score is not a number."""
        return float(np.abs(engine.score(self.features) - self.scores).max(initial=0.0))

    def save(self, file: Path) -> None:
        """Write it as npz."""
        np.savez_compressed(file, features=self.features, scores=self.scores)

    @staticmethod
    def load(file: Path) -> "Golden":
        """Read it back.

        Raises:
            ValueError, KeyError: the file does not hold what `save` writes.
        """
        with read_arrays(file, MOST_BYTES) as arrays:
            golden = Golden(arrays["features"], arrays["scores"])
        if golden.features.ndim != 2 or golden.scores.shape != golden.features.shape[:1]:  # noqa: PLR2004  # a matrix
            raise ValueError(f"{golden.features.shape} rows do not go with {golden.scores.shape} scores")
        return golden


def choose_golden(booster: lightgbm.Booster, rows: F32) -> Golden:
    """Return few of ``rows`` that visit every leaf that any of them visits.

    Args:
        booster: the trained model.
        rows: the training rows: every leaf has at least one of them.
    """
    sizes = np.array([tree["num_leaves"] for tree in booster.dump_model()["tree_info"]])
    unseen = np.arange(sizes.max()) < sizes[:, np.newaxis]
    chosen: list[int] = []
    for start in range(0, len(rows), _BLOCK):
        leaves = booster.predict(rows[start : start + _BLOCK], pred_leaf=True, num_threads=2)
        chosen += [start + at for at in _cover(np.asarray(leaves, dtype=np.int64), unseen)]
        if not unseen.any():
            break
    features = np.ascontiguousarray(rows[chosen])
    return Golden(features, LightGBMEngine(booster, rows.shape[1]).score(features))


def _cover(leaves: I64, unseen: Bool) -> Iterator[int]:
    """Yield the row with most unseen leaves until none has any, ticking them off."""
    trees = np.arange(len(unseen))
    while (gain := unseen[trees, leaves].sum(axis=1)).any():
        best = int(gain.argmax())
        unseen[trees, leaves[best]] = False
        yield best
