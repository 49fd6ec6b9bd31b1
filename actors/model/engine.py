"""The port where rows of features become scores, whatever evaluates the trees."""

from typing import Literal, Protocol

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError

EngineKind = Literal["lightgbm", "compiled"]


class Engine(Protocol):
    """Scores rows of features with one model, and gives what LightGBM gives, to the last bit.

    Safe to call from several threads at once. Never uses more than one thread.
    """

    @property
    def kind(self) -> EngineKind:
        """Its name, as in ``pipeline.scorer.engine``."""
        ...

    @property
    def n_features(self) -> int:
        """Columns of every matrix that it scores."""
        ...

    def score(self, features: F32) -> F64:
        """Return the score of each row.

        Args:
            features: shape (n, n_features), NaN is missing; any memory order, C order is not copied.

        Returns:
            Shape (n,), each in [0, 1].

        Raises:
            ModelError: wrong shape, or scoring failed.
        """
        ...


def as_rows(features: F32, n_features: int) -> F32:
    """Return ``features`` as an engine reads them: float32, C order, aligned, writable; copied only if they are not.

    Raises:
        ModelError: they have another shape than (n, n_features).
    """
    if features.ndim != 2 or features.shape[1] != n_features:  # noqa: PLR2004  # rows and columns
        raise ModelError(f"features have shape {features.shape}; the model takes (n, {n_features})")
    if features.flags.carray and features.dtype == np.float32:
        return features
    return np.require(features, np.float32, ["C", "A", "W"])
