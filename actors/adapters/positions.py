"""Where the transactions of a stream lie: what windows behind a guard need to know of the rows they are given."""

from collections.abc import Sequence
from typing import Protocol

from actors.core.arrays import I64
from actors.core.transaction import Columns


class Positions(Protocol):
    """The places of transactions in a stream of several partitions, as the source that handed them out knows them."""

    def of(self, numbers: I64) -> tuple[I64, I64]:
        """Return partition and offset of each of ``numbers``, int64 (n,): rows that were handed out and have not ended.

        Args:
            numbers: as the pipeline counts them, int64 (n,), ascending.
        """
        ...

    def first(self, partition: int) -> int:
        """Return the offset at which the run began in ``partition``."""
        ...

    def committed(self, partition: int) -> int:
        """Return the offset below which all of ``partition`` is committed, as far as this process knows."""
        ...

    def assignment(self, partition: int) -> int:
        """Return a number that is another one whenever ``partition`` came to this process anew.

        Between two assignments others may have had it: what this process knew of it holds no longer.
        """
        ...

    def behind(self, partition: int, next_offset: int) -> None:
        """Take note that windows counted only what lies below ``next_offset``: the rest is to be counted again."""
        ...

    def stale(self, partition: int, next_offset: int) -> None:
        """Take note that windows counted up to ``next_offset`` and more: someone newer has ``partition``."""
        ...


class Recount(Protocol):
    """Windows that can be told again of transactions which they have missed."""

    async def look(self, partitions: Sequence[int]) -> None:
        """Tell `Positions.behind` of each of ``partitions`` whose windows end below what is committed there.

        Called when partitions come to this process, before any of their transactions, and once more before it leaves
        them. So what was missed by whoever had them before, or last, is counted, and decided by rules no further.

        Raises:
            StreamStateError: windows did not answer; of what this process knows to be missed it is told all the same.
        """
        ...

    async def recount(self, partition: int, offsets: I64, columns: Columns | None, next_offset: int) -> None:
        """Count what lies at ``offsets``, then take that all below ``next_offset`` was counted.

        Args:
            partition: where they lie.
            offsets: of the transactions, int64 (n,), ascending.
            columns: the transactions; None where what lies there could not be read.
            next_offset: beyond the last of them, and beyond what could not be read.

        Raises:
            StreamStateError: they were not counted; it is tried again later.
        """
        ...
