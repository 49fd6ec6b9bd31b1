"""A model that proves itself and scores nonsense: whole, signed, and consistent with its own golden rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.faults.model_damage import changed_copy, sign
from sim.faults.model_text import with_columns, with_leaves

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.arrays import F64
    from actors.model.artifact import Artifact

Nonsense = Literal["inverted", "shuffled", "constant"]
MIDDLE = 0.5


def nonsense_copy(artifact: "Artifact", copy: Path, scores: Nonsense) -> None:
    """Write a model made from ``artifact`` to ``copy``, whose scores say nothing, or the opposite.

    What it says of its training stays: its reference tells of the scores that it should give.

    Args:
        artifact: a model; its folder is left as it is.
        copy: where to; must not be there yet.
        scores: one minus the right ones; made of columns in the wrong order; or all the same.

    Raises:
        ArtifactError, OSError: the folder of ``artifact`` holds another model by now, or none.
    """
    from actors.model.artifact import GOLDEN_FILE
    from actors.model.golden import Golden

    columns = np.roll(np.arange(len(artifact.feature_names)), 1).tolist()
    changed_copy(artifact.folder, copy, lambda text: _nonsense(text, scores, columns), signed=False)
    Golden(artifact.golden.features, _scores(artifact, scores, columns)).save(copy / GOLDEN_FILE)
    sign(copy)


def _nonsense(text: str, scores: Nonsense, columns: list[int]) -> str:
    match scores:
        case "inverted":
            return with_leaves(text, lambda value: -value)
        case "constant":
            return with_leaves(text, lambda _: 0.0)
        case "shuffled":
            return with_columns(text, columns)


def _scores(artifact: "Artifact", scores: Nonsense, columns: list[int]) -> "F64":
    """Return what the model of `_nonsense` gives the golden rows, without loading it."""
    rows = artifact.golden.features
    match scores:
        case "inverted":
            return 1 - artifact.golden.scores
        case "constant":
            return np.full(len(rows), MIDDLE)
        case "shuffled":
            return artifact.engine.score(np.ascontiguousarray(rows[:, columns]))
