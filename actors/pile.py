"""Small batches kept to be counted together, since one alone costs as much to count as a hundred."""

from collections.abc import Callable
from typing import Generic, TypeVar

from actors.stamps import FEW

Kept = TypeVar("Kept")

TOGETHER = 256  # batches, or up to sixteen times as many transactions: alone one costs ten times as much to count


class Pile(Generic[Kept]):
    """Keeps batches, or what is to be known of each, until there are enough of them or until `settle`.

    Its owner settles before any reading, so that none misses what was kept.

    Args:
        count: takes all that was kept, in order, at least one.
    """

    __slots__ = ("_count", "_kept")

    def __init__(self, count: Callable[[list[Kept]], None]) -> None:
        self._count = count
        self._kept: list[Kept] = []

    def add(self, batch: Kept, rows: int) -> None:
        """Keep ``batch``, of ``rows`` transactions; a large one is worth being counted at once."""
        kept = self._kept
        kept.append(batch)
        if rows > FEW or len(kept) >= TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Have what was kept counted."""
        kept = self._kept
        if kept:
            self._kept = []
            self._count(kept)
