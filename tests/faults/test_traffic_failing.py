"""A fault of the traffic that is over before its time, or fails in its own code, spares traffic and schedule."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from actors.core.errors import InternalError
from sim.faults.fault import Fault, FaultRecord, Injection
from sim.faults.traffic import TrafficDrift
from sim.feeds.feed import Block, InlineFeed
from sim.injection.arrivals import RearrangedFeed
from sim.injection.fraud_wave import Attacker
from sim.injection.schedule import FaultSchedule, injector_of
from sim.injection.switch import FaultTargets
from sim.injection.traffic import ChangingFeed
from sim.journal import Journal
from sim.run.plan import Schedule
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.support.sim.faults import virtual_clock
from tests.support.sim.faulty_traffic import (
    AT,
    OF_KIND,
    SPEC,
    UNTIL,
    WHEN,
    Canned,
    blocks,
    changed,
    due_of,
    every_fault,
    rest,
    rows,
)
from tests.support.virtual import run_virtual


@every_fault
@pytest.mark.parametrize("how", ["closed", "error"])
def test_ended_fault_changes_nothing_any_more(fault: Fault, how: str) -> None:
    """Lifted for good, by Ctrl-C or an exception, the feed hands out the traffic as it was."""

    def end(schedule: FaultSchedule) -> None:
        if how == "closed":
            schedule.lift_all()
        else:
            with pytest.raises(KeyboardInterrupt), schedule:
                raise KeyboardInterrupt

    found, schedule, record = changed(fault, end=end)
    assert rows(found) == rows(blocks())
    assert schedule.due_count(9 * NS_PER_S) == len(rows(blocks()))
    assert record.touched_count == 0


@pytest.mark.parametrize("kind", ["traffic_fraud_wave", "traffic_poison", "traffic_drift", "traffic_volume_drop"])
def test_later_injections_do_not_depend_on_how_long_an_earlier_one_lasted(kind: str) -> None:
    """Lifted early by hand or planned as short, the first injection leaves the second one as it is."""
    second = Injection(at=6 * NS_PER_S, duration=NS_PER_S)
    longer = msgspec.structs.replace(OF_KIND[kind], again=(second,))
    lifted_ns = AT + NS_PER_S // 2
    shorter = msgspec.structs.replace(longer, duration=lifted_ns - AT)

    by_hand, _, _ = changed(longer, end=lambda schedule: cut(schedule, lifted_ns))
    planned, _, _ = changed(shorter)
    assert rows(by_hand) == rows(planned)
    late = [row for row in rows(planned) if row[0] >= second.at]
    assert late == [row for row in rows(changed(longer)[0]) if row[0] >= second.at]
    assert late != [row for row in rows(blocks()) if row[0] >= second.at]


def cut(schedule: FaultSchedule, at_ns: int) -> None:
    """Lift the fault of the laboratory at an instant, as by hand."""
    switch = schedule.switch("fault")
    assert switch is not None
    switch.cut(at_ns)


def test_mistake_in_a_faults_own_code_spares_the_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block goes on unharmed, the fault is marked failed."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr(injector_of(TrafficDrift), "change", break_down)
    found, _, record = changed(TrafficDrift(**WHEN))
    assert rows(found) == rows(blocks())
    assert (record.state, record.error) == ("failed", "ZeroDivisionError: mine")


def test_error_of_the_feed_is_not_the_faults() -> None:
    """Traffic that cannot be made fails as it would without a fault."""
    broken = TrafficSpec(world=WorldSpec(cards=-1), phases=SPEC.phases, seed=1)

    async def main() -> None:
        clock = virtual_clock()
        schedule = FaultSchedule([TrafficDrift(**WHEN)], clock, Journal(clock))
        await schedule.wrap_feed(InlineFeed(broken)).take()

    with pytest.raises(InternalError):
        run_virtual(main())


@every_fault
@given(good=st.integers(0, 4), looks=st.lists(st.integers(0, 9 * NS_PER_S), max_size=5), asked_first=st.booleans())
@settings(max_examples=8)
def test_schedule_follows_a_fault_that_fails_in_its_own_code(
    fault: Fault, good: int, looks: list[int], asked_first: bool
) -> None:
    """Whichever block it fails at, in hand or in the schedule, as much is due as the feed hands out, which is all."""
    broken = Breaking(good)

    async def main() -> tuple[list[Block], Schedule, FaultRecord]:
        clock = virtual_clock()
        targets = FaultTargets(traffic=SPEC)
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, targets)
        feed = schedule.wrap_feed(Canned(list(blocks())))
        due = Schedule.of(SPEC).altered(schedule.reschedule)
        targets.recount = due.recount
        for at_ns in sorted(looks) if asked_first else ():
            due.due_count(at_ns)
        found = await rest(feed)
        await schedule.run()
        return found, due, schedule.records()[0]

    with pytest.MonkeyPatch.context() as patch:
        broken.patch(patch, type(fault))
        found, schedule, record = run_virtual(main())
    assert (record.state == "failed") == broken.has_failed
    due = np.concatenate([due_of(block) for block in found])
    assert (np.diff(due) >= 0).all()
    assert not record.error or {row[1] for row in rows(blocks()) if row[0] >= UNTIL} <= {row[1] for row in rows(found)}
    for at_ns in range(max([0, *looks]), 9 * NS_PER_S, NS_PER_S // 3):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


class Breaking:
    """Lets the code of a fault fail after it was called ``good`` times."""

    def __init__(self, good: int) -> None:
        self.left = good
        self.has_failed = False

    def patch(self, patch: pytest.MonkeyPatch, fault: type[Fault]) -> None:
        injector = injector_of(fault)
        if issubclass(injector, RearrangedFeed):
            patch.setattr(injector, "arrange", self._counted(injector.arrange))  # by feed and schedule in turn
        elif issubclass(injector, ChangingFeed):
            patch.setattr(injector, "change", self._counted(injector.change))
        else:
            patch.setattr(Attacker, "block", self._counted(Attacker.block))

    def _counted(self, usual: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any) -> Any:  # noqa: ANN401 - whatever it stands for
            if self.left == 0:
                self.has_failed = True
                raise ZeroDivisionError("mine")
            self.left -= 1
            return usual(*words)

        return call
