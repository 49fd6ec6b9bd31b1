"""Laws of the record of a run's decisions."""

import asyncio

import numpy as np

from actors.core.batches import Decision
from sim.outcomes.decision_table import DecisionTableRecorder
from sim.outcomes.outcome_book import OutcomeBook
from tests.support.actors.batches import decided

APPROVE, BLOCK = Decision.APPROVE, Decision.BLOCK


def test_record_has_each_decision_once_in_the_order_of_delivery() -> None:
    """A batch that comes again after a crash, whole or cut, is there once; each decision meets its truth."""
    book = OutcomeBook()
    book.begin(100)
    book.book(np.arange(4, dtype=np.int64), np.array([0, 1, 0, 1], dtype=np.uint8))
    recorder = DecisionTableRecorder(book)
    first = decided([1, 0], [APPROVE, BLOCK], [7.0, 5.0], [0.1, 0.9])
    for batch in (first, first, decided([0, 3], [BLOCK, APPROVE], [5.0, 2.0], [0.9, 0.2])):
        asyncio.run(recorder.deliver(batch))

    record = recorder.record()

    assert record.ids == ["t1", "t0", "t3"]
    assert record.number.tolist() == [1, 0, 3]
    assert record.amount.tolist() == [7.0, 5.0, 2.0]
    assert record.decision.tolist() == [APPROVE, BLOCK, APPROVE]
    assert record.truth.tolist() == [1, 0, 1]
    assert record.arrival_ns.tolist() == [10, 0, 30]
    assert len(book.outcomes()) == 3


def test_record_of_no_decision_is_empty() -> None:
    """A run that decided nothing has a record of nothing."""
    assert len(DecisionTableRecorder(OutcomeBook()).record()) == 0
