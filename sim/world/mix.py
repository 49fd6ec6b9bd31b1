"""How often each kind of episode starts, so that fraud has its ratio and every pattern its part of it."""

from dataclasses import dataclass

from sim.world.episodes import Episode
from sim.world.fraud.account_takeover import AccountTakeover
from sim.world.fraud.card_testing import CardTesting
from sim.world.fraud.fraud_ring import FraudRing
from sim.world.fraud.stolen_card import StolenCard
from sim.world.habits.binge import Binge
from sim.world.habits.spree import Spree
from sim.world.spec import TownSpec

FRAUD: tuple[tuple[Episode, float], ...] = (  # share of all fraud
    (StolenCard(), 0.20),
    (CardTesting(), 0.23),
    (AccountTakeover(), 0.20),
    (FraudRing(), 0.15),
)
COMPROMISED_SHARE = 0.22
HABITS: tuple[tuple[Episode, float], ...] = (  # share of all transactions
    (Spree(), 0.015),
    (Binge(), 0.015),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """An episode with its frequency.

    Attributes:
        episode: what happens.
        per_day: how often it starts in one town, in 24 h of event time.
    """

    episode: Episode
    per_day: float

    @property
    def tx_per_day(self) -> float:
        """Expected transactions in one town, in 24 h of event time."""
        return self.per_day * self.episode.mean_tx


def kinds(spec: TownSpec) -> tuple[Kind, ...]:
    """Return every kind of episode in a town of ``spec``."""
    shares = [(episode, share * spec.fraud_ratio) for episode, share in FRAUD] + list(HABITS)
    return tuple(Kind(episode, share * spec.tx_per_day / episode.mean_tx) for episode, share in shares)
