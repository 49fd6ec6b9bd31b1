"""What is fitted on rows: LightGBM's trees, the same to the last bit each time, and the limits of the rules."""

from typing import Final

import msgspec
import numpy as np

from actors.core.arrays import F64, Bool
from actors.core.batches import Decision
from actors.model.lightgbm_engine import lightgbm
from actors.model.policy import RULES, Rule, RuleBook, RuleLimits
from sim.training.dataset import Table
from sim.training.progress import Progress

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


ALARM_BUDGET: Final = 0.0015  # of honest transactions, for each rule; five rules stay under 1 % together
CANDIDATES: Final = 60  # limits tried, from the values that fraud has
_ALWAYS: Final = -np.inf


def tune_rules(table: Table) -> RuleLimits:
    """Return limits with which each rule flags at most `ALARM_BUDGET` of honest transactions.

    Of the limits within that budget each rule gets the lowest, which catches most; a rule that catches no fraud is off.
    """
    limits = {rule.limit: _limit(rule, table) for rule in RULES}
    return RuleLimits(**limits)


def _limit(rule: Rule, table: Table) -> float | None:
    if not {rule.column, *rule.only_if} <= set(table.names):
        return None
    eligible = _eligible(rule, table)
    values = table.features[:, table.names.index(rule.column)].astype(np.float64)
    values = np.where(eligible, values, _ALWAYS)
    values = np.where(np.isnan(values), _ALWAYS, values)
    honest = np.sort(values[table.fraud == 0])
    for limit in _candidates(values[(table.fraud == 1) & eligible]):
        if len(honest) - np.searchsorted(honest, limit) <= ALARM_BUDGET * len(honest):
            return float(limit)
    return None


def _eligible(rule: Rule, table: Table) -> Bool:
    eligible = np.ones(len(table), dtype=np.bool_)
    for name in rule.only_if:
        eligible &= table.features[:, table.names.index(name)] > 0
    return eligible


def _candidates(values: F64) -> F64:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return finite
    return np.unique(np.quantile(finite, np.linspace(0, 1, CANDIDATES), method="higher"))


def judge_rules(table: Table, limits: RuleLimits) -> dict[str, float | None]:
    """Return what the rules would have done: shares of fraud caught, and of honest transactions flagged and blocked."""
    decision, _ = RuleBook(table.names, limits).decide(table.features)
    fraud, honest = decision[table.fraud == 1], decision[table.fraud == 0]
    flagged = decision != Decision.APPROVE
    return {
        "recall": _share(fraud != Decision.APPROVE),
        "precision": _share(table.fraud[flagged] == 1),
        "flagged_honest": _share(honest != Decision.APPROVE),
        "blocked_honest": _share(honest == Decision.BLOCK),
    }


def _share(chosen: Bool) -> float | None:
    return float(chosen.mean()) if len(chosen) else None
