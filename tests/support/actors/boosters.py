"""Small boosters of every shape, trained on rows with missing values, zeros and infinities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from actors.core.arrays import F32
from actors.model.lightgbm_engine import lightgbm

COLUMNS = 5
ODD = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-35, -1e-35, 2e-35, -2e-35, 1e-40, 3.4e38], dtype=np.float32)


@dataclass(frozen=True)
class Drawn:
    """A booster, and rows that it was not trained on."""

    booster: lightgbm.Booster
    rows: F32


def drawn_rows(seed: int, count: int) -> F32:
    """Return rows: some columns of few values, some of many, one cell in five odd."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, COLUMNS)).astype(np.float32)
    rows[:, 0] = draw.integers(-2, 3, size=count)
    rows[:, 1] *= np.float32(1e-35)
    odd = draw.random(rows.shape) < 0.2
    rows[odd] = draw.choice(ODD, size=np.count_nonzero(odd))
    return rows


def train(
    seed: int, rows: int = 200, trees: int = 6, categories: Sequence[int] = (), **parameters: object
) -> lightgbm.Booster:
    """Return a booster that fits noise and a little of the rows."""
    features = drawn_rows(seed, rows)
    known = np.clip(np.nan_to_num(features, nan=0.5), -9, 9)
    labels = known[:, 0] + known[:, 2] + np.random.default_rng(seed).normal(size=rows) > 0.5
    labels[0], labels[1] = False, True
    said = {"objective": "binary", "num_threads": 1, "verbose": -1, "seed": seed, "min_data_in_bin": 1} | parameters
    quiet = {"verbose": -1}
    data = lightgbm.Dataset(features, labels.astype(np.int32), categorical_feature=list(categories), params=quiet)
    return lightgbm.Booster(model_str=lightgbm.train(said, data, trees).model_to_string())


@st.composite
def boosters(draw: st.DrawFn) -> Drawn:
    """Draw a booster of any shape that the compiled engine takes: from single leaves to several words of them."""
    seed = draw(st.integers(0, 2**20))
    parameters: dict[str, Any] = {
        "num_leaves": draw(st.sampled_from([2, 3, 31, 32, 33, 64, 65, 150])),
        "max_depth": draw(st.sampled_from([-1, 1, 2, 5])),
        "min_data_in_leaf": draw(st.sampled_from([1, 20, 150])),  # the last leaves trees of one leaf
        "min_sum_hessian_in_leaf": 1e-3,  # with less LightGBM may come upon leaves without a value
        "use_missing": draw(st.booleans()),
        "zero_as_missing": draw(st.booleans()),
        "boosting": draw(st.sampled_from(["gbdt", "dart"])),
        "learning_rate": draw(st.sampled_from([0.1, 1.0])),
        "is_unbalance": draw(st.booleans()),
    }
    booster = train(seed, draw(st.sampled_from([40, 400])), draw(st.integers(1, 8)), **parameters)
    return Drawn(booster, drawn_rows(seed + 1, 100))
