"""The loop that a typical portfolio demo of fraud scoring runs: one transaction, one DataFrame, one prediction.

It is written as such projects write it, not slowed down: parse with ``json``, look the card's and the merchant's
features up in a dict, make a one-row DataFrame, call ``predict_proba``, compare with thresholds, keep the result.
"""

import json
from collections.abc import Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from actors.core.arrays import F32


class ScikitModel:
    """A trained booster behind scikit-learn's interface, which is what such demos pickle.

    ``predict_proba`` does what `lightgbm.LGBMClassifier`'s does after its checks: predict, then put both classes side
    by side. It takes the frame's array: LightGBM 4.7 reads frames through pyarrow, which halves the loop's speed.
    """

    def __init__(self, booster: lgb.Booster) -> None:
        self._booster = booster

    def predict_proba(self, rows: pd.DataFrame) -> Any:  # noqa: ANN401 - as scikit-learn has it
        """Return the probability of both classes, one row a transaction."""
        fraud = np.asarray(self._booster.predict(rows.to_numpy(), num_threads=1))
        return np.vstack((1.0 - fraud, fraud)).transpose()


class PortfolioLoop:
    """The demo's consumer.

    Args:
        booster: the same model as everyone's.
        names: its features, in order.
        table: features by transaction id, standing for the demo's feature store in a dict.
    """

    def __init__(self, booster: lgb.Booster, names: Sequence[str], table: dict[str, dict[str, float]]) -> None:
        self._model = ScikitModel(booster)
        self._names = list(names)
        self._table = table

    def run(self, messages: Sequence[bytes]) -> list[dict[str, Any]]:
        """Return the decisions on ``messages``, one by one."""
        decided = []
        for message in messages:
            transaction = json.loads(message)
            features = self._table[transaction["id"]]
            row = pd.DataFrame([features])[self._names]
            score = float(self._model.predict_proba(row)[0, 1])
            decision = "block" if score >= 0.7 else "review" if score >= 0.3 else "approve"
            decided.append({"id": transaction["id"], "score": score, "decision": decision})
        return decided


def lookup_table(ids: Sequence[str], features: F32, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return each transaction's features by name, ready made: the demo pays only for the look-up."""
    return {name: dict(zip(names, row, strict=True)) for name, row in zip(ids, features.tolist(), strict=True)}
