"""Refreshes: a table at every boundary of event time, with the labels known by then."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from actors.core.clock import NS_PER_S, US_PER_S, ScaledEventTime
from actors.core.errors import LabelError
from actors.core.transaction import cut
from actors.features.batch_table import BatchTableBuilder
from actors.features.history import History, Labels
from actors.features.refresh import PAUSE_NS, REFRESH_US, Refreshed, Refresher, RefreshFailed, boundary
from actors.features.store import BatchTable, InMemoryFeatureStore
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.no_labels import NoLabels
from tests.support.actors.transactions import START_US, random_stream
from tests.support.virtual import run_virtual

DELAY_US = REFRESH_US


@dataclass
class DelayedLabels:
    """Labels of some transactions, each due after the label delay."""

    labels: Labels
    asked_us: list[int] = field(default_factory=list)
    _taken: int = 0

    async def take_due(self, now_us: int) -> Labels | None:
        self.asked_us.append(now_us)
        end = int(np.searchsorted(self.labels.event_us, now_us - DELAY_US, side="right"))
        at, self._taken = slice(self._taken, end), max(self._taken, end)
        each = self.labels
        due = Labels(each.number[at], each.merchants[at], each.categories[at], each.event_us[at], each.fraud[at])
        return due if len(due) else None


class Parts:
    """A refresher and what it works with, with a day of history."""

    def __init__(self) -> None:
        self.columns = random_stream(400, 1, days=1.0)
        self.history, self.store = History(), InMemoryFeatureStore()
        self.history.append(self.columns)
        count = len(self.columns)
        truth = np.ones(count, dtype=np.uint8)
        self.source = DelayedLabels(
            Labels(np.arange(count), self.columns.merchants, self.columns.category, self.columns.event_us, truth)
        )
        self.builder = BatchTableBuilder(self.history, DELAY_US)
        self.published: list[Refreshed] = []

    def refresher(self, clock: VirtualClock, event_time: ScaledEventTime | None) -> Refresher:
        return Refresher(self.builder, self.store, self.history, self.source, event_time, clock, self.published.append)


def virtual_clock() -> VirtualClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


def test_a_run_refreshes_at_every_boundary() -> None:
    """On a clock, a table is published at once for the last boundary and then at each one, exactly."""
    parts = Parts()
    first = boundary(START_US)

    async def main() -> list[int]:
        clock = virtual_clock()
        event_time = ScaledEventTime(clock, START_US, speed=2_000)
        task = asyncio.create_task(parts.refresher(clock, event_time).run())
        seen = []
        for number in range(4):
            await clock.sleep_until_ns(max(event_time.run_ns(first + number * REFRESH_US), 0) + US_PER_S)
            seen.append(parts.store.newest_computed_us())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen

    expected = [first + number * REFRESH_US for number in range(4)]
    assert run_virtual(main()) == expected
    assert [each.at_us for each in parts.published] == expected
    assert list(dict.fromkeys(parts.source.asked_us)) == expected  # each time until none is left


def test_labels_of_an_overload_leave_the_loop_to_transactions() -> None:
    """Between two steps of labels the refresh waits longer than a step takes; one step needs no wait."""
    parts = Parts()
    one = Labels(np.arange(1), ["m"], [None], np.array([START_US - 2 * DELAY_US]), np.ones(1, dtype=np.uint8))

    class Steps(DelayedLabels):
        async def take_due(self, now_us: int) -> Labels | None:
            left = self._taken < 40
            self._taken += 1
            return one if left else None

    async def main() -> int:
        clock = virtual_clock()
        parts.source = Steps(parts.source.labels)
        task = asyncio.create_task(parts.refresher(clock, ScaledEventTime(clock, START_US, speed=1)).run())
        while not parts.published:
            await clock.sleep_ns(PAUSE_NS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return clock.now_ns()

    assert 39 * PAUSE_NS <= run_virtual(main()) <= 41 * PAUSE_NS
    assert parts.published[0].label_count == 40


def test_a_replay_waits_for_no_labels() -> None:
    """However many there are, a refresh that is asked for takes no time of the run's clock."""
    parts = Parts()

    class Steps(DelayedLabels):
        async def take_due(self, now_us: int) -> Labels | None:
            self._taken += 1
            one = self.labels
            at = slice(self._taken - 1, self._taken)
            return (
                Labels(one.number[at], one.merchants[at], one.categories[at], one.event_us[at], one.fraud[at])
                if self._taken <= 3
                else None
            )

    async def main() -> int:
        clock = virtual_clock()
        parts.source = Steps(parts.source.labels)
        await parts.refresher(clock, None).refresh_to(START_US)
        return clock.now_ns()

    assert run_virtual(main()) == 0
    assert parts.published[0].label_count == 3


def test_a_replay_refreshes_when_it_is_told() -> None:
    """Called as transactions pass, a table is built for each boundary once."""
    parts = Parts()

    async def main() -> list[bool]:
        refresher = parts.refresher(virtual_clock(), None)
        return [await refresher.refresh_to(START_US + hours * 3_600 * US_PER_S) for hours in (0, 1, 7, 7, 6, 20)]

    assert run_virtual(main()) == [True, False, True, False, False, True]


def test_labels_enter_the_tables_that_follow_them() -> None:
    """Each label is taken once, at the first boundary after its delay, and shows in that table's risks."""
    parts = Parts()

    async def main() -> list[float]:
        refresher = parts.refresher(virtual_clock(), None)
        known = []
        for number in range(7):
            await refresher.refresh_to(START_US + number * REFRESH_US)
            rows = parts.store.rows(parts.columns.cards[:50], parts.columns.merchants[:50])
            known.append(float(np.nanmean(np.isfinite(rows.merchant[:, 3]))))
        return known

    known = run_virtual(main())
    assert known[:2] == [0, 0]
    assert known[-1] > 0.9
    assert sum(each.label_count for each in parts.published) == len(parts.columns)


def test_history_is_pruned_as_it_is_refreshed() -> None:
    """After a refresh nothing older than the longest window and the label delay is held."""
    columns = random_stream(3_000, 2, days=90)
    history, store = History(), InMemoryFeatureStore()
    history.append(columns)

    async def main() -> None:
        builder = BatchTableBuilder(history, DELAY_US)
        refresher = Refresher(builder, store, history, NoLabels(), None, virtual_clock())
        await refresher.refresh_to(int(columns.event_us[-1]))

    run_virtual(main())
    assert len(history) == pytest.approx(1_000, rel=0.15)


def test_a_refresher_without_event_time_cannot_run() -> None:
    """A replay's refresher that is started as a task says what to call instead."""

    async def main() -> None:
        with pytest.raises(ValueError, match="refresh_to"):
            await Parts().refresher(virtual_clock(), None).run()

    run_virtual(main())


def test_tables_of_a_run_and_of_a_replay_are_equal() -> None:
    """Built in steps in the executor or at once, a table is the same."""
    at_once, in_steps = Parts(), Parts()
    end_us = boundary(int(at_once.columns.event_us[-1]))

    async def main() -> None:
        clock = virtual_clock()
        await at_once.refresher(clock, None).refresh_to(end_us)
        event_time = ScaledEventTime(clock, end_us, speed=1)
        task = asyncio.create_task(in_steps.refresher(clock, event_time).run())
        await clock.sleep_ns(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(main())
    names = cut(at_once.columns, slice(0, 100))
    one, other = (parts.store.rows(names.cards, names.merchants) for parts in (at_once, in_steps))
    np.testing.assert_array_equal(one.card, other.card)
    np.testing.assert_array_equal(one.merchant, other.merchant)


def test_labels_that_cannot_be_had_fail_the_refresh_and_come_with_the_next() -> None:
    """A table without them would pass for a fresh one: the old one stays and ages, and no label is lost."""
    parts = Parts()
    failed: list[RefreshFailed] = []

    class Down(DelayedLabels):
        async def take_due(self, now_us: int) -> Labels | None:
            due = await super().take_due(now_us)
            if now_us == boundary(START_US) + 3 * REFRESH_US and due is None:
                raise LabelError("the topic of labels is gone")
            return due

    parts.source = Down(parts.source.labels)

    async def main() -> list[bool]:
        refresher = Refresher(
            parts.builder,
            parts.store,
            parts.history,
            parts.source,
            None,
            virtual_clock(),
            parts.published.append,
            failed.append,
        )
        return [await refresher.refresh_to(START_US + number * REFRESH_US) for number in range(7)]

    assert run_virtual(main()) == [True, True, True, False, True, True, True]
    assert [each.error for each in failed] == ["the topic of labels is gone"]
    assert parts.store.newest_computed_us() == boundary(START_US) + 6 * REFRESH_US
    labels = [each.label_count for each in parts.published]
    assert sum(labels) < len(parts.columns)  # those taken before it failed are in history, and in no count
    assert parts.history.view().labels["fraud"].sum() == len(parts.columns)


@dataclass
class GivesUp:
    """Ends a call now and then as a client does whose connection was closed under it; otherwise it is ``store``."""

    store: InMemoryFeatureStore
    gives_up_at: tuple[int, ...]
    calls: int = 0

    async def publish(self, table: BatchTable) -> None:
        self.calls += 1
        if self.calls in self.gives_up_at:
            await asyncio.sleep(0)
            raise asyncio.CancelledError
        await self.store.publish(table)

    def newest_computed_us(self) -> int:
        return self.store.newest_computed_us()


class LabelsGiveUp(DelayedLabels):
    """Labels whose source gives up at the second boundary."""

    async def take_due(self, now_us: int) -> Labels | None:
        if now_us == boundary(START_US) + REFRESH_US:
            raise asyncio.CancelledError
        return await super().take_due(now_us)


@pytest.mark.parametrize("port", ["store", "labels"])
def test_a_port_that_gives_up_costs_one_refresh_and_never_the_refresher(port: str) -> None:
    """A `CancelledError` of a port is its failure: told as one, and the next boundary is refreshed as ever."""
    parts = Parts()
    store = GivesUp(parts.store, (2,) if port == "store" else ())
    if port == "labels":
        parts.source = LabelsGiveUp(parts.source.labels)
    failed: list[RefreshFailed] = []
    first = boundary(START_US)

    async def main() -> bool:
        clock = virtual_clock()
        event_time = ScaledEventTime(clock, START_US, speed=2_000)
        refresher = Refresher(
            parts.builder, store, parts.history, parts.source, event_time, clock, parts.published.append, failed.append
        )
        task = asyncio.create_task(refresher.run())
        await clock.sleep_until_ns(event_time.run_ns(first + 3 * REFRESH_US) + US_PER_S)
        ended = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return ended

    assert not run_virtual(main())
    assert failed == [RefreshFailed(first + REFRESH_US, "the call was cancelled from within")]
    assert [each.at_us for each in parts.published] == [first, first + 2 * REFRESH_US, first + 3 * REFRESH_US]


def test_a_refresher_that_is_cancelled_ends() -> None:
    """Whoever cancels it while a port is being asked ends it, and no failure is told."""
    parts = Parts()
    failed: list[RefreshFailed] = []

    class Hangs(GivesUp):
        async def publish(self, table: BatchTable) -> None:
            await asyncio.sleep(3_600)

    async def main() -> asyncio.Task[None]:
        clock = virtual_clock()
        event_time = ScaledEventTime(clock, START_US, speed=1)
        store = Hangs(parts.store, ())
        refresher = Refresher(parts.builder, store, parts.history, parts.source, event_time, clock, None, failed.append)
        task = asyncio.create_task(refresher.run())
        await clock.sleep_ns(60 * NS_PER_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task

    assert run_virtual(main()).cancelled()
    assert failed == []
