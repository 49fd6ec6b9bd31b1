"""Laws of how long look-ups take."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from actors.core.arrays import I64
from actors.features.store import InMemoryFeatureStore, StoreRows
from sim.chance import Streams
from sim.clocks.modelled_waits import LookUpTime, ModelledFeatureStore
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.virtual import run_virtual

COUNT = 2_000


def times_ns(time: LookUpTime, starts: Sequence[int], rows: int = 3) -> list[int]:
    """Return how long each look-up takes whose first transaction is at one of ``starts``."""

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        store = ModelledFeatureStore(InMemoryFeatureStore(), time, Streams(7), VirtualClock(loop))
        took = []
        for start in starts:
            before_ns = loop.now_ns
            event_us: I64 = np.arange(start, start + rows)
            found = await store.lookup(["c"] * rows, ["m"] * rows, event_us)
            assert isinstance(found, StoreRows)
            took.append(loop.now_ns - before_ns)
        return took

    return run_virtual(main())


def test_a_constant_look_up_takes_its_time() -> None:
    """Without sigma and tail all take the same."""
    assert set(times_ns(LookUpTime(median_us=250.0), range(50))) == {250_000}


def test_a_lognormal_look_up_has_its_median_and_spread() -> None:
    """Half take less than the median, and the 99th percentile lies where sigma puts it."""
    found = np.array(times_ns(LookUpTime(median_us=400.0, sigma=0.5), range(COUNT))) / 1_000
    assert np.median(found) == pytest.approx(400, rel=0.05)
    assert np.percentile(found, 99) == pytest.approx(400 * np.exp(0.5 * 2.326), rel=0.15)


def test_the_tail_hits_its_share_of_look_ups() -> None:
    """One in ten takes 20 ms more, the others nothing."""
    found = times_ns(LookUpTime(median_us=100.0, tail_ratio=0.1, tail_us=20_000.0), range(COUNT))
    assert set(found) == {100_000, 20_100_000}
    assert found.count(20_100_000) == pytest.approx(COUNT / 10, rel=0.25)


def test_the_time_belongs_to_the_first_transaction() -> None:
    """Where a batch ends, and what was looked up before, changes nothing."""
    time = LookUpTime(median_us=400.0, sigma=0.5, tail_ratio=0.1, tail_us=5_000.0)
    assert times_ns(time, [7, 3, 7], rows=1) == times_ns(time, [7, 3, 7], rows=9)
    assert times_ns(time, [3])[0] == times_ns(time, [7, 3])[1]


def test_a_second_call_has_a_time_of_its_own() -> None:
    """Asking again for the same transactions is another draw: a pause of one replica is not the other's."""
    time = LookUpTime(median_us=400.0, sigma=0.5)
    first, second = times_ns(time, [7, 7])
    assert first == times_ns(time, [7])[0] != second
