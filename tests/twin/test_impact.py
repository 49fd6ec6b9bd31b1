"""What a fault changed among the transactions of its window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import Bool
from sim.outcomes.decision_table import DecisionTable
from sim.twin.impact import AmountSum, Harm, harm, pair
from tests.support.sim.run_pairs import paired, record


def everywhere(count: int) -> Bool:
    """Return a mask of all rows."""
    return np.ones(count, dtype=np.bool_)


def test_a_run_compared_with_itself_differs_in_nothing() -> None:
    """Exactly nothing: no count, and no cent."""
    run = record(range(5), blocked=[1, 2], fraud=[2, 3], amounts=[0.1, 0.2, 0.3, 0.4, 0.5])
    found = harm(pair(run, run), everywhere(5))
    nothing = AmountSum(0, 0.0)
    assert found == Harm(
        compared=5,
        differing=0,
        flips={},
        modes={},
        later=0,
        fraud_let_through=nothing,
        fraud_caught=nothing,
        good_blocked=nothing,
        good_spared=nothing,
        fraud_loss=0.0,
        fraud_prevented=0.0,
        wrongly_blocked=0.0,
    )


def test_each_flip_is_counted_and_priced_by_whom_it_hits() -> None:
    """Fraud let through and caught, good customers blocked and spared are four different things."""
    amounts = [1.0, 2.0, 4.0, 8.0, 16.0]
    then = record(range(5), blocked=[0, 2, 4], fraud=[0, 1], amounts=amounts)
    now = record(range(5), blocked=[1, 3, 4], fraud=[0, 1], amounts=amounts, degraded=[3], slow=[4])
    found = harm(pair(now, then), everywhere(5))
    assert (found.fraud_let_through, found.fraud_caught) == (AmountSum(1, 1.0), AmountSum(1, 2.0))
    assert (found.good_blocked, found.good_spared) == (AmountSum(1, 8.0), AmountSum(1, 4.0))
    assert (found.fraud_loss, found.fraud_prevented, found.wrongly_blocked) == (-1.0, 1.0, 4.0)
    assert found.flips == {"approve_to_block": 2, "block_to_approve": 2}
    assert found.modes == {"full_to_realtime_only": 1}
    assert (found.differing, found.later) == (5, 1)


def test_only_the_window_counts() -> None:
    """What differs outside belongs to another fault."""
    run = record(range(4), degraded=[0, 3])
    inside = np.array([False, False, True, True])
    assert harm(paired(run), inside).differing == 1
    assert harm(paired(run), inside).compared == 2


def test_transactions_are_joined_by_id_whatever_their_order() -> None:
    """A run that delivers in another order, or lacks some, is compared on what both have; the others stand apart."""
    given_run = record([3, 1, 2], ids=["c", "a", "b"], amounts=[3.0, 1.0, 2.0])
    otherwise = record([2, 3, 4], ids=["b", "c", "d"], amounts=[2.0, 3.0, 4.0])
    pairs = pair(given_run, otherwise)
    assert pairs.ids == ["b", "c"]
    assert pairs.only_given.amount.tolist() == [1.0]
    assert pairs.only_otherwise.amount.tolist() == [4.0]
    assert not pairs.differ.any()


RUN = st.lists(st.booleans(), min_size=20, max_size=20)


@given(RUN, RUN, RUN)
def test_dollars_are_those_of_the_flips(now: list[bool], then: list[bool], fraud: list[bool]) -> None:
    """Between approving and blocking, the loss caused is what was let through less what was caught, and so on."""
    amounts = [0.01 * 3**row for row in range(20)]

    def run(blocked: list[bool]) -> DecisionTable:
        return record(range(20), blocked=np.flatnonzero(blocked), fraud=np.flatnonzero(fraud), amounts=amounts)  # type: ignore[arg-type]

    found = harm(pair(run(now), run(then)), everywhere(20))
    assert found.fraud_loss == pytest.approx(found.fraud_let_through.amount - found.fraud_caught.amount, abs=1e-5)
    assert found.fraud_prevented == pytest.approx(-found.fraud_loss, abs=1e-5)
    assert found.wrongly_blocked == pytest.approx(found.good_blocked.amount - found.good_spared.amount, abs=1e-5)
