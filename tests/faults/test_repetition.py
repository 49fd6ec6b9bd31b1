"""Faults may come again, come late, and strike only some calls; their chance is their own."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chance import Chance, Streams
from sim.faults.fault import Occurrence, Repeat
from sim.faults.feature_store import FeatureStoreOutage
from tests.support.sim.faults import CountingStore, Laboratory
from tests.support.virtual import run_virtual


@given(st.integers(0, 50), st.integers(1, 20), st.integers(1, 5), st.integers(20, 60))
def test_repeated_fault_is_in_during_each_repetition_and_out_between(
    at: int, duration: int, count: int, every: int
) -> None:
    """Every injection has its own lift, and the calls in between are untouched."""
    fault = FeatureStoreOutage(name="flapping", at=at, duration=duration, repeat=Repeat(count=count, every=every))
    calls = [tick for tick in range(at + count * every + 1) if (tick - at) % every not in (0, duration)]

    async def main() -> list[bool]:
        laboratory = Laboratory([fault], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        found = await laboratory.harmed_at(calls)
        await running
        return found

    expected = [tick > at and (tick - at) // every < count and (tick - at) % every < duration for tick in calls]
    assert run_virtual(main()) == expected


@given(st.integers(0, 1_000), st.integers(0, 500), st.integers(0, 99))
def test_jitter_moves_injection_and_lift_together_and_only_later(at: int, jitter: int, seed: int) -> None:
    """An injection comes at most the jitter late, the same for a seed, and lasts as long as without it."""
    fault = FeatureStoreOutage(name="late", at=at, duration=70, jitter=jitter, repeat=Repeat(count=3, every=1_000))
    occurrences = fault.occurrences(Streams(seed))
    assert occurrences == fault.occurrences(Streams(seed))
    for number, (inject_at, lift_at) in enumerate(occurrences):
        assert 0 <= inject_at - (at + 1_000 * number) <= jitter
        assert lift_at == inject_at + 70
    assert fault.last_at >= occurrences[-1].inject_at
    assert fault.last_lift_at >= occurrences[-1].lift_at  # type: ignore[operator]  # a lasting fault has both


def test_without_jitter_a_fault_keeps_its_instants() -> None:
    """The plan of an ordinary fault is what the scenario says."""
    assert FeatureStoreOutage(name="down", at=5, duration=7).occurrences(Streams(1)) == (Occurrence(5, 12),)


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_probability_is_the_share_of_calls_that_are_harmed(probability: float) -> None:
    """Each call while the fault is in is harmed with the given probability, by the same draws each time."""
    fault = FeatureStoreOutage(name="flaky", at=1, duration=1_000, probability=probability)

    async def main() -> list[bool]:
        laboratory = Laboratory([fault], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        found = await laboratory.harmed_at(range(2, 1_000))
        await running
        return found

    harmed = run_virtual(main())
    assert harmed == run_virtual(main())
    assert sum(harmed) / len(harmed) == pytest.approx(probability, abs=0.05)


def test_probability_zero_touches_nothing_and_says_so() -> None:
    """A fault that never strikes is reported like one that no call met."""

    async def main() -> Laboratory:
        fault = FeatureStoreOutage(name="never", at=1, duration=10, probability=0.0)
        laboratory = Laboratory([fault], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        assert await laboratory.harmed_at([3, 5]) == [False, False]
        await running
        return laboratory

    laboratory = run_virtual(main())
    assert laboratory.journal.entries[-1].detail == "touched nothing"
    assert laboratory.schedule.records()[0].touched_count == 0


def test_chance_of_one_fault_is_independent_of_the_others() -> None:
    """Draws depend on seed, fault, purpose and number; another fault's draws shift none of them."""
    streams = Streams(3)
    alone, first, second = Chance(streams, "a"), Chance(streams, "a"), Chance(streams, "b")
    expected = [alone.next("call") for _ in range(5)]
    seen = []
    for _ in range(5):
        second.next("call")
        first.next("other")
        seen.append(first.next("call"))
    assert seen == expected


def test_journal_tells_each_repetition_with_what_it_touched() -> None:
    """One injected and one lifted entry a repetition; the count in a lift is that repetition's."""

    async def main() -> Laboratory:
        fault = FeatureStoreOutage(name="flapping", at=10, duration=10, repeat=Repeat(count=2, every=20))
        laboratory = Laboratory([fault], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.harmed_at([12, 14, 32])
        await running
        return laboratory

    laboratory = run_virtual(main())
    assert [(entry.kind, entry.detail) for entry in laboratory.journal.entries] == [
        ("fault_injected", "feature_store_outage"),
        ("fault_first_effect", ""),
        ("fault_lifted", "touched 4 transactions"),
        ("fault_injected", "feature_store_outage"),
        ("fault_lifted", "touched 2 transactions"),
    ]
    assert laboratory.schedule.records()[0].touched_count == 6


def test_failed_fault_does_not_come_again() -> None:
    """A mistake in a fault's own code ends it for good, repetitions included."""

    async def main() -> str:
        fault = FeatureStoreOutage(name="broken", at=10, duration=10, repeat=Repeat(count=2, every=20))
        laboratory = Laboratory([fault], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(12)
        switch = laboratory.schedule.injectors[0].switch
        switch.fail(ZeroDivisionError("mine"))
        assert await laboratory.harmed_at([13, 32, 35]) == [False, False, False]
        await running
        return laboratory.schedule.records()[0].state

    assert run_virtual(main()) == "failed"
