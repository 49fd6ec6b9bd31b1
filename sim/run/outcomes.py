"""Every decision of a run with its truth, by transaction number: what quality and money are computed from."""

import numpy as np

from actors.arrays import F64, I64, U8, Bool
from actors.messages import DecidedBatch
from actors.stamps import ARRIVAL, DECIDED, FEW, NUMBER
from sim.money import UNKNOWN, Outcomes
from sim.timeliness import Timeliness, timeliness

UNDECIDED = 255
_FIRST_CAPACITY = 1 << 16


class OutcomeBook:
    """Takes the decisions as their caller, and the truth from the feed; keeps both, about 45 bytes a transaction.

    It is the run's `DecisionSink`. Delivering a batch again, after a crash, changes nothing.

    Attributes:
        count: transactions whose truth is booked, numbered from 0.
        start_ns: the instant from which arrivals count.
        fraud_ids: ids of the decided transactions that were fraud.
    """

    def __init__(self) -> None:
        self.count = 0
        self.fraud_ids: set[str] = set()
        self._arrival_ns: I64 = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self._event_us: I64 = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self._latency_ns: I64 = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self._amount: F64 = np.zeros(_FIRST_CAPACITY)
        self._score: F64 = np.full(_FIRST_CAPACITY, np.nan)
        self._decision: U8 = np.full(_FIRST_CAPACITY, UNDECIDED, dtype=np.uint8)
        self._truth: U8 = np.full(_FIRST_CAPACITY, UNKNOWN, dtype=np.uint8)
        self.start_ns = 0

    def begin(self, start_ns: int) -> None:
        """Set the instant from which arrivals count."""
        self.start_ns = start_ns

    def book(self, event_us: I64, truth: U8) -> None:
        """Book the next transactions of the feed, in the order in which they will be numbered.

        Args:
            event_us: event times, int64 (n,), not decreasing.
            truth: 1 fraud, 0 legitimate, `UNKNOWN`; uint8 (n,).
        """
        upto = self.count + len(event_us)
        self._grow(upto)
        self._event_us[self.count : upto] = event_us
        self._truth[self.count : upto] = truth
        self.count = upto

    async def deliver(self, decided: DecidedBatch) -> None:
        """Take decisions."""
        if len(decided) <= FEW:
            self._take_few(decided)
        else:
            self._take_many(decided)

    def _take_few(self, decided: DecidedBatch) -> None:
        batch = decided.batch
        rows = zip(
            batch.track.tolist(),
            batch.ids,
            batch.amount.tolist(),
            decided.score.tolist(),
            decided.decision.tolist(),
            strict=True,
        )
        for track, name, amount, score, decision in rows:
            at = track[NUMBER]
            self._arrival_ns[at] = track[ARRIVAL] - self.start_ns
            self._latency_ns[at] = track[DECIDED] - track[ARRIVAL]
            self._amount[at] = amount
            self._score[at] = score
            self._decision[at] = decision
            if self._truth.item(at) == 1:
                self.fraud_ids.add(name)

    def _take_many(self, decided: DecidedBatch) -> None:
        track = decided.batch.track
        at = track[:, NUMBER]
        self._arrival_ns[at] = track[:, ARRIVAL] - self.start_ns
        self._latency_ns[at] = track[:, DECIDED] - track[:, ARRIVAL]
        self._amount[at] = decided.batch.amount
        self._score[at] = decided.score
        self._decision[at] = decided.decision
        self.fraud_ids.update(decided.batch.ids[row] for row in np.flatnonzero(self._truth[at] == 1).tolist())

    def known_count(self, now_us: int, label_delay_us: int) -> int:
        """Return how many transactions, from the first on, have a label by event time ``now_us``."""
        return int(np.searchsorted(self._event_us[: self.count], now_us - label_delay_us, side="right"))

    def truth_of(self, start: int, stop: int) -> U8:
        """Return the truth of the transactions numbered from ``start`` up to ``stop``."""
        return self._truth[start:stop]

    def outcomes(self, start: int = 0, stop: int | None = None) -> Outcomes:
        """Return the decided ones among the transactions numbered from ``start`` up to ``stop``, with their truth."""
        part = slice(start, self.count if stop is None else stop)
        return self._rows(np.flatnonzero(self._decision[part] != UNDECIDED) + start)

    def outcomes_of(self, chosen: Bool) -> Outcomes:
        """Return the decided ones among the transactions that ``chosen``, bool by number, picks."""
        count = min(self.count, len(chosen))
        return self._rows(np.flatnonzero(chosen[:count] & (self._decision[:count] != UNDECIDED)))

    def timeliness(self, start_ns: int, end_ns: int | None, deadline_ns: int | None) -> Timeliness:
        """Return how many of those that arrived from ``start_ns`` on and before ``end_ns`` were decided in time.

        Args:
            start_ns: since the run began.
            end_ns: since the run began; None is its end.
            deadline_ns: from arrival to decision; None: what is promised at p95.
        """
        arrived = self._arrival_ns[: self.count]
        inside = (self._decision[: self.count] != UNDECIDED) & (arrived >= start_ns)
        if end_ns is not None:
            inside &= arrived < end_ns
        rows = np.flatnonzero(inside)
        scored = ~np.isnan(self._score[rows])
        return timeliness(self._amount[rows], self._latency_ns[rows], scored, deadline_ns)

    def _rows(self, decided: I64) -> Outcomes:
        return Outcomes(
            self._arrival_ns[decided],
            self._amount[decided],
            self._score[decided],
            self._decision[decided],
            self._truth[decided],
        )

    def _grow(self, upto: int) -> None:
        capacity = len(self._truth)
        if upto <= capacity:
            return
        more = max(upto, 2 * capacity) - capacity
        self._arrival_ns = np.append(self._arrival_ns, np.zeros(more, dtype=np.int64))
        self._latency_ns = np.append(self._latency_ns, np.zeros(more, dtype=np.int64))
        self._event_us = np.append(self._event_us, np.zeros(more, dtype=np.int64))
        self._amount = np.append(self._amount, np.zeros(more))
        self._score = np.append(self._score, np.full(more, np.nan))
        self._decision = np.append(self._decision, np.full(more, UNDECIDED, dtype=np.uint8))
        self._truth = np.append(self._truth, np.full(more, UNKNOWN, dtype=np.uint8))
