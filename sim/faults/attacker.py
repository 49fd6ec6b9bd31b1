"""The transactions of a fraud wave, made of the world's own fraud patterns."""

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_US
from sim.chance import Chance, Streams
from sim.feeds.feed import Block
from sim.world.episodes import Episode, Scene
from sim.world.fraud import AccountTakeover, CardTesting, FraudRing, StolenCard
from sim.world.town import Town, make_town
from sim.world.traffic import TrafficSpec
from sim.world.transactions import Names, Rows, empty, to_columns, to_json

_EPISODES: dict[str, Episode] = {
    each.name: each for each in (FraudRing(), CardTesting(), AccountTakeover(), StolenCard())
}
_TOWN = 0  # the one that is active throughout


class Attacker:
    """Makes fraud on demand. The world it needs is made when it is first asked.

    Args:
        traffic: of the run.
        attack: which pattern, one of the world's.
        chance: of the fault.
    """

    def __init__(self, traffic: TrafficSpec, attack: str, chance: Chance) -> None:
        self._traffic = traffic
        self._episode = _EPISODES[attack]
        self._chance = chance
        self._prefix = chance.stream("id").rsplit(".", 1)[0]
        self._town: Town | None = None
        self._asked = 0

    def block(self, first: int, due_ns: I64) -> Block:
        """Return fraud at the intended arrivals ``due_ns``, at least one; ``first`` counts them over the wave."""
        town = self._made()
        event_us = self._traffic.begins_us + (due_ns * self._traffic.speed).astype(np.int64) // NS_PER_US
        rows = self._rows(town, int(event_us[0]), len(due_ns))
        rows["event_us"] = event_us
        ids = [f"{self._prefix}-{number}" for number in range(first, first + len(rows))]
        columns = to_columns(rows, Names(town), ids)
        return Block(
            first=0,
            due_ns=due_ns,
            raws=to_json(columns),
            event_us=event_us,
            fraud=rows["fraud"].copy(),
            pattern=rows["pattern"].copy(),
            merchants=columns.merchants,
            categories=columns.category,
        )

    def _rows(self, town: Town, start_us: int, count: int) -> Rows:
        """Return ``count`` rows of episodes that all start at ``start_us``, in the order in which they unfold."""
        scene = Scene(town, _TOWN, self._traffic.begins_us - town.spec.end_us)
        rng = self._chance.generator(f"episodes.{self._asked}")
        self._asked += 1
        rows = empty()
        while len(rows) < count:
            episodes = int((count - len(rows)) / self._episode.mean_tx) + 1
            rows = np.concatenate([rows, self._episode.plan(scene, np.full(episodes, start_us), rng)])
        return rows[np.argsort(rows["event_us"], kind="stable")][:count]

    def _made(self) -> Town:
        if self._town is None:
            streams = Streams(self._traffic.seed)
            self._town = make_town(self._traffic.world.town, streams.key("trips"))
        return self._town
