"""Steps are taken at their instants, and what came of each is remembered."""

import asyncio
from pathlib import Path

import pytest

from actors.telemetry.alerts.engine import AlertEvent
from actors.telemetry.alerts.life import AlertState
from sim.journal import Journal
from sim.steps.registry import STEPS, ModelRelease, ModelRollback
from sim.steps.schedule import AlertSignal, StepSchedule
from sim.steps.step import ScenarioStep, StepOutcome, StepRecord
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

RELEASE = ModelRelease(name="release", at=100, model="models/new")
ROLLBACK = ModelRollback(name="back", at=250)


class SlowChanges:
    """Takes 40 ns for a release, and refuses a rollback at once."""

    def __init__(self) -> None:
        self.clock = virtual_clock()
        self.asked: list[tuple[int, str, str]] = []

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> StepOutcome:
        assert verify
        self.asked.append((self.clock.now_ns(), by, str(folder)))
        await self.clock.sleep_ns(40)
        return StepOutcome(done=True, detail="a → b")

    async def roll_back(self, by: str) -> StepOutcome:
        self.asked.append((self.clock.now_ns(), by, ""))
        return StepOutcome(done=False, detail="no model before")


def schedule(model_changes: SlowChanges, *steps: ScenarioStep) -> StepSchedule:
    candidates, journal = {"release": Path("models/new")}, Journal(model_changes.clock)
    return StepSchedule(steps, candidates, model_changes.clock, journal, model_changes, AlertSignal())


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

    async def main() -> SlowChanges:
        model_changes = SlowChanges()
        await schedule(model_changes, ROLLBACK, RELEASE).run()
        return model_changes

    assert run_virtual(main()).asked == [(100, "release", "models/new"), (250, "back", "")]


def test_a_record_says_how_far_a_step_is_and_what_came_of_it() -> None:
    """Waiting, under way, then done or refused, with the instants and the reason."""

    async def main() -> list[tuple[StepRecord, ...]]:
        model_changes, seen = SlowChanges(), []
        steps = schedule(model_changes, RELEASE, ROLLBACK)
        running = asyncio.create_task(steps.run())
        for at_ns in (50, 120, 300):
            await model_changes.clock.sleep_until_ns(at_ns)
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
        model_changes = SlowChanges()
        await schedule(model_changes, RELEASE, ModelRollback(name="soon", at=110)).run()
        return [at_ns for at_ns, *_ in model_changes.asked]

    assert run_virtual(main()) == [100, 110]


def test_a_run_that_ends_leaves_no_step_behind() -> None:
    """Cancelled, the schedule cancels what is under way."""

    async def main() -> tuple[str, int]:
        model_changes = SlowChanges()
        steps = schedule(model_changes, RELEASE)
        running = asyncio.create_task(steps.run())
        await model_changes.clock.sleep_until_ns(120)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await model_changes.clock.sleep_until_ns(200)
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

    async def main() -> tuple[SlowChanges, StepRecord]:
        model_changes = SlowChanges()
        steps = schedule(model_changes, AUTOMATIC)
        running = asyncio.create_task(steps.run())
        for at_ns, name, state in rung:
            await model_changes.clock.sleep_until_ns(at_ns)
            steps.alert_signal.hear(alert(name, state))
        await model_changes.clock.sleep_until_ns(300)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return model_changes, steps.records()[0]

    model_changes, record = run_virtual(main())
    assert [at_ns for at_ns, *_ in model_changes.asked] == ([] if taken_ns is None else [taken_ns])
    assert record.taken_at_s == (None if taken_ns is None else taken_ns / 1e9)
    never = ("waiting", "alert Loud did not ring")
    assert (record.state, record.detail) == (never if taken_ns is None else ("refused", "no model before"))
