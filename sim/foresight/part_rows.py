"""Cutting what the feature store has on a page."""

from actors.features.store import StoreRows


class PartRows(StoreRows):
    """What the store has on some of a page; cut when someone asks, which no one does who knows their features already.

    Args:
        whole: what it has on all of the page; arrays share memory.
        at: the part.
    """

    __slots__ = ("at", "whole")

    def __init__(self, whole: StoreRows, at: slice) -> None:
        self.whole = whole
        self.at = at

    def fits(self, count: int) -> bool:
        """Return whether these are the rows of ``count`` transactions; nothing is cut for it."""
        return len(range(self.at.start, self.at.stop)) == count

    def __getattr__(self, name: str) -> object:
        """Cut a column that was not asked for before."""
        if name not in StoreRows.__slots__:
            raise AttributeError(name)
        column = getattr(self.whole, name)[self.at]
        setattr(self, name, column)
        return column
