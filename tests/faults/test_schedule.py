"""Faults are in from their injection to their lift, whatever happens."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.faults.fault import Fault
from sim.faults.feature_store import FeatureStoreOutage
from sim.injection.switch import FaultSwitch
from tests.support.sim.faults import CountingStore, Laboratory
from tests.support.virtual import run_virtual


def outage(name: str = "down", at: int = 100, duration: int = 50) -> FeatureStoreOutage:
    return FeatureStoreOutage(name=name, at=at, duration=duration)


@given(st.integers(0, 300), st.integers(1, 300), st.lists(st.integers(0, 700), max_size=20))
def test_outage_harms_each_call_between_its_instants_and_no_other(at: int, duration: int, instants: list[int]) -> None:
    """A look-up is refused if and only if it comes after the injection and before the lift."""
    calls = sorted({each for each in instants if each not in (at, at + duration)})

    async def main() -> list[bool]:
        laboratory = Laboratory([outage(at=at, duration=duration)], CountingStore())
        running = asyncio.create_task(laboratory.schedule.run())
        found = await laboratory.harmed_at(calls)
        await running
        return found

    assert run_virtual(main()) == [at < each < at + duration for each in calls]


def test_first_call_after_the_lift_reaches_the_store(store: CountingStore) -> None:
    """Lifted means that the very next call is untouched."""

    async def main() -> tuple[bool, bool]:
        laboratory = Laboratory([outage()], store)
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(120)
        during = await laboratory.harmed()
        await running
        return during, await laboratory.harmed()

    assert run_virtual(main()) == (True, False)
    assert store.calls == 1


def test_each_step_is_one_journal_entry(store: CountingStore) -> None:
    """Injected, first effect and lifted are written down once each, with their instants."""

    async def main() -> Laboratory:
        laboratory = Laboratory([outage()], store)
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.harmed_at([110, 120, 130])
        await running
        return laboratory

    laboratory = run_virtual(main())
    assert [(entry.kind, round(entry.at_s * 1e9), entry.detail) for entry in laboratory.journal.entries] == [
        ("fault_injected", 100, "feature_store_outage"),
        ("fault_first_effect", 110, ""),
        ("fault_lifted", 150, "touched 6 transactions"),
    ]
    (record,) = laboratory.schedule.records()
    assert (record.state, record.touched_count, record.first_effect_at_s) == ("lifted", 6, 110e-9)


def test_fault_that_touched_nothing_says_so(store: CountingStore) -> None:
    """A fault that no call met is lifted with a count of 0."""

    async def main() -> Laboratory:
        laboratory = Laboratory([outage()], store)
        await laboratory.schedule.run()
        return laboratory

    laboratory = run_virtual(main())
    assert laboratory.journal.entries[-1].detail == "touched nothing"
    assert laboratory.schedule.records()[0].touched_count == 0


@pytest.mark.parametrize("by", ["cancelled", "error", "interrupt"])
def test_fault_is_lifted_whatever_ends_the_run(store: CountingStore, by: str) -> None:
    """Cancelled, or left by an exception or Ctrl-C, the schedule lifts what is in."""

    async def main() -> tuple[bool, bool, str]:
        laboratory = Laboratory([outage()], store)
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(120)
        before = await laboratory.harmed()
        if by == "cancelled":
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        else:
            error = KeyboardInterrupt() if by == "interrupt" else RuntimeError()
            with pytest.raises(type(error)), laboratory.schedule:
                raise error
        after = await laboratory.harmed()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return before, after, laboratory.schedule.records()[0].state

    assert run_virtual(main()) == (True, False, "lifted")


def test_fault_not_yet_injected_stays_out_after_the_end(store: CountingStore) -> None:
    """Lifting all of a run that ended early does not bring in what was planned later."""

    async def main() -> tuple[bool, str]:
        laboratory = Laboratory([outage(at=1_000)], store)
        with laboratory.schedule:
            pass
        return await laboratory.harmed(), laboratory.schedule.records()[0].state

    assert run_virtual(main()) == (False, "waiting")


def test_what_ends_does_so_before_what_begins_at_the_same_instant(store: CountingStore) -> None:
    """Two faults that meet are never in together; the journal has the lift first."""

    async def main() -> Laboratory:
        laboratory = Laboratory([outage("second", 150, 50), outage("first", 100, 50)], store)
        await laboratory.schedule.run()
        return laboratory

    entries = [(entry.kind, entry.name) for entry in run_virtual(main()).journal.entries]
    assert entries == [
        ("fault_injected", "first"),
        ("fault_lifted", "first"),
        ("fault_injected", "second"),
        ("fault_lifted", "second"),
    ]


def test_error_in_a_faults_own_code_lifts_it_and_spares_the_call(store: CountingStore) -> None:
    """A mistake in a fault is not a failure of the store: the call goes through, the fault is out and marked failed."""

    async def main() -> tuple[FaultSwitch, Laboratory]:
        laboratory = Laboratory([], store)
        switch = FaultSwitch(outage("broken"), laboratory.clock, laboratory.journal)
        switch.inject()
        for _ in range(2):
            if switch.active:
                with switch.effect(rows=3):
                    raise ZeroDivisionError("mine")
            assert not await laboratory.harmed()
        return switch, laboratory

    switch, laboratory = run_virtual(main())
    assert (switch.record().state, switch.record().error, switch.touched_count) == (
        "failed",
        "ZeroDivisionError: mine",
        0,
    )
    assert [entry.kind for entry in laboratory.journal.entries] == ["fault_injected", "fault_failed", "fault_lifted"]
    assert store.calls == 2


def test_one_shot_has_no_lift() -> None:
    """A fault without a duration is not lifted by the clock."""
    assert Fault(name="once", at=5).lift_at is None
    assert outage().lift_at == 150
