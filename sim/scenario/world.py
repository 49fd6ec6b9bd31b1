"""The synthetic world of a scenario: its size, its fraud, and how fast its events pass."""

from typing import Annotated

import msgspec

from sim.scalars import Duration, WorldSpeed
from sim.units import NS_PER


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays where. The facts that a model is trained for; the seed is not one of them.

    Attributes:
        cards: cards in the run's pool.
        merchants: merchants in the run's pool.
        fraud_ratio: share of transactions that are fraud, 0 to 0.5.
        label_delay: event time from a transaction to its label.
        speed: event seconds for each second of the run; absent keeps each card as busy as in training.
    """

    cards: Annotated[int, msgspec.Meta(ge=100, le=10_000_000)] = 20_000
    merchants: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 2_000
    fraud_ratio: Annotated[float, msgspec.Meta(gt=0, le=0.5)] = 0.01
    label_delay: Duration = 12 * NS_PER["h"]
    speed: Annotated[WorldSpeed, msgspec.Meta(le=100_000)] | None = None
