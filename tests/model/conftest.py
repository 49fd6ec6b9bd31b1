"""A small real model, trained once for all tests here."""

from dataclasses import dataclass

import numpy as np
import pytest

from actors.arrays import F32, U8
from actors.model.library import lightgbm

NAMES = ("amount", "card_tx_1h", "card_merchants_30m", "country_mismatch", "card_device_new", "device_cards_7d")


@dataclass(frozen=True)
class Fitted:
    """A booster and the rows it was trained on."""

    booster: lightgbm.Booster
    rows: F32
    labels: U8


@pytest.fixture(scope="session")
def fitted() -> Fitted:
    """Thirty trees on 3,000 rows, a tenth of the cells missing."""
    draw = np.random.default_rng(5)
    rows = draw.gamma(2.0, 2.0, size=(3_000, len(NAMES))).astype(np.float32)
    rows[draw.random(rows.shape) < 0.1] = np.nan
    labels = (np.nansum(rows[:, :3], axis=1) + draw.normal(size=len(rows)) > 16).astype(np.uint8)
    data = lightgbm.Dataset(rows, labels, feature_name=list(NAMES), params={"verbose": -1})
    parameters = {"objective": "binary", "num_leaves": 12, "num_threads": 1, "verbose": -1, "seed": 1}
    return Fitted(lightgbm.train(parameters, data, 30), rows, labels)
