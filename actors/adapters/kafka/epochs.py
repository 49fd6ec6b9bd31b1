"""Epochs: which rows of a stream are on their way through the pipeline, and what became of each.

Nothing here waits or calls a client. `EpochBook` is written on the event loop by source, sink and whatever sets rows
aside, and read by whoever commits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from actors.adapters.kafka.messages import DEAD_LETTER, DUPLICATE, Offered
from actors.adapters.kafka.readings import Refused
from actors.core.arrays import I64
from actors.core.errors import StreamStateError

NOWHERE: Final[I64] = np.zeros((0, 2), dtype=np.int64)
OUTSTANDING: Final = 2  # one that is being committed or decided, and one behind it


class Row(NamedTuple):
    """A row as it was received.

    Attributes:
        key: of the message: the card's token.
        raw: the transaction.
        offered: its number in the run, and when it was due.
        assignment: which assignment of the partition it came under.
        refused: why the message is no transaction, where that is known already.
    """

    partition: int
    offset: int
    key: bytes | None
    raw: bytes
    offered: Offered
    assignment: int
    refused: Refused | None = None


@dataclass(slots=True)
class Fetched:
    """What one call of the client brought.

    Attributes:
        rows: in order within each partition.
        assigned: partitions that became ours, with the offset at which they begin.
        revoked: partitions that are ours no more.
    """

    rows: list[Row] = field(default_factory=list)
    assigned: dict[int, int] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)


class RowOutcome(NamedTuple):
    """What became of a row.

    Attributes:
        value: a line of the decision log, or the document of a dead letter; empty for a duplicate.
        done_ns: when, wall time.
        kind: empty for a decision.
    """

    value: bytes
    done_ns: int
    kind: str = ""


@dataclass(eq=False, slots=True)
class Epoch:
    """Rows that are committed together.

    Attributes:
        first: number of the first row, as the pipeline counts.
        rows: all of them, numbered from there on.
        places: partition and offset of each, int64 (n, 2).
        outcomes: of each, None while it is on its way.
        left: rows on their way.
        opened_ns: when it was opened.
        dropped: whether its rows are played again, and nothing of it is committed.
    """

    first: int
    rows: Sequence[Row]
    places: I64 = field(init=False)
    outcomes: list[RowOutcome | None] = field(init=False)
    left: int = field(init=False)
    opened_ns: int = 0
    dropped: bool = False

    def __post_init__(self) -> None:
        """Begin with all rows on their way."""
        self.places = np.array([(row.partition, row.offset) for row in self.rows], dtype=np.int64)
        self.outcomes = [None] * len(self.rows)
        self.left = len(self.rows)

    @property
    def next_offsets(self) -> dict[int, int]:
        """The offset behind the last row of each partition."""
        return {row.partition: row.offset + 1 for row in self.rows}

    @property
    def first_offsets(self) -> dict[int, int]:
        """The offset of the first row of each partition."""
        return {row.partition: row.offset for row in reversed(self.rows)}

    @property
    def assignments(self) -> dict[int, int]:
        """Under which assignment each partition's rows came."""
        return {row.partition: row.assignment for row in self.rows}


class EpochBook:
    """The epochs of one worker, the oldest first; serves as `Positions` of the windows.

    Args:
        starts: offset of each partition at which the run begins.

    Attributes:
        committed_epochs: how many were committed.
        aborted_epochs: how many were dropped.
        replayed_rows: rows of those.
        gaps: by partition the offset from which windows have to count again.
        zombie: whether windows say that someone newer has a partition of this worker.
    """

    def __init__(self, starts: dict[int, int]) -> None:
        self._starts = starts
        self._committed: dict[int, int] = {}
        self._assignments: dict[int, int] = {}
        self._epochs: list[Epoch] = []
        self._next_number = 0
        self.committed_epochs = self.aborted_epochs = self.replayed_rows = 0
        self.gaps: dict[int, int] = {}
        self.zombie: set[int] = set()

    # ------------------------------------------------------------------ source

    @property
    def room(self) -> bool:
        """Whether another epoch may be opened; rows of dropped ones that are still inside take their place too."""
        return len(self._epochs) < OUTSTANDING

    @property
    def idle(self) -> bool:
        """Whether no epoch is on its way."""
        return not self._epochs

    def open(self, rows: Sequence[Row], at_ns: int = 0) -> Epoch:
        """Return a new epoch of ``rows``, at least one, which the pipeline numbers in this order."""
        epoch = Epoch(self._next_number, rows, opened_ns=at_ns)
        self._next_number += len(rows)
        self._epochs.append(epoch)
        return epoch

    # ------------------------------------------------------------------ what becomes of rows

    def decided(self, numbers: Iterable[int], values: Iterable[bytes], done_ns: Iterable[int]) -> None:
        """Note decisions on ``numbers``; one that was noted before stays as it was."""
        for number, value, at_ns in zip(numbers, values, done_ns, strict=True):
            self._end(number, RowOutcome(value, at_ns))

    def letter(self, number: int, document: bytes, at_ns: int) -> None:
        """Note that ``number`` became a dead letter."""
        self._end(number, RowOutcome(document, at_ns, DEAD_LETTER))

    def duplicates(self, numbers: Iterable[int], at_ns: int) -> None:
        """Note that ``numbers`` repeat others."""
        for number in numbers:
            self._end(number, RowOutcome(b"", at_ns, DUPLICATE))

    def _end(self, number: int, outcome: RowOutcome) -> None:
        epoch = self._epoch_of(number)
        if epoch is None:
            return
        at = number - epoch.first
        if epoch.outcomes[at] is None:
            epoch.outcomes[at] = outcome
            epoch.left -= 1
            if epoch.dropped and not epoch.left:
                self._epochs.remove(epoch)

    def row(self, number: int) -> Row | None:
        """Return the row that the pipeline calls ``number``, None once its epoch is over."""
        epoch = self._epoch_of(number)
        return None if epoch is None else epoch.rows[number - epoch.first]

    def _epoch_of(self, number: int) -> Epoch | None:
        for epoch in self._epochs:
            if epoch.first <= number < epoch.first + len(epoch.rows):
                return epoch
        return None

    # ------------------------------------------------------------------ commit

    def ready(self) -> Epoch | None:
        """Return the oldest epoch if each of its rows has ended, None otherwise."""
        for epoch in self._epochs:
            if not epoch.dropped:
                return None if epoch.left else epoch
        return None

    def commit(self, epoch: Epoch) -> None:
        """Take note that ``epoch`` was committed."""
        self._epochs.remove(epoch)
        self._committed.update(epoch.next_offsets)
        self.committed_epochs += 1

    def abort(self) -> dict[int, int]:
        """Drop every epoch that was not committed.

        Returns:
            By partition the first offset that was dropped: it is to be handed out again, if the partition is still
            ours.
        """
        firsts: dict[int, int] = {}
        for epoch in [each for each in self._epochs if not each.dropped]:
            epoch.dropped = True
            self.aborted_epochs += 1
            self.replayed_rows += len(epoch.rows)
            for partition, offset in epoch.first_offsets.items():
                firsts.setdefault(partition, offset)
            if not epoch.left:
                self._epochs.remove(epoch)
        return firsts

    def stalled(self, since_ns: int) -> int:
        """Return how many rows have been on their way since ``since_ns`` or longer."""
        return sum(epoch.left for epoch in self._epochs if epoch.opened_ns <= since_ns)

    def give_up(self) -> dict[int, int]:
        """Drop every epoch that was not committed, and wait for none of their rows any more; see `abort`."""
        firsts = self.abort()
        self._epochs.clear()
        return firsts

    def assigned(self, partition: int, offset: int) -> None:
        """Take note that ``partition`` is ours from ``offset`` on."""
        self._committed[partition] = offset
        self._assignments[partition] = self.assignment(partition) + 1
        self.zombie.discard(partition)

    def revoked(self, partitions: Iterable[int]) -> None:
        """Take note that ``partitions`` are ours no more."""
        for partition in partitions:
            self.gaps.pop(partition, None)
            self.zombie.discard(partition)

    # ------------------------------------------------------------------ positions, see `Positions`

    def of(self, numbers: I64) -> tuple[I64, I64]:
        """Return partition and offset of each of ``numbers``.

        Raises:
            StreamStateError: they were given up.
        """
        parts = [
            epoch.places[numbers[(numbers >= epoch.first) & (numbers < epoch.first + len(epoch.rows))] - epoch.first]
            for epoch in self._epochs
        ]
        places = np.concatenate(parts) if parts else NOWHERE
        if len(places) != len(numbers):
            raise StreamStateError(f"rows {numbers[0]} to {numbers[-1]} were given up")
        return places[:, 0], places[:, 1]

    def first(self, partition: int) -> int:
        """Return the offset at which the run began in ``partition``."""
        return self._starts.get(partition, 0)

    def committed(self, partition: int) -> int:
        """Return the offset below which all of ``partition`` is committed."""
        return self._committed.get(partition, self.first(partition))

    def assignment(self, partition: int) -> int:
        """Return how often ``partition`` came to this worker."""
        return self._assignments.get(partition, 0)

    def behind(self, partition: int, next_offset: int) -> None:
        """Have what lies at ``next_offset`` and beyond counted again before anything new is handed out."""
        self.gaps[partition] = min(next_offset, self.gaps.get(partition, next_offset))

    def stale(self, partition: int, next_offset: int) -> None:  # noqa: ARG002 - the port's signature
        """Take note that someone newer has ``partition``."""
        self.zombie.add(partition)
