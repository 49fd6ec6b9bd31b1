"""A schedule of faults on virtual time, with a look-up each tick."""

import asyncio
from collections.abc import Sequence

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import Clock
from actors.core.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows, missing_rows
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.faults.fault import Fault
from sim.injection.open_run import OpenRun
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal


class CountingStore:
    """Answers every look-up, and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return no rows, at once."""
        self.calls += 1
        return missing_rows(len(cards))


def virtual_clock() -> VirtualClock:
    """Return the clock of the running virtual loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


class Laboratory:
    """Faults around a store, from virtual instant 0."""

    def __init__(
        self,
        faults: Sequence[Fault],
        store: FeatureStore,
        seed: int = 0,
        targets: FaultTargets | None = None,
        *,
        by_hand: bool = False,
    ) -> None:
        self.clock: Clock = virtual_clock()
        self.journal = Journal(self.clock)
        self.schedule = FaultSchedule(faults, self.clock, self.journal, seed, targets, OpenRun() if by_hand else None)
        self.store = self.schedule.wrap_feature_store(store)

    async def harmed(self) -> bool:
        """Return whether a look-up of two transactions is refused now."""
        try:
            await self.store.lookup(["a", "b"], ["x", "y"], np.zeros(2, dtype=np.int64))
        except FeatureStoreError:
            return True
        return False

    async def harmed_at(self, instants: Sequence[int]) -> list[bool]:
        """Return for each instant whether a look-up then is refused."""
        found: list[bool] = []
        for at_ns in instants:
            await self.clock.sleep_until_ns(at_ns)
            found.append(await self.harmed())
        return found
