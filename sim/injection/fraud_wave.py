"""The injector of a fraud wave: fraud on top of the traffic, made of the world's own patterns."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from actors.core.arrays import I64, Bool
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

_MOST_STEPS_BITS: Final = 40  # of one injection: 100,000/s for years


class AttackedFeed(FeedInjector):
    """Hands out fraud among the transactions that are behind it; what is due after the last block comes by itself."""

    fault: TrafficFraudWave

    def around_feed(self, feed: Feed) -> Feed:
        """Take what arrives of the synthetic world; a replay has none."""
        traffic = self.switch.targets.traffic
        if traffic is None:
            return feed
        self._due_ns, numbers = self._planned_wave()
        self._attacker = Attacker(traffic, self.fault.attack, self.switch.chance, self._due_ns, numbers)
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
            yield np.sort(np.concatenate([due_ns, extra[sent:upto][self._inside(extra[sent:upto])]]))
            sent = upto
        rest = extra[sent : max(sent, int(min(len(extra), self.switch.reaches)))]
        yield rest[self._inside(rest)]

    def arrivals(self) -> I64:
        """Return the intended arrivals of the wave as it was meant, sorted."""
        return self._planned_wave()[0]

    def _planned_wave(self) -> tuple[I64, I64]:
        """Return the intended arrivals of the wave as it was meant, sorted, and the number that each is drawn by.

        One in each step of its rate, so that a wave that is shorter by hand or by plan is the beginning of the longer.
        Each injection has numbers of its own, so that no later one depends on how long it was.
        """
        fault, chance = self.fault, self.switch.chance
        parts: list[I64] = []
        numbers: list[I64] = []
        for number, (inject_at, lift_at) in enumerate(self.switch.meant):
            lasts_ns = fault.duration if lift_at is None else lift_at - inject_at
            steps = np.arange(math.ceil(fault.rate * lasts_ns / NS_PER_S))
            first = number << _MOST_STEPS_BITS
            places = first + steps
            offset_ns = ((steps + chance.of("arrivals", places)) * (NS_PER_S / fault.rate)).astype(np.int64)
            keep = (offset_ns < lasts_ns) & (chance.of("call", places) < fault.probability)
            parts.append(inject_at + offset_ns[keep])
            numbers.append(first + np.arange(len(parts[-1])))
        due_ns = np.concatenate(parts)
        order = np.argsort(due_ns, kind="stable")
        return due_ns[order], np.concatenate(numbers)[order]

    def _inside(self, due_ns: I64) -> Bool:
        """Return which of the wave's arrivals come while it is in, as hands have left it."""
        inside: Bool = np.zeros(len(due_ns), dtype=np.bool_)
        for inject_at, lift_at in self.switch.planned:
            inside |= (due_ns >= inject_at) & (due_ns < (np.inf if lift_at is None else lift_at))
        return inside

    def _attacked(self, block: Block | None) -> Block | None:
        if block is not None and block.due_ns is None:
            return block
        first = last = self._sent
        if block is None:
            last = len(self._due_ns)
        elif block.due_ns is not None:
            last = int(np.searchsorted(self._due_ns, block.due_ns[-1], side="right"))
        places = first + np.flatnonzero(self._inside(self._due_ns[first:last]))
        both = block
        if len(places):
            wave = self._attacker.block(places)
            both = wave if block is None else _merged(block, wave)
        self._sent = self.switch.in_hand = last
        self.switch.touch_ahead(len(places))
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
_GROUP = 64  # transactions of a wave that are made together, so that its episodes do not depend on who asks


class Attacker:
    """Makes fraud on demand, the same whenever and in whatever parts it is asked for. Its world is made at first need.

    Args:
        traffic: of the run.
        attack: which pattern, one of the world's.
        chance: of the fault.
        due_ns: intended arrivals of the whole wave, int64 (n,).
        numbers: what each is drawn by, int64 (n,); without a gap within an injection, which begins a group.
    """

    def __init__(self, traffic: TrafficSpec, attack: str, chance: Chance, due_ns: I64, numbers: I64) -> None:
        self._traffic = traffic
        self._episode = _EPISODES[attack]
        self._chance = chance
        self._due_ns = due_ns
        self._numbers = numbers
        self._prefix = (
            f"{Streams(traffic.seed).key(chance.stream('id')):016x}"  # names no fault: logs are read in drills
        )
        self._town: Town | None = None
        self._group = -1
        self._group_rows = empty()

    def block(self, places: I64) -> Block:
        """Return those at ``places``, at least one, of the wave's transactions, which are not decreasing."""
        town, due_ns = self._made(), self._due_ns[places]
        event_us = self._event_us(due_ns)
        rows = np.concatenate([self._row(town, place) for place in places.tolist()])
        rows["event_us"] = event_us
        ids = [f"{self._prefix}-{number}" for number in self._numbers[places].tolist()]
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

    def _event_us(self, due_ns: I64) -> I64:
        return self._traffic.begins_us + (due_ns * self._traffic.speed).astype(np.int64) // NS_PER_US

    def _row(self, town: Town, place: int) -> Rows:
        group, row = divmod(int(self._numbers[place]), _GROUP)
        if group != self._group:
            start_us = int(self._event_us(self._due_ns[place - row : place - row + 1])[0])
            self._group, self._group_rows = group, self._rows(town, start_us, group)
        return self._group_rows[row : row + 1]

    def _rows(self, town: Town, start_us: int, group: int) -> Rows:
        """Return the rows of a group: episodes that all start at ``start_us``, in the order in which they unfold."""
        scene = Scene(town, _TOWN, self._traffic.begins_us - town.spec.end_us)
        rng = self._chance.generator(f"episodes.{group}")
        rows = empty()
        while len(rows) < _GROUP:
            episodes = int((_GROUP - len(rows)) / self._episode.mean_tx) + 1
            rows = np.concatenate([rows, self._episode.plan(scene, np.full(episodes, start_us), rng)])
        return rows[np.argsort(rows["event_us"], kind="stable")][:_GROUP]

    def _made(self) -> Town:
        if self._town is None:
            streams = Streams(self._traffic.seed)
            self._town = make_town(self._traffic.world.town, streams.key("trips"))
        return self._town
