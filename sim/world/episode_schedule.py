"""The schedule of episodes: how often each kind starts, planned ahead for all copies of a town."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import US_PER_DAY
from sim.chance import Streams
from sim.world import fraud
from sim.world.episodes import Episode, Scene, starts
from sim.world.fraud import AccountTakeover, CardTesting, Compromises, FraudRing, StolenCard
from sim.world.habits import Binge, Spree
from sim.world.spec import TownSpec
from sim.world.town import Town
from sim.world.transactions import Rows, empty, in_order

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
class EpisodeKind:
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


def kinds(spec: TownSpec) -> tuple[EpisodeKind, ...]:
    """Return every kind of episode in a town of ``spec``."""
    shares = [(episode, share * spec.fraud_ratio) for episode, share in FRAUD] + list(HABITS)
    return tuple(EpisodeKind(episode, share * spec.tx_per_day / episode.mean_tx) for episode, share in shares)


Load = Callable[[I64], F64]


@dataclass(slots=True)
class _Copy:
    """One copy of the town, planned until ``planned_us``; of what starts before ``begins_us`` only the rest counts."""

    scene: Scene
    begins_us: int
    planned_us: int


class EpisodeSchedule:
    """Plans episodes ahead, and hands out their transactions in order.

    Each kind of episode in each copy has a stream of its own, so copies and kinds do not disturb each other.

    Args:
        town: the profiles.
        streams: where chance comes from.
        window_us: how far ahead it plans at once, where cards are as busy as in training; less where they are busier.
        busy: transactions of a card relative to training; 1 unless a run sets its own speed.
    """

    def __init__(self, town: Town, streams: Streams, window_us: int = US_PER_DAY, busy: float = 1.0) -> None:
        self.compromises = Compromises(town)
        self._town = town
        self._streams = streams
        self._window_us = round(window_us / max(1.0, busy))
        self._busy = busy
        self._kinds = kinds(town.spec)
        self._longest_us = max(kind.episode.longest_us for kind in self._kinds)
        fraud_per_day = COMPROMISED_SHARE * town.spec.fraud_ratio * town.spec.tx_per_day
        self._compromises_per_day = fraud_per_day / self.compromises.mean_tx
        self._copies: dict[int, _Copy] = {}
        self._generators: dict[str, np.random.Generator] = {}
        self._pending: Rows = empty()
        self._planned: list[Rows] = []  # not yet among the pending

    def open(self, copy: int, at_us: int, shift_us: int = 0, *, under_way: bool = False) -> None:
        """Begin to plan for ``copy`` at ``at_us``.

        Args:
            copy: its number.
            at_us: its first event time.
            shift_us: event time less town time.
            under_way: whether episodes of its own are going on then; what is left of them takes place.
        """
        since_us = at_us - self._longest_us if under_way else at_us
        self._copies[copy] = _Copy(Scene(self._town, copy, shift_us), at_us, since_us)

    def resume(self, past: "EpisodeSchedule", shift_us: int) -> None:
        """Let the first copy finish what ``past`` left unfinished, moved by ``shift_us``."""
        left = past.pending().copy()
        left["event_us"] += shift_us
        self._planned.append(left)

    def close(self, copy: int) -> None:
        """Plan no more for ``copy``, and forget what was planned."""
        del self._copies[copy]
        pending = self.pending()
        self._pending = pending[pending["town"] != copy]

    def pending(self) -> Rows:
        """Return what is planned and has not taken place, in order."""
        if self._planned:
            self._pending = in_order(self._pending, *self._planned)
            self._planned = []
        return self._pending

    def plan_until(self, until_us: int, load: Load | None = None) -> None:
        """Plan everything that starts before ``until_us``, in whole windows.

        Args:
            until_us: event time.
            load: share of episodes that take place at given instants; all if None.
        """
        for copy in self._copies.values():
            while copy.planned_us < until_us:
                self._planned += self._plan_window(copy, load)

    def due(self, before_us: int) -> Rows:
        """Return what is planned before ``before_us``, in order."""
        pending = self.pending()
        return pending[: np.searchsorted(pending["event_us"], before_us)]

    def drop(self, count: int) -> None:
        """Forget the first ``count`` transactions: they have taken place."""
        self._pending = self.pending()[count:]

    def take(self, before_us: int) -> Rows:
        """Return and forget what is planned before ``before_us``."""
        taken = self.due(before_us)
        self.drop(len(taken))
        return taken

    def _plan_window(self, copy: _Copy, load: Load | None) -> list[Rows]:
        from_us, begins_us = copy.planned_us, copy.begins_us
        before = from_us < begins_us
        until_us = copy.planned_us = begins_us if before else from_us + self._window_us
        planned = []
        for kind in self._kinds:
            rng = self._generator(kind.episode.name, copy)
            first_us = max(from_us, begins_us - kind.episode.longest_us)  # what starts earlier is over by then
            starts_us = starts(kind.per_day * self._busy, first_us, until_us, rng)
            if load is not None:
                starts_us = starts_us[rng.random(len(starts_us)) < load(np.maximum(starts_us, begins_us))]
            if len(starts_us):
                rows = kind.episode.plan(copy.scene, starts_us, rng)
                planned.append(rows[rows["event_us"] >= begins_us])
        if not before:
            rng = self._generator(fraud.COMPROMISED_MERCHANT, copy)
            self.compromises.plan(copy.scene.copy, from_us, until_us, self._compromises_per_day, rng)
        return planned

    def _generator(self, kind: str, copy: _Copy) -> np.random.Generator:
        name = f"{kind}.{copy.scene.copy}"
        if name not in self._generators:
            self._generators[name] = self._streams[name]
        return self._generators[name]
