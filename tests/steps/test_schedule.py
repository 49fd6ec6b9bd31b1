"""Steps are taken at their instants, and what came of each is remembered."""

import asyncio
from pathlib import Path

import pytest

from actors.telemetry.alerts import AlertEvent, AlertState
from sim.journal import Journal
from sim.steps.registry import STEPS, ModelRelease, ModelRollback
from sim.steps.schedule import AlertBell, StepSchedule
from sim.steps.step import Outcome, Step, StepRecord
from tests.faults.laboratory import virtual_clock
from tests.virtual import run_virtual

RELEASE = ModelRelease(name="release", at=100, model="models/new")
ROLLBACK = ModelRollback(name="back", at=250)


class SlowDesk:
    """Takes 40 ns for a release, and refuses a rollback at once."""

    def __init__(self) -> None:
        self.clock = virtual_clock()
        self.asked: list[tuple[int, str, str]] = []

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> Outcome:
        assert verify
        self.asked.append((self.clock.now_ns(), by, str(folder)))
        await self.clock.sleep_ns(40)
        return Outcome(done=True, detail="a → b")

    async def roll_back(self, by: str) -> Outcome:
        self.asked.append((self.clock.now_ns(), by, ""))
        return Outcome(done=False, detail="no model before")


def schedule(desk: SlowDesk, *steps: Step) -> StepSchedule:
    candidates, journal = {"release": Path("models/new")}, Journal(desk.clock)
    return StepSchedule(steps, candidates, desk.clock, journal, desk, AlertBell())


def alert(name: str, state: AlertState) -> AlertEvent:
    return AlertEvent(0, name, state, "page", "somebody", "")


@pytest.mark.parametrize("kind", STEPS)
def test_kind_says_what_it_does(kind: str) -> None:
    """A step is named after what it does to what, and says it in one line."""
    step = STEPS[kind]
    assert step.kind == kind
    assert step.summary


def test_each_step_is_taken_at_its_instant_with_its_candidate() -> None:
    """Whatever their order in the scenario, steps come in the order of their instants."""

    async def main() -> SlowDesk:
        desk = SlowDesk()
        await schedule(desk, ROLLBACK, RELEASE).run()
        return desk

    assert run_virtual(main()).asked == [(100, "release", "models/new"), (250, "back", "")]


def test_a_record_says_how_far_a_step_is_and_what_came_of_it() -> None:
    """Waiting, under way, then done or refused, with the instants and the reason."""

    async def main() -> list[tuple[StepRecord, ...]]:
        desk, seen = SlowDesk(), []
        steps = schedule(desk, RELEASE, ROLLBACK)
        running = asyncio.create_task(steps.run())
        for at_ns in (50, 120, 300):
            await desk.clock.sleep_until_ns(at_ns)
            seen.append(steps.records())
        await running
        return seen

    before, during, after = run_virtual(main())
    assert [each.state for each in before] == ["waiting", "waiting"]
    assert [each.state for each in during] == ["under_way", "waiting"]
    assert after == (
        StepRecord(
            name="release", kind="model_release", state="done", taken_at_s=100e-9, ended_at_s=140e-9, detail="a → b"
        ),
        StepRecord(
            name="back",
            kind="model_rollback",
            state="refused",
            taken_at_s=250e-9,
            ended_at_s=250e-9,
            detail="no model before",
        ),
    )


def test_a_slow_step_does_not_hold_up_the_next() -> None:
    """A step that falls due during another is asked for at its own instant."""

    async def main() -> list[int]:
        desk = SlowDesk()
        await schedule(desk, RELEASE, ModelRollback(name="soon", at=110)).run()
        return [at_ns for at_ns, *_ in desk.asked]

    assert run_virtual(main()) == [100, 110]


def test_a_run_that_ends_leaves_no_step_behind() -> None:
    """Cancelled, the schedule cancels what is under way."""

    async def main() -> tuple[str, int]:
        desk = SlowDesk()
        steps = schedule(desk, RELEASE)
        running = asyncio.create_task(steps.run())
        await desk.clock.sleep_until_ns(120)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.clock.sleep_until_ns(200)
        return steps.records()[0].state, len(asyncio.all_tasks())

    assert run_virtual(main()) == ("under_way", 1)


AUTOMATIC = ModelRollback(name="guard", at=100, when="Loud")


@pytest.mark.parametrize(
    ("rung", "taken_ns"),
    [
        (((150, "Loud", AlertState.FIRING),), 150),
        (((50, "Loud", AlertState.FIRING),), 100),
        (((50, "Loud", AlertState.FIRING), (60, "Loud", AlertState.RESOLVED), (170, "Loud", AlertState.FIRING)), 170),
        (((120, "Loud", AlertState.PENDING), (130, "Quiet", AlertState.FIRING)), None),
    ],
    ids=["rings-later", "rings-already", "rang-and-rings-again", "never-rings"],
)
def test_a_step_that_waits_for_an_alert_is_taken_when_it_rings(
    rung: tuple[tuple[int, str, AlertState], ...], taken_ns: int | None
) -> None:
    """From its own instant on, and not before; a pending alert and another one do not count."""

    async def main() -> tuple[SlowDesk, StepRecord]:
        desk = SlowDesk()
        steps = schedule(desk, AUTOMATIC)
        running = asyncio.create_task(steps.run())
        for at_ns, name, state in rung:
            await desk.clock.sleep_until_ns(at_ns)
            steps.bell.hear(alert(name, state))
        await desk.clock.sleep_until_ns(300)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return desk, steps.records()[0]

    desk, record = run_virtual(main())
    assert [at_ns for at_ns, *_ in desk.asked] == ([] if taken_ns is None else [taken_ns])
    assert record.taken_at_s == (None if taken_ns is None else taken_ns / 1e9)
    never = ("waiting", "alert Loud did not ring")
    assert (record.state, record.detail) == (never if taken_ns is None else ("refused", "no model before"))
