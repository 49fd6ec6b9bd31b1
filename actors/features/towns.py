"""Towns: copies of the world that a model was trained on, so that a run can have more cards than history has.

The training world is town 0 and its names carry a 0: ``c0-17``, ``m0-3``, ``d0-9``. The same card in town 7 is
``c7-17``: another card with the same profile, and with town 0's past as its own. A town that becomes active later than
the history's end has that past shifted in event time, so that its cards do not look as if they had slept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.features.catalogue import BATCH_REFRESH_S

STRANGER = -1  # number of a name that no town has

_GRID_US = BATCH_REFRESH_S * 1_000_000


@dataclass(frozen=True, slots=True)
class Town:
    """One copy of town 0.

    Attributes:
        number: 1, 2, 3, …
        shift_us: event time from the history's end to the town's activation, at least 0.
    """

    number: int
    shift_us: int = 0

    @property
    def grid_shift_us(self) -> int:
        """The shift rounded to whole refreshes.

        Towns of one rounded shift share their sums over history: forty towns cost as much as two or three.
        """
        return round(self.shift_us / _GRID_US) * _GRID_US

    def rename(self, names: Sequence[str]) -> list[str]:
        """Return this town's names for ``names`` of town 0; names of no town stay as they are.

        Example:
            >>> Town(7).rename(["c0-17", "m0-0-3"])
            ['c7-17', 'm7-0-3']
        """
        here = f"{self.number}-"
        return [name.replace("0-", here, 1) if name[1:3] == "0-" else name for name in names]


class TownNames:
    """The names of town 0's entities of one kind, and through them those of their twins, with a number each.

    Each town has a block of numbers, in the order of ``names``: the twin of the same place in another block has the
    same past.

    Args:
        names: of town 0.
        towns: all towns, town 0 the first.

    Attributes:
        names: of town 0.
        towns: all towns.

    Raises:
        ValueError: a town is given twice, or a name is not of town 0.
    """

    def __init__(self, names: Sequence[str], towns: Sequence[Town]) -> None:
        self.names = tuple(names)
        self.towns = tuple(towns)
        if len({town.number for town in towns}) < len(towns):
            raise ValueError("the numbers of towns must be distinct")
        if any(home_of(name)[0] != "0" for name in names):
            raise ValueError("only entities of town 0 have twins")
        places: dict[str, dict[str, int]] = {}  # by first letter, then by what follows the town
        for place, name in enumerate(names):
            places.setdefault(name[0], {})[name.partition("-")[2]] = place
        self._heads = {
            f"{letter}{town.number}": (block * len(self.names), own)
            for letter, own in places.items()
            for block, town in enumerate(towns)
        }
        self._latest: tuple[tuple[Sequence[str], I64], ...] = ()

    def __len__(self) -> int:
        """Return the number of entities in all towns."""
        return len(self.names) * len(self.towns)

    def __iter__(self) -> Iterator[str]:
        """Yield all names, by number."""
        for town in self.towns:
            yield from town.rename(self.names)

    def number(self, name: str) -> int:
        """Return the number of ``name``, STRANGER if it is no town's."""
        head, _, own = name.partition("-")
        found = self._heads.get(head)
        if found is None or (place := found[1].get(own)) is None:
            return STRANGER
        return found[0] + place

    def name(self, number: int) -> str:
        """Return a name by its number."""
        block, place = divmod(number, len(self.names))
        return self.towns[block].rename([self.names[place]])[0]

    def numbers(self, names: Sequence[str]) -> I64:
        """Return the number of each name, int64 (n,), not to be written to.

        One of the last two objects again is not looked up again, so ``names`` must not be changed.
        """
        for latest, found in self._latest:
            if latest is names:
                return found
        found = np.fromiter(map(self.number, names), np.int64, len(names))
        self._latest = (names, found), *self._latest[:1]
        return found

    def has(self, names: Iterable[str], towns: Sequence[Town]) -> bool:
        """Return whether ``towns`` are these, in this order, and ``names`` are among town 0's."""
        return self.towns == tuple(towns) and set(names) <= set(self.names)


def home_of(name: str) -> tuple[str, str]:
    """Return the number of an entity's town, as text, and the rest of its name, which its twins in all towns share.

    Example:
        >>> home_of("c7-17"), home_of("c0-17"), home_of("m7-0-3")
        (('7', 'c17'), ('0', 'c17'), ('7', 'm0-3'))
    """
    head, _, own = name.partition("-")
    return head[1:], head[:1] + own


def towns(count: int, shift_us: int = 0) -> tuple[Town, ...]:
    """Return the towns 1 to ``count`` − 1, all with one shift: a world of ``count`` towns with town 0."""
    return tuple(Town(number, shift_us) for number in range(1, count))
