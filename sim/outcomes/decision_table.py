"""Every decision of a run in full, in columns: what runs are compared by, and what invariants are checked on."""

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from actors.core.arrays import F64, I64, U8
from actors.core.batches import DecidedBatch, Track
from sim.outcomes.outcome_book import OutcomeBook


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """The decisions of one run in the order of their delivery, each once; rows are aligned.

    Attributes:
        number: int64 (n,), transaction number in offered order.
        ids: transaction ids.
        cards: card tokens.
        arrival_ns: int64 (n,), intended arrival, ns since the run began.
        latency_ns: int64 (n,), from there to the decision.
        scoring_ns: int64 (n,), from there to the start of scoring.
        amount: float64 (n,).
        decision: uint8 (n,), `Decision`.
        mode: uint8 (n,), `Mode`.
        truth: uint8 (n,), 1 fraud, 0 legitimate, `UNKNOWN`.
    """

    number: I64
    ids: list[str]
    cards: list[str]
    arrival_ns: I64
    latency_ns: I64
    scoring_ns: I64
    amount: F64
    decision: U8
    mode: U8
    truth: U8

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.ids)


class DecisionTableRecorder:
    """A `DecisionSink` that passes decisions on to the book and keeps them in full.

    A batch that is delivered again after a crash is kept once.

    Args:
        book: takes the decisions, and knows the truth.
    """

    def __init__(self, book: OutcomeBook) -> None:
        self._book = book
        self._batches: list[DecidedBatch] = []

    async def deliver(self, decided: DecidedBatch) -> None:
        """Pass ``decided`` on, and keep it once that has succeeded."""
        await self._book.deliver(decided)
        batch = replace(decided.batch, features=np.empty((len(decided), 0), dtype=np.float32))  # most of its bytes
        self._batches.append(replace(decided, batch=batch))

    def record(self) -> DecisionTable:
        """Return what was delivered."""
        if not self._batches:
            return NOTHING
        whole = DecidedBatch.merge(self._batches)
        number = whole.batch.track[:, Track.NUMBER]
        first = np.sort(np.unique(number, return_index=True)[1])
        track, at = whole.batch.track[first], first.tolist()
        arrival_ns = track[:, Track.ARRIVAL]
        return DecisionTable(
            number=track[:, Track.NUMBER],
            ids=[whole.batch.ids[row] for row in at],
            cards=[whole.batch.cards[row] for row in at],
            arrival_ns=arrival_ns - self._book.start_ns,
            latency_ns=track[:, Track.DECIDED] - arrival_ns,
            scoring_ns=track[:, Track.SCORING_START] - arrival_ns,
            amount=whole.batch.amount[first],
            decision=whole.decision[first],
            mode=whole.mode[first],
            truth=self._book.truth_of(0, self._book.count)[track[:, Track.NUMBER]],
        )


_NO_INSTANT: I64 = np.zeros(0, dtype=np.int64)
_NO_CODE: U8 = np.zeros(0, dtype=np.uint8)
NOTHING = DecisionTable(
    _NO_INSTANT, [], [], _NO_INSTANT, _NO_INSTANT, _NO_INSTANT, np.zeros(0), _NO_CODE, _NO_CODE, _NO_CODE
)
