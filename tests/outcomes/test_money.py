"""What decisions cost and saved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from actors.core.batches import Decision
from sim.outcomes.money import UNKNOWN, Outcomes, business

APPROVE, REVIEW, BLOCK = (int(each) for each in Decision)
CENTS = hnp.arrays(np.int64, st.shared(st.integers(0, 40), key="n"), elements=st.integers(0, 10**7))


def outcomes(rows: list[tuple[float, int, int]], arrival_ns: list[int] | None = None) -> Outcomes:
    """Return outcomes from (amount, decision, label) rows."""
    return Outcomes(
        arrival_ns=np.array(arrival_ns or range(len(rows)), dtype=np.int64),
        amount=np.array([row[0] for row in rows], dtype=np.float64),
        score=np.full(len(rows), 0.5),
        decision=np.array([row[1] for row in rows], dtype=np.uint8),
        label=np.array([row[2] for row in rows], dtype=np.uint8),
    )


def test_each_word_of_the_summary_means_what_it_says() -> None:
    """Approved fraud is lost, blocked fraud prevented, reviewed fraud prevented to nine tenths."""
    worth = business(
        outcomes(
            [
                (100, APPROVE, 1),
                (200, REVIEW, 1),
                (300, BLOCK, 1),
                (10, APPROVE, 0),
                (20, REVIEW, 0),
                (40, BLOCK, 0),
                (5, REVIEW, UNKNOWN),
                (7, BLOCK, UNKNOWN),
            ]
        )
    )
    assert (worth.fraud_loss, worth.fraud_prevented, worth.fraud_amount) == (100, 300 + 0.9 * 200, 600)
    assert (worth.wrongly_blocked, worth.wrongly_blocked_count) == (40, 1)
    assert (worth.actual_fraud, worth.fraud_detected, worth.labelled) == (3, 2, 6)
    assert worth.false_positive_rate == pytest.approx(1 / 3)
    assert worth.recall == pytest.approx(2 / 3)
    assert worth.precision == pytest.approx(2 / 4)
    assert worth.review_volume == 3


def test_without_decisions_nothing_is_claimed() -> None:
    """A share of nothing is no number."""
    worth = business(outcomes([]))
    assert (worth.recall, worth.precision, worth.false_positive_rate, worth.fraud_loss) == (None, None, None, 0.0)


@given(CENTS, st.data())
def test_fraud_is_lost_prevented_or_missed_by_review(cents: np.ndarray, data: st.DataObject) -> None:
    """All fraud is accounted for: lost, prevented, or the tenth of reviewed fraud that review misses."""
    choices = st.tuples(st.sampled_from([APPROVE, REVIEW, BLOCK]), st.sampled_from([0, 1, UNKNOWN]))
    pairs = data.draw(st.lists(choices, min_size=len(cents), max_size=len(cents)))
    rows = [(amount / 100, *pair) for amount, pair in zip(cents.tolist(), pairs, strict=True)]
    worth = business(outcomes(rows))
    missed = 0.1 * sum(amount for amount, decision, label in rows if label == 1 and decision == REVIEW)
    assert worth.fraud_loss + worth.fraud_prevented + missed == pytest.approx(worth.fraud_amount)
    assert worth.fraud_detected <= worth.actual_fraud <= worth.labelled <= len(rows)


@given(st.lists(st.integers(0, 100), max_size=30), st.integers(0, 100), st.integers(0, 100))
def test_spans_that_meet_share_no_decision(arrivals: list[int], first: int, second: int) -> None:
    """A decision belongs to the span it arrived in: start included, end not."""
    every = outcomes([(1.0, APPROVE, 0)] * len(arrivals), arrivals or None)
    low, high = sorted((first, second))
    parts = (every.during(0, low), every.during(low, high), every.during(high, None))
    assert sum(map(len, parts)) == len(every)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(0, 2), st.sampled_from([0, 1, UNKNOWN]), st.booleans())))
def test_rows_that_are_picked_are_those_rows(rows: list[tuple[float, int, int, bool]]) -> None:
    """What a mask picks has the same rows and worth, whether they lie together and are not copied, or are masked."""
    whole = outcomes([row[:3] for row in rows])
    chosen = np.array([row[3] for row in rows], dtype=np.bool_)
    picked = whole.where(chosen)
    assert picked.amount.tolist() == [row[0] for row in rows if row[3]]
    assert picked.label.tolist() == [row[2] for row in rows if row[3]]
    assert business(whole, chosen) == business(picked)
