"""Laws of the book of outcomes, and of quality while a run goes on."""

import asyncio
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import TOGETHER, Decision
from sim.outcomes.money import business
from sim.outcomes.outcome_book import OutcomeBook
from sim.outcomes.quality_tracker import QualityTracker
from tests.support.actors.batches import decided

SECOND_US = 1_000_000


def book_of(truth: list[int]) -> OutcomeBook:
    """Return a book with one transaction a second of event time."""
    book = OutcomeBook()
    book.begin(100)
    book.book(np.arange(len(truth), dtype=np.int64) * SECOND_US, np.array(truth, dtype=np.uint8))
    return book


def test_decisions_meet_their_truth_by_number() -> None:
    """Whatever order they come in, a decision is joined with the truth of its own transaction."""
    book = book_of([0, 1, 0, 1])
    asyncio.run(book.deliver(decided([3, 0], [Decision.BLOCK, Decision.APPROVE], [7.0, 5.0], [0.9, 0.1])))

    outcomes = book.outcomes()

    assert outcomes.label.tolist() == [0, 1]
    assert outcomes.amount.tolist() == [5.0, 7.0]
    assert outcomes.arrival_ns.tolist() == [0, 30]
    assert book.fraud_ids == {"t3"}


@pytest.mark.parametrize(
    "seen",
    [
        lambda book: len(book.outcomes()),
        lambda book: len(book.outcomes_during(0, None)),
        lambda book: len(book.outcomes_of(np.ones(1, dtype=np.bool_))),
        lambda book: len(book.fraud_ids),
    ],
)
def test_whoever_asks_sees_what_was_delivered_just_before(seen: Callable[[OutcomeBook], int]) -> None:
    """Small batches are written down together, but no reading misses one."""
    book = book_of([1])
    assert seen(book) == 0
    asyncio.run(book.deliver(decided([0], [Decision.APPROVE], [7.0], [0.2])))
    assert seen(book) == 1


def test_what_waits_to_be_written_down_is_bounded() -> None:
    """Decisions that nobody asks for do not pile up."""
    book = book_of([0] * (TOGETHER + 2))
    batches = [decided([number], [Decision.APPROVE], [7.0], [0.2]) for number in range(TOGETHER + 2)]
    kept = [weakref.ref(each.score) for each in batches]
    for batch in batches:
        asyncio.run(book.deliver(batch))
    batches.clear()
    del batch
    assert sum(each() is not None for each in kept) == 2


def test_delivering_again_changes_nothing() -> None:
    """A batch that comes again after a crash counts once."""
    book = book_of([1, 0])
    batch = decided([0, 1], [Decision.APPROVE, Decision.BLOCK], [7.0, 5.0], [0.2, 0.9])
    for _ in range(2):
        asyncio.run(book.deliver(batch))
    assert business(book.outcomes()).fraud_loss == 7.0
    assert len(book.outcomes()) == 2


@given(st.lists(st.tuples(st.sampled_from(Decision), st.floats(0, 1e6), st.floats(0, 1)), min_size=20, max_size=40))
def test_decisions_are_booked_alike_in_any_batch(rows: list[tuple[Decision, float, float]]) -> None:
    """One by one or all together, the same outcomes are on the book."""
    whole, single = (book_of([number % 2 for number in range(len(rows))]) for _ in range(2))
    kinds, amounts, scores = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    batch = decided(list(range(len(rows))), kinds, amounts, scores)
    asyncio.run(whole.deliver(batch))
    for _ in rows[1:]:
        first, batch = batch.split(1)
        asyncio.run(single.deliver(first))
    asyncio.run(single.deliver(batch))
    for name in ("arrival_ns", "amount", "score", "decision", "label"):
        np.testing.assert_array_equal(getattr(whole.outcomes(), name), getattr(single.outcomes(), name))
    assert whole.fraud_ids == single.fraud_ids


def test_labels_become_known_after_their_delay() -> None:
    """At an instant exactly the transactions at least a delay old are known."""
    book = book_of([0] * 10)
    assert [book.known_count(now * SECOND_US, 3 * SECOND_US) for now in (0, 2, 3, 4, 99)] == [0, 0, 1, 2, 10]


@given(
    truth=st.lists(st.integers(0, 1), min_size=1, max_size=40),
    kinds=st.lists(st.sampled_from(Decision), min_size=40, max_size=40),
    looks=st.lists(st.integers(0, 45), max_size=8),
)
def test_live_sums_are_those_of_all_labels_known(truth: list[int], kinds: list[Decision], looks: list[int]) -> None:
    """However often one looks, the sums are what a single look at all known labels gives."""
    book, count = book_of(truth), len(truth)
    amounts = [1.0 + number for number in range(count)]
    asyncio.run(book.deliver(decided(list(range(count)), kinds[:count], amounts, [0.5] * count)))
    live = QualityTracker(book, 2 * SECOND_US)

    for now in sorted(looks):
        live.update(now * SECOND_US, count, 0)
    quality = live.update(60 * SECOND_US, count, 3)

    worth = business(book.outcomes())
    assert quality.labelled == worth.labelled == count
    assert quality.fraud_loss == worth.fraud_loss
    assert quality.recall == worth.recall
    assert quality.precision == worth.precision
    assert quality.false_positive_rate == worth.false_positive_rate
    assert quality.review_volume == 3


def test_what_is_not_decided_yet_waits_for_its_turn() -> None:
    """A label that is known before the decision counts once the decision is there."""
    book = book_of([1, 1])
    live = QualityTracker(book, 0)
    assert live.update(9 * SECOND_US, settled_count=0, review_count=0).labelled == 0
    asyncio.run(book.deliver(decided([0, 1], [Decision.BLOCK] * 2, [1.0, 1.0], [0.9, 0.9])))
    assert live.update(9 * SECOND_US, settled_count=2, review_count=0).labelled == 2
