"""The rings of cards, merchants and devices, which know each other by identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64
from actors.clock import US_PER_S
from actors.features.ring import DEGREES, INSTANT, NEVER, NUMBER, Kind, Past, Ring, identity
from actors.transaction import Columns

CARD_DEPTH = 16  # a busy card makes 3 a day; a velocity of 17 in a day is far beyond any threshold
MERCHANT_DEPTH = 32  # a merchant of the synthetic world makes 1 to 20 an hour
DEVICE_DEPTH = 16  # a household has 2 to 5 cards; a ring of fraudsters shows long before 17

SALE = Kind(np.int64, NEVER, whose="merchant", packed=True)  # cents and merchant; no sale has a word below 0
VISIT = Kind(np.int64, NEVER, whose="card", packed=True, unit_us=US_PER_S)  # second and card


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


class Rings:
    """What all streaming features are computed from.

    Args:
        limits: most entities remembered.
        past: what is known of entities that were not seen yet, by kind: card, merchant and device; or nothing.
    """

    def __init__(self, limits: StreamLimits, past: Mapping[str, Past] | None = None) -> None:
        past = past or {}
        self.cards = Ring(
            "card",
            CARD_DEPTH,
            {"event_us": INSTANT, "sale": SALE, "device": identity("device")},
            {"place_us": (INSTANT, 0), "place": (DEGREES, 2)},
            limits.cards,
            past.get("card"),
        )
        sales = {"event_us": INSTANT, "cents": NUMBER}
        self.merchants = Ring("merchant", MERCHANT_DEPTH, sales, {}, limits.merchants, past.get("merchant"))
        self.devices = Ring("device", DEVICE_DEPTH, {"visit": VISIT}, {}, limits.devices, past.get("device"))
        self.largest_batch = min(limits.cards, limits.merchants, limits.devices) // 2

    def locate(self, columns: Columns) -> tuple[I64, I64, I64]:
        """Return where all of ``columns`` are, at most ``largest_batch``; who is not remembered is from now on.

        Returns:
            Rows in the rings of cards, of merchants and of devices, int64 (n,) each; NOBODY where there is no device.
        """
        return (
            self.cards.locate(columns.cards),
            self.merchants.locate(columns.merchants),
            self.devices.locate(columns.device),
        )

    def by_kind(self) -> dict[str, Ring]:
        """Return the rings by kind of entity."""
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
