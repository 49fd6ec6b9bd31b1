"""Every decision of a run with its truth, by transaction number: what quality and money are computed from."""

import msgspec
import numpy as np

from actors.core.arrays import F64, I64, U8, Bool, Column, where
from actors.core.awaiting import Completed
from actors.core.batches import ARRIVAL, DECIDED, NUMBER, DecidedBatch, Deferred
from sim.outcomes.mapped_arrays import ArrayStore, InMemoryArrays
from sim.outcomes.money import Outcomes

DEADLINE_NS = 50_000_000  # where a scenario sets none: what is promised at p95
TOP = 0.1  # share of the transactions that is looked at apart, by amount
FEWEST = 10  # decisions without which a tenth is nobody


class Timeliness(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of decisions, None of too few.

    Attributes:
        on_time_ratio: decided by the deadline, in whatever mode, of all.
        top_on_time_ratio: the same of the tenth with the largest amounts.
        top_scored_ratio: decided by the deadline and by the model, of that tenth.
    """

    on_time_ratio: float | None = None
    top_on_time_ratio: float | None = None
    top_scored_ratio: float | None = None


def timeliness(amount: F64, latency_ns: I64, scored: Bool, deadline_ns: int | None) -> Timeliness:
    """Return the shares of the decisions given, one row each; amounts equal to the least of the tenth belong to it.

    Args:
        amount: float64 (n,), of the transaction.
        latency_ns: int64 (n,), from the intended arrival to the decision.
        scored: bool (n,), whether the model decided.
        deadline_ns: for the decision; None: what is promised at p95.

    Example:
        >>> amount, latency_ns = np.arange(20.0), np.arange(20) * 1_000_000
        >>> timeliness(amount, latency_ns, amount < 19, 18_000_000)
        Timeliness(on_time_ratio=0.95, top_on_time_ratio=0.5, top_scored_ratio=0.5)
    """
    if len(amount) < FEWEST:
        return Timeliness()
    in_time = latency_ns <= (DEADLINE_NS if deadline_ns is None else deadline_ns)
    count = round(TOP * len(amount))
    top = amount >= np.partition(amount, -count)[-count]
    return Timeliness(
        on_time_ratio=float(in_time.mean()),
        top_on_time_ratio=float(in_time[top].mean()),
        top_scored_ratio=float((in_time & scored)[top].mean()),
    )


UNDECIDED = 255
RELEASE_EVERY = 1 << 14  # transactions, not 1 MB of what is kept
STIRRING = 1 << 18  # transactions; nearly all decisions come for one of the newest so many: four seconds of a burst
_FIRST_CAPACITY = 1 << 16
_TAKEN = Completed(None)


class OutcomeBook:
    """Takes the decisions as the pipeline's sink, and the truth from the feed; keeps both, 42 bytes a transaction.

    It is the run's `DecisionSink`. Delivering a batch again, after a crash, changes nothing.

    Args:
        array_store: where what is kept lies, and is released from time to time; absent is memory.

    Attributes:
        count: transactions whose truth is booked, numbered from 0.
        start_ns: the instant from which arrivals count.
    """

    def __init__(self, array_store: ArrayStore | None = None) -> None:
        self.count = 0
        self.start_ns = 0
        self._fraud_ids: set[str] = set()
        self._deferred = Deferred(self._write_down)
        self._array_store = InMemoryArrays() if array_store is None else array_store
        self._settled = 0
        self._release_at = RELEASE_EVERY
        self._capacity = 0
        self._arrival_ns: I64 = np.empty(0, dtype=np.int64)
        self._event_us: I64 = np.empty(0, dtype=np.int64)
        self._latency_ns: I64 = np.empty(0, dtype=np.int64)
        self._amount: F64 = np.empty(0)
        self._score: F64 = np.empty(0)
        self._decision: U8 = np.empty(0, dtype=np.uint8)
        self._truth: U8 = np.empty(0, dtype=np.uint8)
        self._grow(_FIRST_CAPACITY)

    def begin(self, start_ns: int) -> None:
        """Set the instant from which arrivals count."""
        self.start_ns = start_ns

    def book(self, event_us: I64, truth: U8) -> None:
        """Book the next transactions of the feed, in the order in which they will be numbered.

        Args:
            event_us: event times, int64 (n,), not decreasing.
            truth: 1 fraud, 0 legitimate, `sim.outcomes.money.UNKNOWN`; uint8 (n,).
        """
        upto = self.count + len(event_us)
        if upto > self._capacity:
            self._grow(max(upto, 2 * self._capacity))
        new = slice(self.count, upto)
        self._event_us[new], self._truth[new] = event_us, truth
        self._score[new], self._decision[new] = np.nan, UNDECIDED
        self.count = upto
        if upto >= self._release_at:
            self._release()
            self._release_at = upto + RELEASE_EVERY

    def deliver(self, decided: DecidedBatch) -> Completed[None]:
        """Take decisions. Small batches are kept, and written down together or when anyone asks."""
        self._deferred.add(decided, len(decided.score))
        return _TAKEN

    @property
    def fraud_ids(self) -> set[str]:
        """Ids of the decided transactions that were fraud."""
        self._deferred.flush()
        return self._fraud_ids

    def settled(self) -> list[Column]:
        """Return the part of each column that is final, which is written to again only after `ArrayStore.wait`."""
        self._settled = max(self._settled, self.count - STIRRING)
        return [column[: self._settled] for column in self._columns()]

    def _write_down(self, decided: list[DecidedBatch]) -> None:
        batches = [each.batch for each in decided]
        track = np.concatenate([batch.track for batch in batches])
        at = track[:, NUMBER]
        if at.min() < self._settled:
            self._array_store.wait()  # or it could be lost on its way to a file
        self._arrival_ns[at] = track[:, ARRIVAL] - self.start_ns
        self._latency_ns[at] = track[:, DECIDED] - track[:, ARRIVAL]
        self._amount[at] = np.concatenate([batch.amount for batch in batches])
        self._score[at] = np.concatenate([each.score for each in decided])
        self._decision[at] = np.concatenate([each.decision for each in decided])
        fraud = np.flatnonzero(self._truth[at] == 1).tolist()
        if fraud:
            ids = [name for batch in batches for name in batch.ids]
            self._fraud_ids.update(ids[row] for row in fraud)

    def known_count(self, now_us: int, label_delay_us: int) -> int:
        """Return how many transactions, from the first on, have a label by event time ``now_us``."""
        return int(np.searchsorted(self._event_us[: self.count], now_us - label_delay_us, side="right"))

    def truth_of(self, start: int, stop: int) -> U8:
        """Return the truth of the transactions numbered from ``start`` up to ``stop``."""
        return self._truth[start:stop]

    def outcomes(self, start: int = 0, stop: int | None = None) -> Outcomes:
        """Return the decided ones among the transactions numbered from ``start`` up to ``stop``, with their truth."""
        if stop is None:
            self._release()
        self._deferred.flush()
        part = slice(start, self.count if stop is None else stop)
        return self._rows(part, self._decision[part] != UNDECIDED)

    def outcomes_during(self, start_ns: int, end_ns: int | None) -> Outcomes:
        """Return the decided ones among those that arrived from ``start_ns`` on and before ``end_ns``.

        Args:
            start_ns: since the run began.
            end_ns: since the run began; None is its end.
        """
        return self._rows(slice(self.count), self._during(start_ns, end_ns))

    def outcomes_of(self, chosen: Bool) -> Outcomes:
        """Return the decided ones among the transactions that ``chosen``, bool by number, picks."""
        self._release()
        self._deferred.flush()
        count = min(self.count, len(chosen))
        return self._rows(slice(count), chosen[:count] & (self._decision[:count] != UNDECIDED))

    def timeliness(self, start_ns: int, end_ns: int | None, deadline_ns: int | None) -> Timeliness:
        """Return how many of those that arrived from ``start_ns`` on and before ``end_ns`` were decided in time.

        Args:
            start_ns: since the run began.
            end_ns: since the run began; None is its end.
            deadline_ns: from arrival to decision; None: what is promised at p95.
        """
        rows = where(self._during(start_ns, end_ns))
        scored = ~np.isnan(self._score[: self.count][rows])
        amount, latency_ns = self._amount[: self.count][rows], self._latency_ns[: self.count][rows]
        return timeliness(amount, latency_ns, scored, deadline_ns)

    def _release(self) -> None:
        """Release what was touched before: whoever looks through the whole run needs a few of its columns."""
        self._array_store.release()

    def _during(self, start_ns: int, end_ns: int | None) -> Bool:
        """Return which are the decided ones of a span, bool by number."""
        self._release()
        self._deferred.flush()
        arrived = self._arrival_ns[: self.count]
        inside: Bool = (self._decision[: self.count] != UNDECIDED) & (arrived >= start_ns)
        if end_ns is not None:
            inside &= arrived < end_ns
        return inside

    def _rows(self, part: slice, chosen: Bool) -> Outcomes:
        """Return those of a part that are chosen."""
        return Outcomes(
            self._arrival_ns[part],
            self._amount[part],
            self._score[part],
            self._decision[part],
            self._truth[part],
        ).where(chosen)

    def _columns(self) -> tuple[Column, ...]:
        return (
            self._arrival_ns,
            self._event_us,
            self._latency_ns,
            self._amount,
            self._score,
            self._decision,
            self._truth,
        )

    def _grow(self, capacity: int) -> None:
        self._arrival_ns, self._event_us, self._latency_ns, self._amount, self._score, self._decision, self._truth = (
            self._grown(column, capacity) for column in self._columns()
        )
        self._capacity = len(self._truth)
        self._settled = 0

    def _grown(self, column: Column, capacity: int) -> Column:
        grown = self._array_store.empty(capacity, column.dtype)
        grown[: self.count] = column[: self.count]
        return grown
