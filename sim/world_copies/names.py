"""Copies of the training world, and the names of the entities in all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actors.features.catalogue import BATCH_REFRESH_S

_GRID_US = BATCH_REFRESH_S * 1_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of the training world.

    Attributes:
        number: 0 is the training world itself.
        shift_us: event time from the history's end to the copy's activation, at least 0.
    """

    number: int
    shift_us: int = 0

    @property
    def grid_shift_us(self) -> int:
        """The shift rounded to whole refreshes.

        Copies of one rounded shift share their sums over history: forty copies cost as much as two or three.
        """
        return round(self.shift_us / _GRID_US) * _GRID_US

    def rename(self, names: Sequence[str]) -> list[str]:
        """Return this copy's names for ``names`` of copy 0; names of no copy stay as they are.

        Example:
            >>> Copy(7).rename(["c0-17", "m0-0-3"])
            ['c7-17', 'm7-0-3']
        """
        here = f"{self.number}-"
        return [name.replace("0-", here, 1) if name[1:3] == "0-" else name for name in names]


class CopyNames:
    """The names of the entities of one kind in all copies, with a number each.

    Each copy has a block of numbers, in the order of copy 0's names: the same place in another block has the same past.

    Args:
        names: of copy 0.
        copies: all of them, copy 0 the first.

    Raises:
        ValueError: a copy is given twice, or a name is not of copy 0.

    Example:
        >>> names = CopyNames(["c0-17", "c0-4"], copies(3))
        >>> list(names)
        ['c0-17', 'c0-4', 'c1-17', 'c1-4', 'c2-17', 'c2-4']
        >>> names.number("c2-17"), names.number("c2-5")
        (4, -1)
    """

    def __init__(self, names: Sequence[str], copies: Sequence[Copy]) -> None:
        self._names = tuple(names)
        self._copies = tuple(copies)
        if len({copy.number for copy in copies}) < len(copies):
            raise ValueError("the numbers of copies must be distinct")
        letter = names[0][:1] if names else ""
        if not all(name.startswith(f"{letter}0-") for name in names):
            raise ValueError("only a synthetic world can be copied, in which all names begin with a letter and 0-")
        self._places = {name.removeprefix(f"{letter}0-"): place for place, name in enumerate(names)}
        self._blocks = {f"{letter}{copy.number}": block * len(names) for block, copy in enumerate(copies)}

    def __len__(self) -> int:
        """Return the number of entities in all copies."""
        return len(self._names) * len(self._copies)

    def __iter__(self) -> Iterator[str]:
        """Yield all names, by number."""
        for copy in self._copies:
            yield from copy.rename(self._names)

    def number(self, name: str) -> int:
        """Return the number of ``name``, -1 if it is in no copy."""
        head, _, own = name.partition("-")
        block, place = self._blocks.get(head), self._places.get(own)
        return -1 if block is None or place is None else block + place


def copies(count: int, shift_us: int = 0) -> tuple[Copy, ...]:
    """Return ``count`` copies, copy 0 among them, the others all with one shift."""
    return (Copy(0), *(Copy(number, shift_us) for number in range(1, count)))
