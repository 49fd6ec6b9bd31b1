"""The size of a world: the town a model is trained on, and the pool of towns a run draws from.

A *town* is the training world: its cards, merchants and devices with several weeks of history. A run's pool is as many
copies of that town as its cards need, all with the same profiles and each drawing on its own. A higher rate brings more
towns, never busier cards.
"""

import math

import msgspec

from actors.core.clock import US_PER_DAY

TOWN_CARDS = 4_000
TX_PER_CARD_DAY = 1.34  # 4,000 cards over 56 days make about 300,000 transactions
HISTORY_DAYS = 56  # 30 days fill the longest window, and the rest trains and tests
HISTORY_START_US = 1_767_571_200 * 1_000_000  # Monday 2026-01-05, 00:00 UTC


class TownSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the training world is made of; everything a model's cache key needs to know of it.

    Attributes:
        cards: cards in the town.
        merchants: merchants in the town, at least one a category and place.
        fraud_ratio: expected share of transactions that are fraud.
        tx_per_card_day: mean transactions of a card in 24 h of event time.
        history_days: length of the history.
        start_us: event time of the history's start.
        seed: of the profiles and the history; not the run's seed, so that another seed never retrains.
    """

    cards: int = TOWN_CARDS
    merchants: int = 400
    fraud_ratio: float = 0.01
    tx_per_card_day: float = TX_PER_CARD_DAY
    history_days: int = HISTORY_DAYS
    start_us: int = HISTORY_START_US
    seed: int = 20_260_105

    @property
    def end_us(self) -> int:
        """Event time at which the history ends, and a run starts."""
        return self.start_us + self.history_days * US_PER_DAY

    @property
    def tx_per_day(self) -> float:
        """Expected transactions of the town in 24 h of event time."""
        return self.cards * self.tx_per_card_day


class WorldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The world of a run.

    Attributes:
        cards: cards at the base rate; rounded up to whole towns of 4,000.
        merchants: merchants at the base rate; a town has its share of them.
        fraud_ratio: expected share of transactions that are fraud.
        speed: event seconds for each second of the run; None keeps each card as busy as in training.
    """

    cards: int = 20_000
    merchants: int = 2_000
    fraud_ratio: float = 0.01
    speed: float | None = None

    @property
    def town(self) -> TownSpec:
        """The town that the pool consists of."""
        merchants = max(MIN_TOWN_MERCHANTS, round(TOWN_CARDS * self.merchants / self.cards))
        return TownSpec(merchants=merchants, fraud_ratio=self.fraud_ratio)

    @property
    def base_towns(self) -> int:
        """Towns active at the base rate."""
        return math.ceil(self.cards / TOWN_CARDS)

    def speed_at(self, base_rate: float) -> float:
        """Return the speed for a run whose first phase has ``base_rate`` transactions a second.

        Without a speed of its own the world passes as fast as keeps each card as busy, per event-day, as in training.
        """
        if self.speed is not None:
            return self.speed
        return base_rate * 86_400 / (self.base_towns * self.town.tx_per_day)


MIN_TOWN_MERCHANTS = 200  # 40 cities with three physical merchants each, and 80 online
