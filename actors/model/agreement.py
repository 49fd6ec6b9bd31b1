"""The compiled engine of a booster, taken only if it scores as LightGBM does on this machine, to the last bit.

Each tree alone first, on rows that go both ways at every split of it: a leaf is compared before it is added to others,
where its last bits could be lost. Then all trees together, on the golden rows and on a share of those.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.model.compiled_engine import ZERO, CompiledEngine, at_most, lay_out, sums
from actors.model.engine import as_rows
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.trees import Tree, read_trees

_KEPT: Final = 8  # a process may load one model for many runs, and return to one that it had
_UP: Final = np.float32(np.inf)
_JUST_MORE: Final = np.nextafter(ZERO, _UP)  # than what is zero
_SPECIAL: Final = (np.nan, 0.0, -0.0, _JUST_MORE, -_JUST_MORE, np.inf, -np.inf)
_TOGETHER: Final = 4_096  # rows of splits that go through all trees, too; all of them would take seconds


def compiled_engine(booster: lightgbm.Booster, golden: F32) -> CompiledEngine:
    """Return an engine that scores as ``booster`` does, to the last bit; it is proved once a process.

    Args:
        booster: a model.
        golden: rows such as it will score, float32 (n, features), n may be 0.

    Raises:
        ModelError: it cannot be evaluated so, or would not score the same; one clause that says why.
    """
    rows = as_rows(golden, booster.num_feature())
    if not len(rows):
        rows = np.zeros((1, booster.num_feature()), dtype=np.float32)
    return _proved(booster.model_to_string(), rows.shape, rows.tobytes())


@lru_cache(maxsize=_KEPT)
def _proved(text: str, shape: tuple[int, int], golden: bytes) -> CompiledEngine:
    """Return the engine for a model's text."""
    base = np.frombuffer(golden, dtype=np.float32).reshape(shape)
    trees = read_trees(text, shape[1])
    ensemble = lay_out(trees)
    engine = CompiledEngine(ensemble, shape[1])
    # A model of its own: a booster remembers which of its trees it predicted with last, and uses them for single rows.
    alone = lightgbm.Booster(model_str=text)
    built = []
    for number, tree in enumerate(trees):
        rows = split_rows(tree, base[number % len(base)])
        theirs = alone.predict(rows, raw_score=True, start_iteration=number, num_iteration=1, num_threads=1)
        _compare(f"tree {number} alone", sums(ensemble.tree(number), rows), np.asarray(theirs))
        built.append(rows)
    together = np.concatenate(built)
    rows = np.concatenate([base, together[:: 1 + len(together) // _TOGETHER]])
    _compare("all trees together", engine.score(rows), LightGBMEngine(alone, shape[1]).score(rows))
    return engine


def split_rows(tree: Tree, base: F32) -> F32:
    """Return rows that reach each split of ``tree``, if a row without missing values can, and go either way there.

    In the column that a split compares they have what leads there, its threshold, the float32 values beside that, NaN,
    both zeros, what is just more or less than zero, and both infinities.

    Args:
        tree: one of a model.
        base: one row of it, which gives all values that no split on the way asks for.

    Returns:
        Float32, shape (11 · splits, features); ``base`` alone for a tree without splits.
    """
    count = len(tree.feature)
    if not count:
        return base[np.newaxis].copy()
    threshold = at_most(tree.threshold)
    past_zero = np.where(threshold < 0, -_JUST_MORE, ZERO)  # where a threshold ends that lies within what is zero
    limits = np.where(np.abs(threshold) <= ZERO, past_zero, threshold)
    above = np.full((count, len(base)), -np.inf, dtype=np.float32)  # a row gets there with values above this
    most = np.full((count, len(base)), np.inf, dtype=np.float32)  # and at most this
    free = np.full((count, len(base)), fill_value=True)  # whatever the value, also a missing one
    for split, parent in enumerate(tree.parent.tolist()):
        if parent < 0:
            continue
        above[split], most[split], free[split] = above[parent], most[parent], free[parent]
        feature, limit = tree.feature[parent], limits[parent]
        free[split, feature] = False
        if tree.span[split, 2] <= tree.span[parent, 1]:
            most[split, feature] = min(most[split, feature], limit)
        else:
            above[split, feature] = max(above[split, feature], limit)
    values = [base, most, np.nextafter(above, _UP), -_JUST_MORE, _JUST_MORE]
    fit = [free | ((above < each) & (each <= most) & (np.abs(each) > ZERO)) for each in values]
    reaching = np.select(fit, np.broadcast_arrays(above, *values)[1:], np.float32(0))
    leading = reaching[np.arange(count), tree.feature]
    beside = [leading, threshold, np.nextafter(threshold, -_UP), np.nextafter(threshold, _UP)]
    tried = np.column_stack([*beside, *(np.full(count, value) for value in _SPECIAL)])
    rows = np.repeat(reaching, tried.shape[1], axis=0)
    rows[np.arange(len(rows)), np.repeat(tree.feature, tried.shape[1])] = tried.ravel()
    return rows


def _compare(what: str, ours: F64, theirs: F64) -> None:
    wrong = np.flatnonzero(ours != theirs)
    if len(wrong):
        at = wrong[0]
        raise ModelError(f"{what} would give {ours[at]!r} where LightGBM gives {theirs[at]!r}")
