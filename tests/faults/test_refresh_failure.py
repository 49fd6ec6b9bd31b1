"""A refresh that fails costs freshness, until the next one."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.clock import NS_PER_US, ScaledEventTime
from actors.features.batch_table import BatchTableBuilder
from actors.features.history import History
from actors.features.refresh import REFRESH_US, Refreshed, Refresher, RefreshFailed
from actors.features.store import InMemoryFeatureStore
from sim.faults.fault import FaultRecord
from sim.faults.feature_store import RefreshFailure
from sim.injection.schedule import FaultSchedule
from sim.journal import Journal
from tests.support.actors.no_labels import NoLabels
from tests.support.actors.transactions import random_stream
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

REFRESH_NS = REFRESH_US * NS_PER_US  # at speed 1
BOUNDARIES = 4


class Night:
    """A refresher at speed 1 from a boundary on, with a failure in between."""

    def __init__(self, *faults: RefreshFailure) -> None:
        self.clock = virtual_clock()
        self.journal = Journal(self.clock)
        self.schedule = FaultSchedule(faults, self.clock, self.journal)
        self.store, history = InMemoryFeatureStore(), History()
        history.append(random_stream(50, 1, days=1.0))
        self.start_us = 3_000 * REFRESH_US
        self.told: list[tuple[str, int]] = []
        self.refresher = Refresher(
            BatchTableBuilder(history, 0),
            self.schedule.wrap_refresh(self.store),
            history,
            NoLabels(),
            ScaledEventTime(self.clock, self.start_us, speed=1),
            self.clock,
            on_refreshed=self._refreshed,
            on_failed=self._failed,
        )

    def _refreshed(self, refreshed: Refreshed) -> None:
        self.told.append(("refreshed", (refreshed.at_us - self.start_us) // REFRESH_US))

    def _failed(self, failed: RefreshFailed) -> None:
        self.told.append(("failed", (failed.at_us - self.start_us) // REFRESH_US))

    async def pass_boundaries(self) -> list[int]:
        """Return which boundary's table is served just after each boundary."""
        tasks = [asyncio.create_task(each) for each in (self.refresher.run(), self.schedule.run())]
        seen: list[int] = []
        for number in range(BOUNDARIES):
            await self.clock.sleep_until_ns(number * REFRESH_NS + 1)
            seen.append((self.store.newest_computed_us() - self.start_us) // REFRESH_US)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return seen


def failing(at_ns: int, until_ns: int) -> RefreshFailure:
    return RefreshFailure(name="no-refresh", at=at_ns, duration=until_ns - at_ns)


@given(st.integers(1, BOUNDARIES * REFRESH_NS), st.integers(1, 2 * REFRESH_NS))
@settings(max_examples=20)
def test_no_refresh_is_published_while_the_fault_is_in_and_every_other_is(at_ns: int, duration_ns: int) -> None:
    """What is served is the table of the latest boundary that the fault left alone."""
    instants = [number * REFRESH_NS for number in range(BOUNDARIES)]
    harmed = [at_ns < instant < at_ns + duration_ns for instant in instants]
    if {at_ns, at_ns + duration_ns} & set(instants):
        return  # at one instant either may come first

    async def main() -> list[int]:
        return await Night(failing(at_ns, at_ns + duration_ns)).pass_boundaries()

    served = [max(before for before in range(number + 1) if not harmed[before]) for number in range(BOUNDARIES)]
    assert run_virtual(main()) == served


def test_a_failed_refresh_is_told_counted_and_dated() -> None:
    """The first refresh that fails is the fault's first effect, and its effects are counted in refreshes."""

    async def main() -> tuple[Night, FaultRecord]:
        night = Night(failing(REFRESH_NS // 2, REFRESH_NS + REFRESH_NS // 2))
        await night.pass_boundaries()
        return night, night.schedule.records()[0]

    night, record = run_virtual(main())
    assert night.told == [("refreshed", 0), ("failed", 1), ("refreshed", 2), ("refreshed", 3)]
    assert (record.state, record.touched_count, record.touches) == ("lifted", 1, "refreshes")
    assert record.first_effect_at_s == REFRESH_NS / 1e9
    assert night.journal.entries[-1].detail == "touched 1 refreshes"


def test_a_fault_between_two_refreshes_touches_nothing() -> None:
    """Six hours without a refresh are quiet, and the record says so."""

    async def main() -> FaultRecord:
        night = Night(failing(REFRESH_NS + 1, REFRESH_NS + 5))
        await night.pass_boundaries()
        return night.schedule.records()[0]

    assert run_virtual(main()).touched_count == 0


def test_a_replay_tries_a_failed_boundary_once() -> None:
    """At full speed, too, the next boundary is the next chance: a refresh costs a table each time it is tried."""

    async def main() -> tuple[list[bool], list[tuple[str, int]]]:
        night = Night(failing(0, 10))
        inject = asyncio.create_task(night.schedule.run())
        await night.clock.sleep_ns(1)
        hours = [0, 1, 1, 6, 6]
        found = [await night.refresher.refresh_to(night.start_us + hour * REFRESH_US // 6) for hour in hours[:3]]
        await inject
        found += [await night.refresher.refresh_to(night.start_us + hour * REFRESH_US // 6) for hour in hours[3:]]
        return found, night.told

    assert run_virtual(main()) == ([False, False, False, True, False], [("failed", 0), ("refreshed", 1)])


@pytest.mark.parametrize("published", [True, False])
def test_history_is_pruned_whether_or_not_its_table_is_published(*, published: bool) -> None:
    """A refresh that fails for weeks does not fill the memory."""
    columns = random_stream(3_000, 2, days=90)
    history = History()
    history.append(columns)

    async def main() -> None:
        clock = virtual_clock()
        schedule = FaultSchedule([failing(0, 10)], clock, Journal(clock))
        builder = BatchTableBuilder(history, REFRESH_US)
        store = schedule.wrap_refresh(InMemoryFeatureStore())
        refresher = Refresher(builder, store, history, NoLabels(), None, clock)
        inject = asyncio.create_task(schedule.run())
        await clock.sleep_ns(20 if published else 1)
        assert await refresher.refresh_to(int(columns.event_us[-1])) == published
        await inject

    run_virtual(main())
    assert len(history) == pytest.approx(1_000, rel=0.15)
