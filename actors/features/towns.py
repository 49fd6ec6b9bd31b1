"""Towns: copies of the world that a model was trained on, so that a run can have more cards than history has.

The training world is town 0 and its names carry a 0: ``c0-17``, ``m0-3``, ``d0-9``. The same card in town 7 is
``c7-17``: another card with the same profile, and with town 0's past as its own. A town that becomes active later than
the history's end has that past shifted in event time, so that its cards do not look as if they had slept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.features.catalogue import BATCH_REFRESH_S

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
    """The names of town 0's entities of one kind, and through them those of their twins.

    Args:
        names: of town 0.
        towns: all towns, town 0 the first.

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
            f"{letter}{town.number}": (block, own) for letter, own in places.items() for block, town in enumerate(towns)
        }

    def __len__(self) -> int:
        """Return the number of entities in all towns."""
        return len(self.names) * len(self.towns)

    def name(self, number: int) -> str:
        """Return a name by its number: town by town, in the order of town 0's names."""
        block, place = divmod(number, len(self.names))
        return self.towns[block].rename([self.names[place]])[0]

    def find(self, name: str) -> tuple[int, int] | None:
        """Return the town of a twin, as its place among the towns, and its place among town 0's names."""
        head, _, own = name.partition("-")
        found = self._heads.get(head)
        if found is None or (place := found[1].get(own)) is None:
            return None
        return found[0], place


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
