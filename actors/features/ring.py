"""The last transactions of every entity of one kind, in rings of fixed depth."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.arrays import I64, Bool, Column
from actors.features.interner import assign, name_array, numbers_of

NEVER = -(1 << 62)  # event time of an empty slot: outside every window, and no difference to it overflows
NOBODY = -1  # identity of no entity: an empty slot, or a transaction without a device
# Two numbers in one word: half the memory. The upper part is a number that is compared or added, the lower 25 bits are
# an entity's identity. Identities 33 million apart look alike; a ring of 16 with two such is rarer than a broken disk.
IDENTITY_BITS = 25  # leaves 38 for a number: an amount up to 10^9 in cents, or seconds up to the year 10000
IDENTITY_MASK = (1 << IDENTITY_BITS) - 1
_FIRST_CAPACITY = 1_024
_EVICTED_SHARE = 8  # one eighth at a time, so that looking for the oldest is rare


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column of a ring holds.

    Attributes:
        dtype: of its elements.
        empty: what an element without a transaction holds.
        whose: kind of entity whose identity an element is or, ``packed``, has in its lower bits; empty for none.
        packed: whether an element is a number with an identity.
        unit_us: length of the unit in which the number counts event time, and is shifted; 0 if it is not a time.
    """

    dtype: type[np.generic]
    empty: float
    whose: str = ""
    packed: bool = False
    unit_us: int = 0

    @property
    def moves(self) -> bool:
        """Whether an element is another one for a copy of its entity, in another town and at another time."""
        return bool(self.whose or self.unit_us)

    def move(self, shift_us: int, offsets: Mapping[str, int]) -> int:
        """Return what is added to an element for such a copy; an empty one stays as it is.

        Args:
            shift_us: later by so much; rounded down to whole units.
            offsets: added to identities, by kind of entity.
        """
        units = shift_us // self.unit_us if self.unit_us else 0
        offset = offsets[self.whose] if self.whose else 0
        return (units << IDENTITY_BITS) + offset if self.packed else units + offset


INSTANT = Kind(np.int64, NEVER, unit_us=1)
NUMBER = Kind(np.int64, 0)
DEGREES = Kind(np.float32, np.nan)


def identity(whose: str) -> Kind:
    """Return a column of identities of cards, merchants or devices."""
    return Kind(np.int32, NOBODY, whose=whose)


class Past(Protocol):
    """What is known of entities before a ring first sees them."""

    def wake(self, names: Sequence[str], rows: I64, columns: Mapping[str, Column]) -> Bool:
        """Write what is known of ``names``, which are new to the ring, into their rows.

        Called each time the ring meets new names, before it counts anything. Must not raise.

        Args:
            names: distinct.
            rows: of each, int64 (n,).
            columns: to change in these rows.

        Returns:
            Of which nothing is known, bool (n,).
        """
        ...

    def sleepers(self) -> Iterator[list[str]]:
        """Yield the names of whom something is known and who were not seen yet, some thousands at a time."""
        ...


class Ring:
    """For each entity of one kind the last ``depth`` transactions, and facts about it that do not go round.

    An entity has a row, found by its name, and an identity that no other ever gets: rows are given again after an
    eviction, and a ring elsewhere may still hold the identity of who was evicted. When ``max_entities`` are known, the
    least recently seen eighth is forgotten; an entity seen again after that is new.

    Args:
        depth: slots of each entity; a power of two.
        whose: kind of entity: card, merchant or device.
        slots: columns that go round, by name.
        facts: columns with one value an entity, or a fixed number of them, by name.
        max_entities: bound on the entities remembered.

    Attributes:
        rows: name → row.
        records: a fixed record an entity, (capacity,), which can be stored and moved as bytes; replaced to grow.
            Every record has the facts ``identity``, ``count`` (transactions ever) and ``touched`` (when last located).
        columns: the fields of all records by name, sharing their memory: (capacity, depth) for slots, (capacity,) or
            (capacity, width) for facts.
        kinds: what the columns hold, by name.
        next_identity: the identity of the next new entity.
        touches: how often entities were located; one of a batch as often as all of it.
        past: of entities that were not seen yet; None if nothing is known.
    """

    def __init__(
        self,
        whose: str,
        depth: int,
        slots: Mapping[str, Kind],
        facts: Mapping[str, tuple[Kind, int]],
        max_entities: int,
    ) -> None:
        self.depth = depth
        self.max_entities = max_entities
        self.rows: MutableMapping[str, int] = {}
        self.next_identity = 0
        self.past: Past | None = None
        own = {"identity": (identity(whose), 0), "count": (NUMBER, 0), "touched": (NUMBER, 0)}
        kinds = {name: (kind, depth) for name, kind in slots.items()} | own | dict(facts)
        self.kinds = {name: kind for name, (kind, _) in kinds.items()}
        fields = [(name, kind.dtype, (width,) if width else ()) for name, (kind, width) in kinds.items()]
        self.records: Column = np.empty(0, np.dtype(fields, align=True))
        self.columns: dict[str, Column] = {}
        self._free: list[int] = []
        self._used = 0
        self.touches = 0
        self._grow(min(_FIRST_CAPACITY, max_entities))

    def __len__(self) -> int:
        """Return the number of entities remembered."""
        return len(self.rows)

    def locate(self, names: Sequence[str]) -> I64:
        """Return the rows of ``names``, int64 (n,); those not known get an empty one.

        At most half of ``max_entities`` names, so that those of one call never push each other out.
        """
        found = numbers_of(names, self.rows, NOBODY)
        self.touches += 1
        new = (found < 0).nonzero()[0]
        if new.size:
            self.columns["touched"][found[found >= 0]] = self.touches
            found, met = found.copy(), [names[at] for at in new.tolist()]
            distinct = list(dict.fromkeys(met))
            rows = dict(zip(distinct, self._add(distinct).tolist(), strict=True))
            found[new] = [rows[name] for name in met]
        self.columns["touched"][found] = self.touches
        return found

    def _add(self, names: Sequence[str]) -> I64:
        """Give rows to ``names``, which are new and distinct, int64 (n,): empty ones, or with their past."""
        self._make_room(len(names))
        again = [self._free.pop() for _ in range(min(len(names), len(self._free)))]
        rows = again + list(range(self._used, self._used + len(names) - len(again)))
        self._used += len(names) - len(again)
        at = np.array(rows, dtype=np.int64)
        assign(names, self.rows, at)
        blank = at if self.past is None else at[self.past.wake(names, at, self.columns)]
        if blank.size:
            for name, kind in self.kinds.items():
                self.columns[name][blank] = kind.empty
            self.columns["identity"][blank] = self.next_identity + np.arange(len(blank))
            self.next_identity += len(blank)
        return at

    def _make_room(self, count: int) -> None:
        excess = len(self.rows) + count - self.max_entities
        if excess > 0:
            self._evict(max(excess, self.max_entities // _EVICTED_SHARE))
        needed = self._used + max(0, count - len(self._free))
        if needed > len(self.records):
            self._grow(max(needed, min(2 * len(self.records), self.max_entities)))

    def _evict(self, count: int) -> None:
        """Forget the ``count`` least recently seen, but none that was touched in this call."""
        names = list(self.rows)
        rows = numbers_of(names, self.rows, NOBODY)
        touched = self.columns["touched"][rows]
        for at in touched.argsort(kind="stable")[:count].tolist():
            if touched[at] < self.touches:
                self._free.append(self.rows.pop(names[at]))

    def _grow(self, capacity: int) -> None:
        grown = np.empty(capacity, self.records.dtype)  # not taken before it is written
        grown[: self._used] = self.records[: self._used]
        self.records = grown
        self.columns = {name: grown[name] for name in self.kinds}

    def forget(self) -> None:
        """Forget all entities; their identities stay taken."""
        self.rows, self._free, self._used = {}, [], 0

    def reserve(self, count: int) -> None:
        """Make room for ``count`` entities at once, so that adding them copies nothing; unused rows cost no memory."""
        if count > len(self.records):
            self._grow(min(count, self.max_entities))

    def wake(self) -> None:
        """Take in all of whom a past is known, which costs a fifth of taking in each when it is first seen."""
        if self.past is not None:
            for names in self.past.sleepers():
                self._add(names)

    def to_arrays(self) -> dict[str, Column]:
        """Return all that is remembered, as arrays that can be stored without pickling."""
        names = list(self.rows)
        rows = numbers_of(names, self.rows, NOBODY)
        arrays: dict[str, Column] = {name: column[rows] for name, column in self.columns.items()}
        arrays["names"] = name_array(names)
        arrays["next"] = np.array([self.next_identity, self.touches], dtype=np.int64)
        return arrays

    def from_arrays(self, arrays: Mapping[str, Column]) -> None:
        """Remember what ``arrays`` say instead of what is remembered now.

        Raises:
            KeyError: a column is missing.
            ValueError: a column has another shape, or there are more than ``max_entities``.
        """
        names: list[str] = arrays["names"].tolist()
        if len(names) > self.max_entities:
            raise ValueError(f"{len(names)} entities are stored, and the bound is {self.max_entities}")
        self.rows, self._free, self._used = {name: row for row, name in enumerate(names)}, [], 0
        self.reserve(len(names))
        self._used = len(names)
        for name in self.kinds:
            self.columns[name][: self._used] = arrays[name]
        self.next_identity, self.touches = (int(value) for value in arrays["next"])
