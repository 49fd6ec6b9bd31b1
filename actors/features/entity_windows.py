"""The last transactions of every card, merchant and device, in ring buffers of fixed depth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from actors.core.arrays import I64, Bool, Column
from actors.core.clock import US_PER_S
from actors.core.transaction import Columns
from actors.features.encoding import name_array

NEVER = -(1 << 62)  # event time of an empty slot: outside every window, and no difference to it overflows
NOBODY = -1  # identity of no entity: an empty slot, or a transaction without a device
# Two numbers in one word: half the memory. The upper part is a number that is compared or added, the lower 25 bits are
# an entity's identity. Identities 33 million apart look alike; a ring of 16 with two such is rarer than a broken disk.
IDENTITY_BITS = 25  # leaves 38 for a number: an amount up to 10^9 in cents, or seconds up to the year 10000
IDENTITY_MASK = (1 << IDENTITY_BITS) - 1
_FIRST_CAPACITY = 1_024
_EVICTED_SHARE = 8  # one eighth at a time, so that looking for the oldest is rare


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """What a column of a ring holds.

    Attributes:
        dtype: of its elements.
        empty: what an element without a transaction holds.
        whose: kind of entity that an element identifies, or, ``packed``, that its lower bits identify; empty for none.
        packed: whether an element is a number with an identity.
        unit_us: length of the unit in which the number counts event time; 0 if it is not a time.
    """

    dtype: type[np.generic]
    empty: float
    whose: str = ""
    packed: bool = False
    unit_us: int = 0


INSTANT = ColumnKind(np.int64, NEVER, unit_us=1)
NUMBER = ColumnKind(np.int64, 0)
DEGREES = ColumnKind(np.float32, np.nan)


def identity(whose: str) -> ColumnKind:
    """Return a column of identities of cards, merchants or devices."""
    return ColumnKind(np.int32, NOBODY, whose=whose)


class Past(Protocol):
    """What is known of entities of one kind before a ring buffer sees them."""

    @property
    def identity_count(self) -> int:
        """Return a number above the identities of all entities of which something is known."""
        ...

    def recall(self, names: Sequence[str], words: I64, rows: I64) -> Bool:
        """Write what is known of ``names`` into ``words[rows]``, and return of which that is something.

        Called with names when a ring buffer first sees them, or sees them again after it forgot them, before it counts
        anything. Must not raise.

        Args:
            names: distinct.
            words: of the records, (capacity, words); where nothing is known they are left as they are.
            rows: the record of each name, (n,).

        Returns:
            Whether something is known of each, bool (n,).
        """
        ...


class RingBuffer:
    """For each entity of one kind the last ``depth`` transactions, and facts about it that do not go round.

    An entity has a row, found by its name, and an identity that no other ever gets: rows are given again after an
    eviction, and a ring buffer elsewhere may still hold the identity of the one evicted. When ``max_entities`` are
    remembered, the least recently seen eighth is forgotten; an entity seen again after that is new, or as its past
    knows it.

    Args:
        depth: slots of each entity; a power of two.
        whose: kind of entity: card, merchant or device.
        slots: columns that go round, by name.
        facts: columns with one value an entity, or a fixed number of them, by name.
        max_entities: bound on the entities remembered.
        past: of entities that were not seen yet; None if nothing is known.

    Attributes:
        rows: name → row.
        records: a fixed record an entity, (capacity,), which can be stored and moved as bytes; replaced to grow.
            Every record has the facts ``identity``, ``count`` (transactions ever) and ``touched`` (when last located).
        words: the same memory as int64, (capacity, words).
        columns: the fields of all records by name, sharing their memory: (capacity, depth) for slots, (capacity,) or
            (capacity, width) for facts.
        kinds: what the columns hold, by name.
        next_identity: the identity of the next new entity.
        touches: how often entities were located; one of a batch as often as all of it.
    """

    def __init__(
        self,
        whose: str,
        depth: int,
        slots: Mapping[str, ColumnKind],
        facts: Mapping[str, tuple[ColumnKind, int]],
        max_entities: int,
        past: Past | None = None,
    ) -> None:
        self.max_entities = max_entities
        self.past = past
        self.rows: dict[str, int] = {}
        self._row_of = cast("Callable[[str | None, int], int]", self.rows.get)
        self.next_identity = 0 if past is None else past.identity_count
        own = {"identity": (identity(whose), 0), "count": (NUMBER, 0), "touched": (NUMBER, 0)}
        kinds = {name: (kind, depth) for name, kind in slots.items()} | own | dict(facts)
        self.kinds = {name: kind for name, (kind, _) in kinds.items()}
        fields = [(name, kind.dtype, (width,) if width else ()) for name, (kind, width) in kinds.items()]
        blank = np.array([tuple(kind.empty for kind in self.kinds.values())], np.dtype(fields, align=True))
        self._blank = words_of(blank)
        self.records: Column = blank[:0]
        self.words: I64 = self._blank[:0]
        self.columns: dict[str, Column] = {}
        self._free: list[int] = []
        self._used = 0
        self.touches = 0
        first = _FIRST_CAPACITY if past is None else max_entities  # growing in a burst would stop the world for 50 ms
        self._grow(min(first, max_entities))

    def __len__(self) -> int:
        """Return the number of entities remembered."""
        return len(self.rows)

    def locate(self, names: Sequence[str | None]) -> I64:
        """Return the rows of ``names``, int64 (n,), NOBODY where there is none; a new name is remembered from now on.

        At most half of ``max_entities`` names, so that those of one call never push each other out.
        """
        self.touches += 1
        rows = list(map(self._row_of, names, repeat(NOBODY)))
        found = np.array(rows, dtype=np.int64)
        # Two in three transactions have no device: only a name that was not found is worth looking for row by row.
        if NOBODY in rows and rows.count(NOBODY) != names.count(None):
            unseen = zip(range(len(rows)), rows, names, strict=True)
            new = {at: name for at, row, name in unseen if row == NOBODY and name is not None}
            if new:
                self.columns["touched"][found[found != NOBODY]] = self.touches  # none of them is evicted now
                self._add(list(dict.fromkeys(new.values())))
                found[list(new)] = [self.rows[name] for name in new.values()]
        return found

    def _add(self, names: Sequence[str]) -> None:
        """Give rows to ``names``, which are new and distinct: blank ones, or with their past."""
        self._make_room(len(names))
        rows = [self._free.pop() for _ in range(min(len(names), len(self._free)))]
        rows += range(self._used, self._used + len(names) - len(rows))
        self._used = max(self._used, rows[-1] + 1)
        at = np.array(rows, dtype=np.int64)
        strange = at if self.past is None else at[~self.past.recall(names, self.words, at)]
        if len(strange):
            self.words[strange] = self._blank
            self.columns["identity"][strange] = self.next_identity + np.arange(len(strange))
            self.next_identity += len(strange)
        self.columns["touched"][at] = self.touches
        self.rows.update(zip(names, rows, strict=True))

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
        touched = self.columns["touched"][list(self.rows.values())]
        for at in touched.argsort(kind="stable")[:count].tolist():
            if touched[at] < self.touches:
                self._free.append(self.rows.pop(names[at]))

    def _grow(self, capacity: int) -> None:
        grown = np.empty(capacity, self.records.dtype)  # not taken before it is written
        grown[: self._used] = self.records[: self._used]
        self.records, self.words = grown, words_of(grown)
        self.columns = {name: grown[name] for name in self.kinds}

    def to_arrays(self) -> dict[str, Column]:
        """Return all that is remembered, as arrays that can be stored without pickling."""
        rows = list(self.rows.values())
        arrays: dict[str, Column] = {name: column[rows] for name, column in self.columns.items()}
        arrays["names"] = name_array(list(self.rows))
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
        self.rows.clear()
        self.rows.update((name, row) for row, name in enumerate(names))
        self._free, self._used = [], 0
        if len(names) > len(self.records):
            self._grow(len(names))
        self._used = len(names)
        for name in self.kinds:
            column = self.columns[name][: self._used]
            if arrays[name].shape != column.shape:
                raise ValueError(f"{name} must have the shape {column.shape}, and has {arrays[name].shape}")
            column[...] = arrays[name]
        self.next_identity, self.touches = (int(value) for value in arrays["next"])


def words_of(records: Column) -> I64:
    """Return ``records`` as words, int64 (n, words), sharing their memory."""
    return records.view(np.int64).reshape(len(records), records.itemsize // 8)


CARD_DEPTH = 16  # a busy card makes 3 a day; a velocity of 17 in a day is far beyond any threshold
MERCHANT_DEPTH = 32  # a merchant of the synthetic world makes 1 to 20 an hour
DEVICE_DEPTH = 16  # a household has 2 to 5 cards; a ring of fraudsters shows long before 17

SALE = ColumnKind(np.int64, NEVER, whose="merchant", packed=True)  # cents and merchant; no sale has a word below 0
VISIT = ColumnKind(np.int64, NEVER, whose="card", packed=True, unit_us=US_PER_S)  # second and card


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Most entities remembered, each at least 16; beyond it the least recently seen are forgotten.

    Attributes:
        cards: about 500 bytes each that was seen, name included.
        merchants: about 680 bytes each.
        devices: about 290 bytes each.
    """

    cards: int = 250_000
    merchants: int = 65_536
    devices: int = 400_000


class EntityWindows:
    """What all streaming features are computed from.

    Args:
        limits: most entities remembered.
        past: what is known of entities that were not seen yet, by kind: card, merchant and device; or nothing.
    """

    def __init__(self, limits: StreamLimits, past: Mapping[str, Past] | None = None) -> None:
        past = past or {}
        self.cards = RingBuffer(
            "card",
            CARD_DEPTH,
            {"event_us": INSTANT, "sale": SALE, "device": identity("device")},
            {"place_us": (INSTANT, 0), "place": (DEGREES, 2)},
            limits.cards,
            past.get("card"),
        )
        sales = {"event_us": INSTANT, "cents": NUMBER}
        self.merchants = RingBuffer("merchant", MERCHANT_DEPTH, sales, {}, limits.merchants, past.get("merchant"))
        self.devices = RingBuffer("device", DEVICE_DEPTH, {"visit": VISIT}, {}, limits.devices, past.get("device"))
        self.largest_batch = min(limits.cards, limits.merchants, limits.devices) // 2

    def locate(self, columns: Columns) -> tuple[I64, I64, I64]:
        """Return where all of ``columns`` are, at most ``largest_batch``; new names are remembered from now on.

        Returns:
            Rows among the cards, the merchants and the devices, int64 (n,) each; NOBODY where there is no device.
        """
        return (
            self.cards.locate(columns.cards),
            self.merchants.locate(columns.merchants),
            self.devices.locate(columns.device),
        )

    def by_kind(self) -> dict[str, RingBuffer]:
        """Return the ring buffers by kind of entity."""
        return {"card": self.cards, "merchant": self.merchants, "device": self.devices}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that is remembered, as arrays that can be stored without pickling.

        Raises:
            ValueError: something is known of entities that were not seen; it would be missing.
        """
        if self.cards.past is not None:
            raise ValueError("windows with a past cannot be stored: it has more entities than were seen")
        return {
            f"{kind}_{name}": array for kind, ring in self.by_kind().items() for name, array in ring.to_arrays().items()
        }

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Remember what ``arrays`` say.

        Raises:
            KeyError, ValueError: they are not ours, or beyond the limits.
        """
        for kind, ring in self.by_kind().items():
            prefix = f"{kind}_"
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            ring.from_arrays(own)
