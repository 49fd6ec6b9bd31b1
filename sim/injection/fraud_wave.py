"""The injector of a fraud wave: fraud on top of the traffic, made of the world's own patterns."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S, NS_PER_US
from actors.core.transaction import to_json
from sim.chance import Chance, Streams
from sim.faults.traffic import TrafficFraudWave
from sim.feeds.feed import Block, Feed
from sim.injection.traffic import FeedInjector, joined, rows_of
from sim.world.episodes import Episode, Scene
from sim.world.fraud import AccountTakeover, CardTesting, FraudRing, StolenCard
from sim.world.town import Town, make_town
from sim.world.traffic import TrafficSpec
from sim.world.transactions import Names, Rows, empty, to_columns


class AttackedFeed(FeedInjector):
    """Hands out fraud among the transactions that are behind it; what is due after the last block comes by itself."""

    fault: TrafficFraudWave
    ends_for_good: ClassVar[bool] = True

    def around_feed(self, feed: Feed) -> Feed:
        """Take what arrives of the synthetic world; a replay has none."""
        traffic = self.switch.targets.traffic
        if traffic is None:
            return feed
        self._attacker = Attacker(traffic, self.fault.attack, self.switch.chance)
        self._due_ns = self.arrivals()
        self._sent = 0
        return super().around_feed(feed)

    async def take(self) -> Block | None:
        """Return the next block with what is due of the wave."""
        block = await self.feed.take()
        if not self.switch.over:
            with self.switch.effect(0):
                block = self._attacked(block)
        if block is not None:
            block = replace(block, first=self.given)
            self.given += len(block)
        return block

    def reschedule(self, batches: Iterator[I64], first: int = 0) -> Iterator[I64]:  # noqa: ARG002 - fraud has no number
        """Return the intended arrivals with those of the wave among them, as far as the fault reaches."""
        extra: I64 = np.zeros(0, dtype=np.int64)
        with self.switch.effect(0):
            extra = self.arrivals()
        sent = 0
        for due_ns in batches:
            upto = int(np.searchsorted(extra, due_ns[-1], side="right")) if len(due_ns) else sent
            upto = max(sent, int(min(upto, self.switch.reaches)))
            yield np.sort(np.concatenate([due_ns, extra[sent:upto]]))
            sent = upto
        yield extra[sent : max(sent, int(min(len(extra), self.switch.reaches)))]

    def arrivals(self) -> I64:
        """Return the intended arrivals of the wave, sorted."""
        fault, chance = self.fault, self.switch.chance
        count = round(fault.rate * fault.duration / NS_PER_S)
        parts: list[I64] = []
        for number, occurrence in enumerate(self.switch.planned):
            draws = chance.of("arrivals", np.arange(number * count, (number + 1) * count))
            keep = chance.of("call", np.arange(number * count, (number + 1) * count)) < fault.probability
            parts.append(np.sort(occurrence.inject_at + (draws[keep] * fault.duration).astype(np.int64)))
        return np.concatenate(parts)

    def _attacked(self, block: Block | None) -> Block | None:
        if block is not None and block.due_ns is None:
            return block
        last = len(self._due_ns)
        if block is not None and block.due_ns is not None:
            last = int(np.searchsorted(self._due_ns, block.due_ns[-1], side="right"))
        if last == self._sent:
            return block
        wave = self._attacker.block(self._sent, self._due_ns[self._sent : last])
        both = wave if block is None else _merged(block, wave)
        self.switch.touch_ahead(len(wave))
        self._sent = self.switch.in_hand = last
        return both


def _merged(block: Block, wave: Block) -> Block:
    """Return both in order of intended arrival."""
    both = joined(block, wave)
    if both.due_ns is None:
        raise AssertionError("a wave needs a schedule")
    return rows_of(both, np.argsort(both.due_ns, kind="stable"))


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
