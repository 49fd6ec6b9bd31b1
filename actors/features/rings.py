"""The rings of cards, merchants and devices, which know each other by identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64
from actors.clock import US_PER_S
from actors.features.ring import DEGREES, IDENTITY_MASK, INSTANT, NEVER, NOBODY, NUMBER, Kind, Ring, identity
from actors.features.towns import Town, TownNames
from actors.features.twin_rows import TwinRows
from actors.features.twins import Twins
from actors.transaction import Columns

CARD_DEPTH = 16  # a busy card makes 3 a day; a velocity of 17 in a day is far beyond any threshold
MERCHANT_DEPTH = 32  # a merchant of the synthetic world makes 1 to 20 an hour
DEVICE_DEPTH = 16  # a household has 2 to 5 cards; a ring of fraudsters shows long before 17

SALE = Kind(np.int64, 0, whose="merchant", packed=True)  # cents and merchant
VISIT = Kind(np.int64, NEVER, whose="card", packed=True, unit_us=US_PER_S)  # second and card


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Most entities remembered, each at least 16; beyond it the least recently seen are forgotten.

    Attributes:
        cards: about 480 bytes each, name included; of a town's, only those that were seen, without their names 360.
        merchants: about 660 bytes each; of a town's 530.
        devices: about 270 bytes each; of a town's 150.
    """

    cards: int = 250_000  # forty towns are 160,000
    merchants: int = 65_536
    devices: int = 400_000


class Located(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Where the entities of a batch of n transactions are; not to be changed.

    Attributes:
        cards: rows in the ring of cards, int64 (n,).
        merchants: rows in the ring of merchants, int64 (n,).
        devices: rows in the ring of devices, int64 (n,), NOBODY where there is none.
    """

    cards: I64
    merchants: I64
    devices: I64


class Rings:
    """What all streaming features are computed from."""

    def __init__(self, limits: StreamLimits) -> None:
        self.cards = Ring(
            "card",
            CARD_DEPTH,
            {"event_us": INSTANT, "sale": SALE, "device": identity("device")},
            {"place_us": (INSTANT, 0), "place": (DEGREES, 2)},
            limits.cards,
        )
        self.merchants = Ring("merchant", MERCHANT_DEPTH, {"event_us": INSTANT, "cents": NUMBER}, {}, limits.merchants)
        self.devices = Ring("device", DEVICE_DEPTH, {"visit": VISIT}, {}, limits.devices)
        self.largest_batch = min(limits.cards, limits.merchants, limits.devices) // 2
        self._located: tuple[Columns, tuple[int, ...], Located] | None = None

    def locate(self, columns: Columns) -> Located:
        """Return where all of ``columns`` are, at most ``largest_batch``; who is not known gets an empty row.

        The very same object again is not looked up again while nobody else was located: whoever wants the rows before
        they are counted into pays nothing for it.
        """
        last = self._located
        if last is not None and last[0] is columns and last[1] == self._touches():
            return last[2]
        located = self._look_up(columns)
        self._located = columns, self._touches(), located
        return located

    def _look_up(self, columns: Columns) -> Located:
        cards, merchants = self.cards.locate(columns.cards), self.merchants.locate(columns.merchants)
        named = [name for name in columns.device if name is not None]
        devices = self.devices.locate(named)
        if len(named) < len(columns):
            known, devices = devices, np.full(len(columns), NOBODY)
            devices[[name is not None for name in columns.device]] = known
        return Located(cards, merchants, devices)

    def _touches(self) -> tuple[int, ...]:
        return self.cards.touches, self.merchants.touches, self.devices.touches

    def _by_name(self) -> dict[str, Ring]:
        return {"card": self.cards, "merchant": self.merchants, "device": self.devices}

    def add_towns(self, towns: tuple[Town, ...], names: Mapping[str, TownNames]) -> None:
        """Give every entity a twin in each of ``towns``, with the same past among the town's own twins.

        Rings then hold only who is seen; an entity's past is copied when it first is.

        Args:
            towns: the other towns.
            names: by kind of entity, of all towns, as others use them to look up the same entities: a batch's names are
                then looked up once for all. A ring with someone whom they lack does without.

        Raises:
            ValueError: the limits leave no room, a town is given twice, or an entity is not of town 0.
        """
        rings = self._by_name()
        for kind, ring in rings.items():
            if len(ring) * (len(towns) + 1) > ring.max_entities:
                raise ValueError(f"no room for {len(towns)} towns of {len(ring)} {kind}s within {ring.max_entities}")
        sizes = {name: ring.next_identity for name, ring in rings.items()}
        if max(sizes.values()) * (len(towns) + 1) > IDENTITY_MASK:
            raise ValueError(f"{len(towns)} towns have more entities than there are identities")
        everywhere = (Town(0), *towns)
        known = {kind: _names(ring, everywhere, names.get(kind)) for kind, ring in rings.items()}
        pasts = {kind: Twins(ring.kinds, ring.rows, ring.columns, known[kind], sizes) for kind, ring in rings.items()}
        self._located = None
        for kind, ring in rings.items():
            ring.forget()
            ring.rows = TwinRows(known[kind])
            ring.reserve(ring.max_entities)  # growing in a burst would stop the world for 50 ms
            ring.past = pasts[kind]
            ring.next_identity = sizes[kind] * (len(towns) + 1)

    def wake(self) -> None:
        """Take in every card and merchant of all towns now.

        For a run that will see nearly all of them: it then takes its memory at the start instead of over hours. Of
        devices it sees a third, so each is taken in when it is seen.
        """
        self.cards.wake()
        self.merchants.wake()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that is remembered, as arrays that can be stored without pickling.

        Raises:
            ValueError: there are towns, whose entities may not have been seen yet.
        """
        if self.cards.past is not None:
            raise ValueError("windows of several towns cannot be stored: load what history left, and add the towns")
        return {
            f"{kind}_{name}": array
            for kind, ring in self._by_name().items()
            for name, array in ring.to_arrays().items()
        }

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Remember what ``arrays`` say.

        Raises:
            KeyError, ValueError: they are not ours, or beyond the limits.
        """
        self._located = None
        for kind, ring in self._by_name().items():
            prefix = f"{kind}_"
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            ring.from_arrays(own)


def _names(ring: Ring, towns: tuple[Town, ...], shared: TownNames | None) -> TownNames:
    """Return ``shared`` if all of the ring's entities are among them, else names of its own."""
    if shared is not None and shared.has(ring.rows, towns):
        return shared
    return TownNames(list(ring.rows), towns)
