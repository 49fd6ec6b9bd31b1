"""LightGBM, fitted so that the same rows give the same model to the last bit."""

from typing import Final

import msgspec

from actors.model.library import lightgbm
from sim.training.progress import Progress
from sim.training.table import Table

STAGE: Final = "fit"
THREADS: Final = 2  # with deterministic=True and rows first, the sums do not depend on their number


class FitConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is fitted; part of its cache key.

    Attributes:
        trees: number of trees.
        depth: greatest depth of a tree.
        leaves: greatest number of leaves of a tree.
        learning_rate: weight of each tree. The library's default of 0.1 diverges on positives as rare as these.
        min_child_weight: least sum of second derivatives in a leaf; about as many rows at even odds, more when rare.
        l2: shrinks leaf values towards 0.
        column_share: share of features that each tree may use.
        dropout_share: share of rows repeated without their batch tier.
        seed: of everything random in it.
    """

    trees: int = 200
    depth: int = 6
    leaves: int = 31
    learning_rate: float = 0.05
    min_child_weight: float = 10.0
    l2: float = 10.0
    column_share: float = 0.8
    dropout_share: float = 0.3
    seed: int = 11


def fit(config: FitConfig, table: Table, progress: Progress) -> lightgbm.Booster:
    """Return a booster fitted on the rows of ``table``."""
    names = list(table.names)
    data = lightgbm.Dataset(table.features, table.fraud, feature_name=names, params={"verbose": -1})

    def tell(environment: lightgbm.callback.CallbackEnv) -> None:
        progress(STAGE, environment.iteration + 1, config.trees)

    return lightgbm.train(_parameters(config), data, num_boost_round=config.trees, callbacks=[tell])


def _parameters(config: FitConfig) -> dict[str, object]:
    return {
        "objective": "binary",
        "max_depth": config.depth,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_sum_hessian_in_leaf": config.min_child_weight,
        "lambda_l2": config.l2,
        "feature_fraction": config.column_share,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "verbose": -1,
    }
