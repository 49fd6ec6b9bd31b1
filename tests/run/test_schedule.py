"""Laws of the schedule."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from sim.run.plan import Schedule
from sim.world.phases import Constant, RatedPhase
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec


@given(
    chunks=st.lists(st.lists(st.integers(0, 50), max_size=6), max_size=6),
    looks=st.lists(st.integers(0, 400), max_size=10),
)
def test_it_counts_what_is_due(chunks: list[list[int]], looks: list[int]) -> None:
    """At each instant it counts exactly the arrivals up to it, wherever chunks begin and end."""
    times = np.cumsum([gap for chunk in chunks for gap in chunk]) if any(chunks) else np.zeros(0)
    edges = np.cumsum([0, *map(len, chunks)])
    arrays = [np.asarray(times[a:b], dtype=np.int64) for a, b in itertools.pairwise(edges)]
    schedule = Schedule(lambda: iter(arrays))
    for look in sorted(looks):
        assert schedule.due_count(look) == int((times <= look).sum())


def test_it_is_the_schedule_of_the_traffic() -> None:
    """Drawn a second time from the same streams, arrivals are those of the blocks."""
    phases = (
        RatedPhase(name="a", duration_ns=NS_PER_S, rate=300.0),
        RatedPhase(name="b", duration_ns=NS_PER_S, rate=200.0, arrivals=Constant()),
    )
    spec = TrafficSpec(world=WorldSpec(), phases=phases, seed=3)
    due = np.concatenate([block.due_ns for block in spec.build() if block.due_ns is not None])
    schedule = Schedule.of(spec)
    for at_ns in range(0, 2 * NS_PER_S + 1, NS_PER_S // 7):
        assert schedule.due_count(at_ns) == int((due <= at_ns).sum())
