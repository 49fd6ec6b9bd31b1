"""Changes of the rate: what was planned keeps its place, and who counts agrees with who sends."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.arrays import I64
from sim.chance import Streams
from sim.feeds.feed import Block
from sim.injection.open_traffic import OpenTraffic
from sim.injection.rate_changes import RateChanges
from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError
from sim.steps.mirrors import MOST_MIRRORS, mirrors_for, with_mirrors
from sim.steps.registry import RateChange
from sim.world.active_towns import PooledTown

SECOND = 1_000_000_000
RATE = 200
LENGTH_S = 20


def change(at_s: float, factor: float, for_s: float, name: str = "it") -> RateChange:
    """A change of the rate."""
    return RateChange(name=name, at=round(at_s * SECOND), factor=factor, duration=round(for_s * SECOND))


def planned(size: int) -> Iterator[Block]:
    """Even traffic in blocks of ``size``."""
    due_ns = (np.arange(RATE * LENGTH_S) + 1) * (SECOND // RATE)
    for first in range(0, len(due_ns), size):
        due = due_ns[first : first + size]
        numbers = range(first, first + len(due))
        raws = [
            msgspec.json.encode(
                {"id": f"7-{n}", "card": f"c1-{n % 50}", "merchant": "m1-3", "event_time": int(ns // 1_000)}
            )
            for n, ns in zip(numbers, due, strict=True)
        ]
        zeros = np.zeros(len(due), dtype=np.uint8)
        yield Block(first, due, raws, due // 1_000, zeros, zeros, ["m1-3"] * len(due), ["food"] * len(due))


class Planned:
    """A feed of the planned traffic."""

    def __init__(self, size: int) -> None:
        self._blocks = planned(size)

    async def take(self) -> Block | None:
        """Return the next block."""
        return next(self._blocks, None)

    def close(self) -> None:
        """Do nothing."""


def sent(changes: RateChanges, size: int) -> list[Block]:
    """All blocks as they arrive."""
    feed = changes.around_feed(Planned(size))

    async def take_all() -> list[Block]:
        found = []
        while (block := await feed.take()) is not None:
            found.append(block)
        return found

    return asyncio.run(take_all())


def counted(changes: RateChanges, size: int) -> I64:
    """All intended arrivals, as whoever counts has them."""
    due = (block.due_ns for block in planned(size) if block.due_ns is not None)
    return np.concatenate(list(changes.reschedule(due)))


def ids(blocks: Sequence[Block]) -> list[str]:
    """The ids in the order in which they arrive."""
    return [msgspec.json.decode(raw)["id"] for block in blocks for raw in block.raws]


CHANGES = st.lists(
    st.builds(change, st.floats(0, LENGTH_S), st.floats(0, 5), st.floats(0.01, LENGTH_S)), max_size=3
).map(lambda steps: [msgspec.structs.replace(step, name=f"s{number}") for number, step in enumerate(steps)])


@settings(max_examples=20, deadline=None)
@given(steps=CHANGES, sizes=st.tuples(st.integers(1, 700), st.integers(1, 700)))
def test_who_counts_agrees_with_who_sends(steps: list[RateChange], sizes: tuple[int, int]) -> None:
    """Whatever changes, and however both sides are cut, the same are due at the same instants, in order."""
    blocks = sent(RateChanges(steps, Streams(3)), sizes[0])
    due_ns = np.concatenate([np.zeros(0, np.int64), *(block.due_ns for block in blocks if block.due_ns is not None)])
    assert due_ns.tolist() == counted(RateChanges(steps, Streams(3)), sizes[1]).tolist()
    assert (np.diff(due_ns) >= 0).all()
    assert len(set(ids(blocks))) == len(due_ns)
    assert [one.first + len(one) for one in blocks[:-1]] == [two.first for _, two in pairwise(blocks)]


def test_what_was_planned_keeps_its_place_and_more_comes_from_other_cards() -> None:
    """Between its instants a change mirrors; outside nothing is other than planned."""
    blocks = sent(RateChanges([change(5, 2.5, 10)], Streams(3)), 512)
    due_ns = [ns for block in blocks if block.due_ns is not None for ns in block.due_ns.tolist()]
    rows = list(zip(due_ns, (msgspec.json.decode(raw) for block in blocks for raw in block.raws), strict=True))
    base = [row["id"] for _, row in rows if "." not in row["id"]]
    more = [(ns, row) for ns, row in rows if "." in row["id"]]
    assert base == [f"7-{number}" for number in range(RATE * LENGTH_S)]
    assert len(more) == pytest.approx(1.5 * RATE * 10, rel=0.05)
    assert all(5 * SECOND <= ns < 15 * SECOND + SECOND // RATE for ns, _ in more)
    assert {row["card"].partition("-")[0] for _, row in more} == {"c129", "c257"}
    assert all(row["event_time"] <= int(row["id"].split("-")[1].split(".")[0]) * 5_000 + 5_000 for _, row in more)


def test_less_is_a_part_of_what_was_planned() -> None:
    """A factor below 1 leaves out, and 0 leaves out all."""
    less = ids(sent(RateChanges([change(0, 0.5, LENGTH_S + 1)], Streams(3)), 512))
    assert len(less) == pytest.approx(RATE * LENGTH_S / 2, rel=0.05)
    assert not any("." in each for each in less)
    assert sent(RateChanges([change(0, 0, LENGTH_S + 1)], Streams(3)), 512) == []


def test_mirrors_are_there_for_what_a_scenario_asks() -> None:
    """As many copies of each town as the highest rate can need, each with its town's own past."""
    towns = (PooledTown(0, 10), PooledTown(1, 20))
    assert mirrors_for([change(0, 0.5, 1)]) == 0
    assert mirrors_for([change(0, 1.1, 1)]) == 1
    assert mirrors_for([change(0, 3, 1), change(0, 4, 1)]) == MOST_MIRRORS
    assert [(each.index, each.activated_us) for each in with_mirrors(towns, 1)] == [
        (0, 10),
        (1, 20),
        (128, 10),
        (129, 20),
    ]


def test_a_change_ends_when_hands_end_it() -> None:
    """What is left of it is what was played; one that never began is not played."""
    changes = RateChanges([change(2, 2, 10, "a"), change(5, 2, 5, "b")], Streams(3))
    changes.end("a", 6 * SECOND)
    changes.end("b", 4 * SECOND)
    assert changes.played(change(2, 2, 10, "a")) == change(2, 2, 4, "a")
    assert changes.played(change(5, 2, 5, "b")) is None
    assert [changes.factor_at(at * SECOND) for at in (1, 3, 5, 7)] == [1, 2, 2, 1]


def test_slices_look_no_further_than_they_must() -> None:
    """Who sends and who counts know how far they have looked, and no transaction is lost at a cut."""
    traffic = OpenTraffic()
    feed = traffic.opened(traffic.sliced(Planned(512)))
    block = asyncio.run(feed.take())
    assert block is not None
    assert block.due_ns is not None
    assert traffic.looked_ns == block.due_ns[-1] < SECOND // 5
    due = (each.due_ns for each in planned(512) if each.due_ns is not None)
    slices = list(traffic.counted(traffic.slices(due)))
    assert np.concatenate(slices).tolist() == [(n + 1) * (SECOND // RATE) for n in range(RATE * LENGTH_S)]
    assert max(map(len, slices)) <= RATE // 10 + 1


def test_a_replay_has_no_other_rate() -> None:
    """Its load is its events; the step is refused where it stands."""
    text = """
name: replay
events: {file: /dev/null, columns: {id: a, event_time: b, card: c, merchant: d, amount: e}, speed: 10}
steps: [{name: more, kind: rate_change, at: 1s, factor: 2, duration: 1s}]
"""
    with pytest.raises(InvalidScenarioError, match="needs the synthetic world: the load of a replay is its events"):
        parse(text, "replay.yaml", files_required=False)
