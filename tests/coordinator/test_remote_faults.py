"""Faults by hand in a run on a stream: whoever is at the screen of the run puts them in at every worker."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.core.clock import NS_PER_MS, NS_PER_S
from actors.telemetry.telemetry import Telemetry
from dashboard.actions import Inject
from sim.coordinator.remote_faults import RemoteFaults
from sim.coordinator.servers import Silence
from sim.coordinator.worker_group import WorkerGroup
from sim.faults.fault import Fault
from sim.faults.feature_store import FeatureStoreOutage
from sim.faults.registry import FAULTS
from sim.faults.traffic import TrafficDrift
from sim.injection.open_run import OpenRun
from sim.injection.schedule import FaultSchedule
from sim.journal import Journal
from sim.operator.menu_choices import choices
from sim.operator.typed_fault import typed_fault
from sim.stream.control_link import InMemoryControl
from sim.stream.control_messages import EVERYONE, Announce, InjectFault, LiftFault, decode, encode
from sim.stream.fault_places import at_producer
from sim.stream.worker_faults import CommandedFaults, fault_by_hand, injection
from tests.operator.test_operator import PLAIN
from tests.support.repository import ROOT
from tests.support.sim.faults import CountingStore, Laboratory, virtual_clock
from tests.support.virtual import run_virtual

ANNOUNCE = Announce(run="r", scenario="", model="m", model_folder="", kernels="k", version="1", starts={}, store="")
PLANNED = FeatureStoreOutage(name="planned", at=NS_PER_S, duration=4 * NS_PER_S)
MINE = FeatureStoreOutage(name="mine", at=10 * NS_PER_S, duration=5 * NS_PER_S)


class Drill:
    """A run on a stream that someone may change, with one worker."""

    def __init__(self) -> None:
        clock = virtual_clock()
        journal, self.control = Journal(clock), InMemoryControl()
        journal.begin(0)
        self.group = WorkerGroup(self.control.link(), ANNOUNCE, Telemetry(), journal, clock, Silence(clock))
        local = FaultSchedule(at_producer([PLANNED]), clock, journal, by_hand=OpenRun())
        self.faults = RemoteFaults([PLANNED], local, self.group, clock, journal, 0)
        self.lab = Laboratory([PLANNED], CountingStore(), by_hand=True)
        self.worker = CommandedFaults(self.lab.schedule, clock)

    async def work(self) -> None:
        """Obey as a worker does, over a topic of bytes."""
        link = self.control.link()
        while True:
            message = decode(encode(await link.receive()))
            if isinstance(message, InjectFault | LiftFault):
                assert self.worker.obey(message).done


def drilled(check: Callable[[Drill], Awaitable[None]]) -> None:
    """Let ``check`` change a drill that goes on."""

    async def main() -> None:
        drill = Drill()
        tasks = [asyncio.create_task(each) for each in (drill.work(), drill.faults.run())]
        await asyncio.sleep(0)
        try:
            await check(drill)
        finally:
            for task in tasks:
                task.cancel()

    run_virtual(main())


def test_a_fault_by_hand_strikes_in_workers_for_as_long_as_it_says() -> None:
    """It comes and goes at its instants, beside those of the scenario, and is told of as it was played."""

    async def check(drill: Drill) -> None:
        drill.faults.add(MINE)
        harmed = await drill.lab.harmed_at([second * NS_PER_S + NS_PER_MS for second in (0, 2, 6, 11, 16)])
        assert harmed == [False, True, False, True, False]
        assert [each.name for each in drill.faults.records()] == ["planned", "mine"]
        assert list(drill.faults.played()) == [(PLANNED, None), (MINE, None)]

    drilled(check)


@pytest.mark.parametrize(("name", "at_s"), [("planned", 2), ("mine", 12)])
def test_what_is_lifted_by_hand_is_lifted_in_workers(name: str, at_s: int) -> None:
    """Those of the scenario too; what is left of it is what was played, and it does not come back."""

    async def check(drill: Drill) -> None:
        drill.faults.add(MINE)
        assert drill.faults.lift_now(name) is None
        await drill.lab.clock.sleep_until_ns(at_s * NS_PER_S)
        lifted_ns = drill.faults.lift_now(name)
        assert lifted_ns is not None
        assert await drill.lab.harmed_at([lifted_ns - NS_PER_MS, lifted_ns + NS_PER_MS]) == [True, False]
        (came,) = [came for fault, came in drill.faults.played() if fault.name == name]
        assert came is not None
        assert [each.lift_at for each in came] == [lifted_ns]
        record = next(each for each in drill.faults.records() if each.name == name)
        assert (record.state, record.lifted_at_s) == ("lifted", lifted_ns / NS_PER_S)

    drilled(check)


def test_the_end_of_a_run_lifts_what_came_by_hand() -> None:
    """What would have come later does not."""

    async def check(drill: Drill) -> None:
        later = FeatureStoreOutage(name="later", at=20 * NS_PER_S, duration=NS_PER_S)
        for fault in (MINE, later):
            drill.faults.add(fault)
        await drill.lab.clock.sleep_until_ns(11 * NS_PER_S)
        drill.faults.lift_all()
        assert await drill.lab.harmed_at([11 * NS_PER_S + NS_PER_MS, 20 * NS_PER_S + NS_PER_MS]) == [False, False]

    drilled(check)


def test_traffic_is_changed_at_the_producer_and_in_no_worker() -> None:
    """Workers are not told of it."""

    async def check(drill: Drill) -> None:
        drift = TrafficDrift(name="drift", at=6 * NS_PER_S, duration=NS_PER_S)
        drill.faults.add(drift)
        await drill.lab.clock.sleep_until_ns(6 * NS_PER_S + NS_PER_MS)
        assert {each.name: each.state for each in drill.faults.records()} == {"planned": "lifted", "drift": "injected"}
        assert not [each for each in drill.control.sent if isinstance(each, InjectFault) and each.fault == "drift"]

    drilled(check)


@pytest.mark.parametrize("kind", [kind for kind, fault in FAULTS.items() if fault.on_stream == "worker"])
def test_a_worker_is_told_all_of_a_fault_by_hand(kind: str) -> None:
    """Over the topic comes the very fault that was typed, of every kind that strikes in workers."""
    offered = next(each for each in choices(PLAIN, "", (), ROOT).faults if each.kind == kind)
    values = tuple((each.key, each.value or "50ms") for each in offered.parameters)
    fault: Fault = typed_fault(Inject(kind, values), "mine", NS_PER_S)
    message = decode(encode(injection("r", 1, EVERYONE, "mine", fault)))
    assert isinstance(message, InjectFault)
    assert fault_by_hand(message) == fault


def test_a_worker_that_is_told_nonsense_says_so() -> None:
    """A kind of fault that no worker has, or a value that it may not have, is answered, and nothing is put in."""

    async def check(drill: Drill) -> None:
        for kind, values in (("earthquake", {}), ("traffic_drift", {}), ("feature_store_outage", {"name": "x"})):
            command = InjectFault(run="r", number=1, fault="x", kind=kind, values=values)
            assert not drill.worker.obey(command).done
        assert not await drill.lab.harmed()

    drilled(check)
