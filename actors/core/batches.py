"""What flows between actors: transactions in batches, with the arrays and instants that describe them.

A batch is one or more transactions on the move; a single transaction is a batch of one. Per-transaction data sits in
columns, so an actor works on arrays. Every message can be cut (`split`) and joined (`merge`), which is how a mailbox
counts transactions while it stores messages. They are structs, which are made ten times as fast as frozen dataclasses.

While all is quiet a batch holds one transaction, and one array operation costs as much as ten on plain numbers: so
each of these functions has a way for few rows beside the one on arrays, with the same outcome.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Generic, Protocol, Self, TypeVar

import msgspec
import numpy as np

from actors.core.arrays import F32, F64, I64, U8, U16


class Mode(IntEnum):
    """The rung of the ladder on which a decision was made, best first."""

    FULL = 0
    STALE = 1
    REALTIME_ONLY = 2
    RULES = 3
    DEFAULT = 4

    @property
    def label(self) -> str:
        """The name in logs, summaries and expressions."""
        return self.name.lower()


class Decision(IntEnum):
    """What the caller is told to do with a transaction."""

    APPROVE = 0
    REVIEW = 1
    BLOCK = 2

    @property
    def label(self) -> str:
        """The name in logs and summaries."""
        return self.name.lower()


class Cause(IntEnum):
    """Why a decision was not made on the top rung."""

    NONE = 0
    STALE_FEATURES = 1
    MISSING_FEATURES = 2
    SHED = 3
    DEADLINE = 4
    MODEL_FAILED = 5
    DRAIN_TIMEOUT = 6
    ESCALATED = 7

    @property
    def label(self) -> str:
        """The name in logs."""
        return self.name.lower()


class Reason(IntEnum):
    """What a decision rests on: the model's score, a rule that fired, or the default."""

    SCORE = 0
    NO_RULE_FIRED = 1
    HIGH_AMOUNT = 2
    CARD_VELOCITY = 3
    MANY_MERCHANTS = 4
    FOREIGN_DEVICE = 5
    SHARED_DEVICE = 6
    SMALL_AMOUNT = 7
    NOT_SMALL = 8

    @property
    def label(self) -> str:
        """The name in logs."""
        return self.name.lower()


class Track(IntEnum):
    """Columns of a batch's ``track``: what the pipeline itself knows of each transaction.

    ``NUMBER`` counts transactions in offered order from 0. The others are instants on the run's clock in ns; waiting
    for an actor is its start less the instant before it, so time blocked by a full mailbox counts as waiting.
    """

    NUMBER = 0
    ARRIVAL = 1  # intended: latency counts from here
    SENT = 2
    ASSEMBLY_START = 3
    ASSEMBLED = 4
    SCORING_START = 5
    DECIDED = 6
    LOGGING_START = 7
    LOGGED = 8


class Message(Protocol):
    """What a mailbox holds: it has a size in transactions, and can be cut and joined in order."""

    def __len__(self) -> int:
        """Return the number of transactions, at least 1."""
        ...

    def split(self, count: int) -> tuple[Self, Self]:
        """Return the first ``count`` transactions and the rest; 0 < count < len."""
        ...

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Return one message of all parts in order; at least one part."""
        ...


class RawBatch(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Transactions as they came: JSON, not yet parsed.

    Attributes:
        raws: one JSON document each.
        track: int64, shape (n, len(Track)).
    """

    raws: list[bytes]
    track: I64

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.raws)

    def split(self, count: int) -> tuple["RawBatch", "RawBatch"]:
        """Return the first ``count`` transactions and the rest, sharing memory."""
        return (
            RawBatch(self.raws[:count], self.track[:count]),
            RawBatch(self.raws[count:], self.track[count:]),
        )

    @classmethod
    def merge(cls, parts: Sequence["RawBatch"]) -> "RawBatch":
        """Return one batch of all parts in order."""
        if len(parts) == 1:
            return parts[0]
        return RawBatch([raw for part in parts for raw in part.raws], np.concatenate([part.track for part in parts]))


class FeatureBatch(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Parsed transactions with their features.

    Attributes:
        ids: transaction ids.
        cards: card tokens; never printed whole.
        event_us: event times, int64 (n,), microseconds since the Unix epoch.
        amount: float64 (n,), in units of the currency.
        features: float32 (n, n_features), C order, in manifest order; NaN is missing.
        mode: uint8 (n,), `Mode` that the features allow: FULL, STALE or REALTIME_ONLY.
        track: int64 (n, len(Track)).
    """

    ids: list[str]
    cards: list[str]
    event_us: I64
    amount: F64
    features: F32
    mode: U8
    track: I64

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.ids)

    def split(self, count: int) -> tuple["FeatureBatch", "FeatureBatch"]:
        """Return the first ``count`` transactions and the rest, sharing memory."""
        return self._cut(slice(0, count)), self._cut(slice(count, None))

    def _cut(self, at: slice) -> "FeatureBatch":
        return FeatureBatch(
            self.ids[at],
            self.cards[at],
            self.event_us[at],
            self.amount[at],
            self.features[at],
            self.mode[at],
            self.track[at],
        )

    @classmethod
    def merge(cls, parts: Sequence["FeatureBatch"]) -> "FeatureBatch":
        """Return one batch of all parts in order."""
        if len(parts) == 1:
            return parts[0]
        return FeatureBatch(
            [name for part in parts for name in part.ids],
            [card for part in parts for card in part.cards],
            np.concatenate([part.event_us for part in parts]),
            np.concatenate([part.amount for part in parts]),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.mode for part in parts]),
            np.concatenate([part.track for part in parts]),
        )


class DecidedBatch(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Transactions with their decisions.

    Attributes:
        batch: what was decided on.
        score: float64 (n,), model output in [0, 1]; NaN where no model scored.
        decision: uint8 (n,), `Decision`.
        mode: uint8 (n,), `Mode` the decision was made in.
        cause: uint8 (n,), `Cause` of a mode below FULL.
        reason: uint8 (n,), `Reason` for the decision.
        model: uint16 (n,), generation of the serving model (its digest is in the model slot).
    """

    batch: FeatureBatch
    score: F64
    decision: U8
    mode: U8
    cause: U8
    reason: U8
    model: U16

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.score)

    def split(self, count: int) -> tuple["DecidedBatch", "DecidedBatch"]:
        """Return the first ``count`` transactions and the rest, sharing memory."""
        head, tail = self.batch.split(count)
        return self._cut(head, slice(0, count)), self._cut(tail, slice(count, None))

    def _cut(self, batch: FeatureBatch, at: slice) -> "DecidedBatch":
        return DecidedBatch(
            batch,
            self.score[at],
            self.decision[at],
            self.mode[at],
            self.cause[at],
            self.reason[at],
            self.model[at],
        )

    @classmethod
    def merge(cls, parts: Sequence["DecidedBatch"]) -> "DecidedBatch":
        """Return one batch of all parts in order."""
        if len(parts) == 1:
            return parts[0]
        return DecidedBatch(
            FeatureBatch.merge([part.batch for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.decision for part in parts]),
            np.concatenate([part.mode for part in parts]),
            np.concatenate([part.cause for part in parts]),
            np.concatenate([part.reason for part in parts]),
            np.concatenate([part.model for part in parts]),
        )


class DeadLetter(msgspec.Struct, frozen=True):
    """A transaction that could not be handled.

    Attributes:
        number: its number in offered order.
        reason: why, from `actors.core.transaction.DEAD_LETTER_REASONS`.
        detail: the rule it broke, with the value where that is short.
        raw: the first bytes of it, as received; card numbers masked.
        at_ns: when it was set aside, on the run's clock.
    """

    number: int
    reason: str
    detail: str
    raw: bytes
    at_ns: int


FEW = 16  # rows up to which plain numbers are quicker than arrays

NUMBER, ARRIVAL, SENT, ASSEMBLY_START, ASSEMBLED, SCORING_START, DECIDED, LOGGING_START, LOGGED = map(int, Track)


def stamp(track: I64, column: int, at_ns: int) -> None:
    """Write ``at_ns`` into ``column`` of every row of ``track``, int64 (n, len(Track))."""
    if len(track) == 1:
        track[0, column] = at_ns
    else:
        track[:, column] = at_ns


def stamp_both(track: I64, column: int, started_ns: int, ended_ns: int) -> None:
    """Write ``started_ns`` into ``column`` and ``ended_ns`` into the next one, of every row."""
    if len(track) == 1:
        track[0, column], track[0, column + 1] = started_ns, ended_ns
    else:
        track[:, column : column + 2] = started_ns, ended_ns


def earliest(track: I64, column: int) -> int:
    """Return the first of the instants in ``column``."""
    if len(track) == 1:
        return int(track.item(0, column))
    return int(track[:, column].min())


Kept = TypeVar("Kept")

TOGETHER = 256  # batches that are counted at once: alone one costs ten times as much
ENOUGH = 1_024  # transactions that are worth being counted, in however few batches


class Deferred(Generic[Kept]):
    """Keeps batches, or what is to be known of each, until there are enough of them or until `flush`.

    Its owner flushes it before any reading, so that none misses what was kept.

    Args:
        count: takes all that was kept, in order, at least one.
    """

    __slots__ = ("_count", "_kept", "_rows")

    def __init__(self, count: Callable[[list[Kept]], None]) -> None:
        self._count = count
        self._kept: list[Kept] = []
        self._rows = 0

    def add(self, batch: Kept, rows: int) -> None:
        """Keep ``batch``, of ``rows`` transactions; a large one is worth being counted at once."""
        kept = self._kept
        kept.append(batch)
        self._rows += rows
        if self._rows >= ENOUGH or len(kept) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Have what was kept counted."""
        kept = self._kept
        if kept:
            self._kept, self._rows = [], 0
            self._count(kept)
