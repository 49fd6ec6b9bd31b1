"""The limits of the `rules` rung: what each rule may cost in wrong alarms, and the limit that follows from it."""

from typing import Final

import numpy as np

from actors.arrays import F64, Bool
from actors.messages import Decision
from actors.model.rules import RULES, Rule, RuleBook, RuleLimits
from sim.training.table import Table

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
