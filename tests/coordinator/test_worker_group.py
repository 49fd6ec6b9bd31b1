"""Who takes part in a run, and who does not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.core.clock import NS_PER_S, RealClock
from actors.core.errors import EscalationError
from actors.telemetry.snapshot import Gauges
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.remote_model import WorkerModels
from sim.coordinator.servers import Silence
from sim.coordinator.worker_group import LOST_S, SILENT_S, WorkerGroup
from sim.journal import Journal
from sim.stream.control_link import InMemoryControl
from sim.stream.control_messages import (
    Ack,
    Admit,
    Announce,
    EndsReading,
    InjectFault,
    Join,
    Leave,
    Refused,
    ReleaseModel,
    RollbackModel,
    Status,
)

ANNOUNCE = Announce(
    run="r", scenario="", model="m" * 64, model_folder="", kernels="k", version="1", starts={}, store=""
)


def asking(process: str, slot: str | None = "w0", model: str = ANNOUNCE.model) -> Join:
    """Return the question of a worker."""
    return Join(
        run="r",
        process=process,
        worker=slot or process,
        slot=slot,
        pid=1,
        host="h",
        model=model,
        kernels="k",
        version="1",
    )


def group_of(check: Callable[[WorkerGroup, InMemoryControl], Awaitable[None]]) -> None:
    """Let ``check`` look at a group that listens."""

    async def run() -> None:
        control, clock = InMemoryControl(), RealClock()
        group = WorkerGroup(control.link(), ANNOUNCE, Telemetry(), Journal(clock), clock, Silence(clock), ("nonsense",))
        listening = asyncio.create_task(group.listen())
        try:
            await check(group, control)
        finally:
            listening.cancel()
            clock.close()

    asyncio.run(run())


async def settled() -> None:
    """Let what was sent be heard."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_worker_with_another_model_is_refused() -> None:
    """It would compute something else; the refusal is final and names both."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a", model="x" * 64))
        await settled()
        (answer,) = [each for each in control.sent if isinstance(each, Refused)]
        assert not answer.for_now
        assert "mmmm" in answer.why
        assert (group.live, len(group.refused)) == ([], 1)

    group_of(check)


def test_a_slot_is_held_until_its_process_is_dead() -> None:
    """A second process is put off; once the first is known to be dead it takes its place, which counts as a restart."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a"))
        control.send(asking("b"))
        await settled()
        answers = [each for each in control.sent if isinstance(each, Admit | Refused)]
        assert [type(each) for each in answers] == [Admit, Refused]
        assert isinstance(answers[1], Refused)
        assert answers[1].for_now
        group.died("w0", "was killed")
        control.send(asking("b"))
        await settled()
        assert [each.join.process for each in group.live] == ["b"]
        assert (group.restart_count, group.lost_count, group.joined_count) == (1, 1, 2)

    group_of(check)


def test_who_joins_late_gets_the_faults_that_are_in() -> None:
    """A fault that was injected and not lifted is injected in a worker that joins, and in no other again."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        group.inject("outage")
        group.inject("slow")
        group.lift("slow")
        control.send(asking("a"))
        await settled()
        mine = [each for each in control.sent if isinstance(each, InjectFault) and each.process == "a"]
        assert [each.fault for each in mine] == ["outage"]

    group_of(check)


def test_a_release_is_done_once_all_have_done_it() -> None:
    """The answer of the last one decides; a refusal by any makes it none."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        for process in ("a", "b"):
            control.send(asking(process, slot=None))
        await settled()
        for done in (True, False):
            releasing = asyncio.create_task(WorkerModels(group).release("step", "folder", verify=True))
            await settled()
            command = [each for each in control.sent if isinstance(each, ReleaseModel)][-1]
            control.send(Ack(run="r", process="a", worker="a", number=command.number))
            await settled()
            assert not releasing.done()
            control.send(Ack(run="r", process="b", worker="b", number=command.number, done=done, detail="no"))
            outcome = await releasing
            assert outcome.done is done

    group_of(check)


def done(group: WorkerGroup, control: InMemoryControl, process: str, replaced: str = "") -> None:
    """Have ``process`` answer the last command that was for all."""
    command = [each for each in control.sent if isinstance(each, ReleaseModel | RollbackModel) and not each.process][-1]
    control.send(Ack(run=group.run, process=process, worker=process, number=command.number, replaced=replaced))


def admitted(control: InMemoryControl, process: str) -> list[tuple[str, ...]]:
    """Return what ``process`` was told to release when it was admitted, each time."""
    return [each.releases for each in control.sent if isinstance(each, Admit) and each.process == process]


def test_who_joins_later_serves_what_is_served_then() -> None:
    """It is told of each release that was not rolled back; its own first model stays that of the run's begin."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a", slot=None))
        await settled()
        for folder in ("better", "best"):
            releasing = asyncio.create_task(WorkerModels(group).release("step", folder, verify=True))
            await settled()
            done(group, control, "a")
            assert (await releasing).done
        control.send(asking("b"))
        await settled()
        rolling = asyncio.create_task(WorkerModels(group).roll_back("back", "best"))
        await settled()
        for process in ("a", "b"):
            done(group, control, process, replaced="best")
        assert (await rolling)[1]
        control.send(asking("c", slot="w1"))
        await settled()
        assert (admitted(control, "b"), admitted(control, "c")) == ([("better", "best")], [("better",)])

    group_of(check)


def test_who_joins_during_a_change_makes_it_too() -> None:
    """It did not hear the command, so it gets one of its own, once all others have done it."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a", slot=None))
        await settled()
        releasing = asyncio.create_task(WorkerModels(group).release("step", "better", verify=True))
        await settled()
        control.send(asking("b"))
        await settled()
        done(group, control, "a")
        assert (await releasing).done
        assert admitted(control, "b") == [()]
        assert [each.folder for each in control.sent if isinstance(each, ReleaseModel) and each.process == "b"] == [
            "better"
        ]

    group_of(check)


def test_what_a_rollback_has_undone_is_not_injected_again() -> None:
    """A bad release by a fault is taken back everywhere, and who joins later never serves it."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a", slot=None))
        await settled()
        group.inject("nonsense")
        group.inject("outage")
        rolling = asyncio.create_task(WorkerModels(group).roll_back("back", ANNOUNCE.model[:12]))
        await settled()
        done(group, control, "a", replaced="a fault's")
        outcome, replaced = await rolling
        assert (outcome.done, replaced) == (True, False)
        control.send(asking("b"))
        await settled()
        assert [each.fault for each in control.sent if isinstance(each, InjectFault) and each.process == "b"] == [
            "outage"
        ]

    group_of(check)


@pytest.mark.parametrize(
    ("joins", "leaves", "why", "entries"),
    [
        (True, False, "was killed (SIGKILL)", ["was killed (SIGKILL)"]),
        (True, True, "ended with code 75; last it said: it hangs", ["ended with code 75; last it said: it hangs"]),
        (True, True, "", []),
        (False, False, "ended with code 1", ["ended with code 1"]),
    ],
)
def test_why_a_process_ended_is_written_down(*, joins: bool, leaves: bool, why: str, entries: list[str]) -> None:
    """Also of one that never took part, or that has said farewell by itself; not of one that was asked to end."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        if joins:
            control.send(asking("a"))
        if leaves:
            control.send(Leave(run="r", process="a", worker="w0", why="it hangs"))
        await settled()
        group.died("w0", why)
        assert [each.detail for each in group._journal.entries if each.kind == "worker_lost"] == entries
        assert (group.lost_count, group.last_loss) == (len(entries), f"w0: {why}" if entries else "")

    group_of(check)


@pytest.mark.parametrize("gone", [False, True])
def test_a_run_is_hopeless_once_a_worker_misses_transactions(*, gone: bool) -> None:
    """No other worker can decide what is not there any more; whatever else a worker leaves for, another one can."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        waiting = asyncio.create_task(group.until_hopeless())
        control.send(asking("a"))
        control.send(Leave(run="another", process="a", worker="w0", why="no run of ours", gone=True))
        control.send(Leave(run="r", process="unheard", worker="w7", why="never admitted", gone=True))
        control.send(Leave(run="r", process="a", worker="w0", why="x.transactions: not there", gone=gone))
        await settled()
        assert waiting.done() == gone
        if gone:
            with pytest.raises(EscalationError, match=r"^worker w0: x\.transactions: not there$"):
                await waiting
        waiting.cancel()

    group_of(check)


def told(process: str, ends: EndsReading) -> Status:
    """Return a status of the worker in slot w0."""
    snapshot = Telemetry().snapshot(0, Gauges())
    return Status(run="r", process=process, worker="w0", at_ns=0, snapshot=snapshot, ends=ends)


def test_a_worker_without_partitions_is_shown_as_joining() -> None:
    """Nothing is claimed of its lag then; the row of one that was restarted says why."""

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a"))
        control.send(told("a", EndsReading(partitions=(1,), lag=7)))
        await settled()
        (row,) = group.rows()
        assert (row.state, row.lag, row.restarts, row.note) == ("live", 7, 0, "")
        group.died("w0", "was killed (SIGKILL)")
        control.send(asking("b"))
        control.send(told("b", EndsReading()))
        await settled()
        (row,) = group.rows()
        assert (row.state, row.lag, row.restarts, row.note) == ("joining", None, 1, "was killed (SIGKILL)")

    group_of(check)


def test_a_status_that_comes_late_or_again_counts_nothing() -> None:
    """A client that had no answer sends again, and what was sent behind that may have come before."""
    worker, statuses = Telemetry(), list[Status]()
    for at_ns, us in enumerate((10, 90_000, 10)):
        worker.stages[Stage.INFERENCE].record_few([us])
        snapshot = worker.snapshot(at_ns, Gauges())
        statuses.append(Status(run="r", process="a", worker="w0", at_ns=at_ns, snapshot=snapshot))
    first, second, third = statuses

    async def check(group: WorkerGroup, control: InMemoryControl) -> None:
        control.send(asking("a"))
        for status in (second, first, second, third, first):
            control.send(status)
        await settled()
        assert group._telemetry.stages[Stage.INFERENCE].count == len(statuses)

    group_of(check)


class SetClock(RealClock):
    """A clock that stands where a test sets it."""

    at_ns = 0

    def now_ns(self) -> int:
        """Return that."""
        return self.at_ns


def test_nobody_is_missed_while_kafka_is_away() -> None:
    """Nobody can be heard then, which is said in their place; from its return on they have as long as ever."""

    async def run() -> None:
        control, clock = InMemoryControl(), SetClock()
        kafka = Silence(clock)
        group = WorkerGroup(control.link(), ANNOUNCE, Telemetry(), Journal(clock), clock, kafka)
        listening = asyncio.create_task(group.listen())
        control.send(asking("a"))
        await settled()

        async def after(seconds: float) -> tuple[int, str, str]:
            clock.at_ns += round(seconds * NS_PER_S)
            missing = asyncio.create_task(group.announce())
            await settled()
            missing.cancel()
            (row,) = group.rows()
            return group.lost_count, row.state, row.note

        kafka.note(answers=False)
        assert await after(SILENT_S + 1) == (0, "silent", "Kafka does not answer")
        assert await after(2 * LOST_S) == (0, "silent", "Kafka does not answer")
        kafka.note(answers=True)
        assert await after(LOST_S - 1) == (0, "silent", "")
        assert await after(2) == (1, "lost", f"not heard of for {LOST_S + 1:.0f} s")
        listening.cancel()
        clock.close()

    asyncio.run(run())
