"""Rules get limits that cost few wrong alarms."""

import numpy as np

from actors.model.policy import RuleBook
from sim.training.fit import ALARM_BUDGET, judge_rules, tune_rules
from tests.support.sim.small_training import Recorded, table_of


def test_a_limit_is_the_lowest_within_the_alarm_budget() -> None:
    """One honest amount in a thousand may lie above it, and the next candidate would let more."""
    honest = [float(number) for number in range(1_000)]
    table = table_of([0] * 1_000 + [1] * 4, amount=[*honest, 10.0, 900.0, 999.0, 2_000.0])
    assert tune_rules(table).high_amount == 999.0


def test_a_rule_that_catches_nothing_within_its_budget_is_off() -> None:
    """Fraud among ordinary amounts gives no amount rule, and absent columns give no rule at all."""
    table = table_of([0] * 1_000 + [1], amount=[float(number) for number in range(1_000)] + [5.0])
    limits = tune_rules(table)
    assert limits.high_amount is None
    assert limits.card_velocity is None


def test_each_rule_keeps_its_budget_on_the_rows_it_was_tuned_on(recorded: Recorded) -> None:
    """The share of honest transactions it flags is what was allowed."""
    table = recorded.table
    book = RuleBook(table.names, tune_rules(table))
    honest = table.features[table.fraud == 0]
    assert book.rules
    for rule, limit in book.rules:
        assert np.mean(book.fired(rule, limit, honest)) <= ALARM_BUDGET


def test_rules_catch_fraud_that_they_were_not_tuned_on(recorded: Recorded) -> None:
    """Without a model a useful part of it is still seen, at under one wrong alarm in a hundred."""
    table = recorded.table
    half = len(table) // 2
    figures = judge_rules(table.at(slice(half, None)), tune_rules(table.at(slice(0, half))))
    assert (figures["recall"] or 0) > 0.15
    assert (figures["flagged_honest"] or 0) < 0.01
