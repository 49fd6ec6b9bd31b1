"""A worker takes part in a run that takes it, decides what it gets, and leaves as it is asked to."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from actors.core.clock import NS_PER_S, RealClock
from actors.core.errors import InputError
from actors.model.artifact import MANIFEST_FILE
from actors.model.manifest import read_manifest
from sim.exit_codes import GONE, PASS, TRY_AGAIN
from sim.stream.control_messages import (
    Admit,
    Begin,
    End,
    InjectFault,
    Join,
    LiftFault,
    Refused,
    ReleaseModel,
    RollbackModel,
    Status,
)
from sim.stream.worker import Worker, WorkerOptions
from sim.stream.worker_ends import Ending
from tests.support.model_cache import earlier_model
from tests.support.sim.workers import RUN, Stage, changed, transactions

Law = Callable[[Stage, Worker], Awaitable[None]]


class Wanted:
    """Says when a spare is wanted, and in which slot; see `Turn`."""

    def __init__(self) -> None:
        self.waits = False
        self.given: asyncio.Queue[str] = asyncio.Queue()

    def ready(self) -> None:
        """Take note."""
        self.waits = True

    async def slot(self) -> str:
        """Return what a test gives."""
        return await self.given.get()


def play(stage: Stage, law: Law, options: WorkerOptions | None = None, turn: Wanted | None = None) -> int:
    """Run a worker in a run, have ``law`` look at it, and return the worker's exit code."""

    async def whole() -> int:
        clock = RealClock()
        try:
            async with stage.run():
                worker = stage.worker(clock, options, turn)
                async with asyncio.timeout(60):
                    code, _ = await asyncio.gather(worker.run(), law(stage, worker))
                return code
        finally:
            clock.close()

    return asyncio.run(whole())


def farewells(stage: Stage) -> list[Status]:
    """Return the last status of each worker that left."""
    return [leave.last for leave in stage.left() if leave.last is not None]


async def decided(stage: Stage, count: int) -> None:
    """Give a worker that takes part ``count`` transactions and wait for their decisions."""
    await stage.until(lambda: stage.sources)
    before = sum(map(len, stage.sinks[-1].decided))
    stage.sources[-1].put(transactions(count, seed=before))
    await stage.until(lambda: sum(map(len, stage.sinks[-1].decided)) == before + count)


def test_a_worker_decides_what_it_gets_and_leaves_at_the_end(world_model: Path) -> None:
    """It joins, decides everything, tells of it, and waits for the next run once this one has ended."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 300)
        await stage.until(lambda: stage.last_status().snapshot.ledger.decided == 300)
        stage.topic.send(End(run=RUN, why="drained"))
        await stage.until(stage.left)
        await stage.until(lambda: "next run" in stage.told[-1])
        worker.interrupt()

    stage = Stage(world_model)
    assert play(stage, law) == PASS
    (last,) = farewells(stage)
    ledger = last.snapshot.ledger
    assert ledger.check() == []
    assert (ledger.decided, ledger.logged, ledger.delivered) == (300, 300, 300)
    assert stage.epochs[-1].closed
    assert len(stage.sources) == 1


def test_a_worker_that_is_asked_to_end_decides_what_it_has_taken(world_model: Path) -> None:
    """Nothing that its source handed out stays without a decision."""

    async def law(stage: Stage, worker: Worker) -> None:
        await stage.until(lambda: stage.sources)
        stage.sources[-1].put(transactions(500))
        worker.interrupt()

    stage = Stage(world_model)
    assert play(stage, law) == PASS
    assert sum(map(len, stage.sinks[-1].decided)) == 500
    assert [leave.why for leave in stage.left()] == ["was asked to end"]


def test_a_spare_joins_when_it_is_wanted_and_in_the_slot_it_is_given(world_model: Path) -> None:
    """Until then nobody hears of it; then it decides as any other."""
    wanted = Wanted()

    async def law(stage: Stage, _: Worker) -> None:
        await stage.until(lambda: wanted.waits)
        assert stage.heard(Join) == []
        wanted.given.put_nowait("w7")
        await decided(stage, 100)
        stage.topic.send(End(run=RUN, why="drained"))

    stage = Stage(world_model)
    assert play(stage, law, WorkerOptions(run=RUN), wanted) == PASS
    assert {(join.slot, join.worker) for join in stage.heard(Join)} == {("w7", "w7")}
    assert [last.snapshot.ledger.decided for last in farewells(stage)] == [100]


def test_a_spare_that_is_asked_to_end_has_never_been_there(world_model: Path) -> None:
    """It ends as it was asked to, and nobody has heard of it."""
    wanted = Wanted()

    async def law(stage: Stage, worker: Worker) -> None:
        await stage.until(lambda: wanted.waits)
        worker.interrupt()

    stage = Stage(world_model)
    assert play(stage, law, WorkerOptions(run=RUN), wanted) == PASS
    assert stage.heard(Join) == []


def test_a_worker_for_one_run_ends_with_it(world_model: Path) -> None:
    """It does not wait for another one, and passes other runs over."""

    async def law(stage: Stage, _: Worker) -> None:
        stage.topic.send(changed(stage.announce, run="other", model="unheard of"))
        await decided(stage, 10)
        stage.topic.send(End(run=RUN))

    assert play(Stage(world_model), law, WorkerOptions(run=RUN)) == PASS


def test_a_worker_that_nobody_needs_ends_when_asked(world_model: Path) -> None:
    """It waits for no run then."""

    async def law(stage: Stage, worker: Worker) -> None:
        stage.silent = True
        await asyncio.sleep(0)
        worker.interrupt()

    assert play(Stage(world_model), law, WorkerOptions(run="unheard")) == PASS


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"model": "0" * 64}, "must hold model 000000000000"),
        ({"kernels": "other"}, "must compute the same features"),
        ({"version": "0.0.0"}, "must compute the same features"),
        ({"scenario": "version: 1\nname: x\nphases: []\nfuture: 1"}, f"the scenario of run {RUN}"),
    ],
)
def test_a_worker_that_would_compute_something_else_is_refused(
    world_model: Path, values: dict[str, object], named: str
) -> None:
    """Another model, other code, a scenario that it does not understand: one line, before it asks to join."""

    async def law(_: Stage, __: Worker) -> None: ...

    stage = Stage(world_model)
    stage.announce = changed(stage.announce, **values)
    with pytest.raises(InputError, match=named):
        play(stage, law, WorkerOptions(model=world_model))
    assert stage.heard(Join) == []


def test_a_worker_whose_slot_is_taken_is_refused(world_model: Path) -> None:
    """The run's reason is the line that it ends with."""

    def refuse(asked: Join) -> Refused:
        return Refused(run=asked.run, process=asked.process, why=f"slot {asked.slot} is held by process 7 on here")

    async def law(_: Stage, __: Worker) -> None: ...

    with pytest.raises(InputError, match="slot w0 is held by process 7"):
        play(Stage(world_model, answer=refuse), law, WorkerOptions(slot="w0"))


def test_a_worker_asks_again_while_its_slot_may_become_free(world_model: Path) -> None:
    """A predecessor that was killed holds the slot a moment longer."""
    asked: list[Join] = []

    def at_first_not(join: Join) -> Admit | Refused:
        asked.append(join)
        if len(asked) < 3:
            return Refused(run=join.run, process=join.process, why="held", for_now=True)
        return Admit(run=join.run, process=join.process)

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 10)
        worker.interrupt()

    assert play(Stage(world_model, answer=at_first_not), law, WorkerOptions(slot="w0")) == PASS
    assert {join.slot for join in asked} == {"w0"}


@pytest.mark.parametrize(
    ("why", "code", "gone"),
    [("was fenced: another process has slot w0", TRY_AGAIN, False), ("the next one is not there", GONE, True)],
)
def test_a_worker_that_can_never_go_on_ends_itself_with_a_line(
    world_model: Path, why: str, code: int, *, gone: bool
) -> None:
    """It decides nothing more and says why; exit code and farewell tell whether another process in its place can."""

    async def law(stage: Stage, _: Worker) -> None:
        await decided(stage, 10)
        stage.epochs[-1].failure.set_result(Ending(why, fatal=True, code=code))

    stage = Stage(world_model)
    assert play(stage, law) == code
    assert why in stage.told[-1]
    assert [(leave.why, leave.gone) for leave in stage.left()] == [(why, gone)]


def test_a_fault_is_in_between_its_messages(world_model: Path) -> None:
    """Injected it has its effect, lifted none, and both are answered."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 50)
        assert (await stage.command(InjectFault(run=RUN, number=1, fault="outage"))).done
        assert (await stage.command(InjectFault(run=RUN, number=2, fault="outage"))).done
        await decided(stage, 60)
        assert (await stage.command(LiftFault(run=RUN, number=3, fault="outage"))).detail == "touched 60 transactions"
        await decided(stage, 70)
        worker.interrupt()

    stage = Stage(world_model)
    play(stage, law)
    (last,) = farewells(stage)
    assert [(record.name, record.state, record.touched_count) for record in last.faults] == [
        ("outage", "lifted", 60),
        ("stuck", "waiting", 0),
    ]
    kinds = [entry.kind for status in (*stage.heard(Status), last) for entry in status.entries]
    assert kinds == ["fault_injected", "fault_first_effect", "fault_lifted"]


def test_a_fault_that_does_not_strike_in_workers_is_answered_so(world_model: Path) -> None:
    """What is injected at the producer, and what is unheard of, is not done here."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 1)
        for number, name in enumerate(("shift", "unheard")):
            answer = await stage.command(InjectFault(run=RUN, number=number, fault=name))
            assert not answer.done
            assert name in answer.detail
        worker.interrupt()

    play(Stage(world_model), law)


def test_a_command_for_another_worker_is_not_obeyed(world_model: Path) -> None:
    """Only the process that it names, or all."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 1)
        stage.topic.send(InjectFault(run=RUN, number=1, fault="outage", process="another"))
        await stage.command(LiftFault(run=RUN, number=2, fault="outage", process=stage.last_status().process))
        worker.interrupt()

    stage = Stage(world_model)
    play(stage, law)
    (last,) = farewells(stage)
    assert {record.state for record in last.faults} == {"waiting"}


def test_a_fault_is_undone_when_the_worker_ends(world_model: Path) -> None:
    """A scorer that hangs goes on then, and what it holds is decided."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 10)
        await stage.command(InjectFault(run=RUN, number=1, fault="stuck"))
        stage.sources[-1].put(transactions(100, seed=1))
        worker.interrupt()

    stage = Stage(world_model)
    assert play(stage, law) == PASS
    assert sum(map(len, stage.sinks[-1].decided)) == 110
    (last,) = farewells(stage)
    assert [record.state for record in last.faults if record.name == "stuck"] == ["lifted"]


def test_a_worker_that_joins_later_serves_what_is_served_then(world_model: Path) -> None:
    """Its first decision is the released model's, and a rollback brings back the one before."""
    other = earlier_model(world_model)

    def admit(join: Join) -> Admit:
        return Admit(run=join.run, process=join.process, releases=(str(other),))

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 10)
        served = stage.last_status().snapshot.gauges.model
        rolled = await stage.command(RollbackModel(run=RUN, number=1, step="back"))
        assert rolled.done
        assert rolled.replaced == served == read_manifest(other / MANIFEST_FILE).digest
        assert rolled.detail.endswith(stage.announce.model[:12])
        worker.interrupt()

    stage = Stage(world_model, answer=admit)
    assert play(stage, law, WorkerOptions(slot="w0", model=world_model)) == PASS


def test_a_worker_that_cannot_serve_what_is_served_is_refused(world_model: Path) -> None:
    """It names the folder, and leaves the stream to others."""

    def admit(join: Join) -> Admit:
        return Admit(run=join.run, process=join.process, releases=("/nowhere/better",))

    async def law(_: Stage, __: Worker) -> None: ...

    stage = Stage(world_model, answer=admit)
    with pytest.raises(InputError, match="cannot serve what its run serves now: /nowhere/better"):
        play(stage, law)
    assert stage.epochs[-1].closed


def test_models_are_released_and_rolled_back_on_command(world_model: Path) -> None:
    """Each change is answered with what it changed, and a refusal with its reason."""
    other = earlier_model(world_model)

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 10)
        first = stage.last_status().snapshot.gauges.model
        released = await stage.command(ReleaseModel(run=RUN, number=1, step="fewer", folder=str(other)))
        assert released.done
        assert released.detail.startswith(first)
        rolled = await stage.command(RollbackModel(run=RUN, number=2, step="back"))
        assert rolled.detail.endswith(first)
        refused = await stage.command(ReleaseModel(run=RUN, number=3, step="none", folder="no/such/model"))
        assert not refused.done
        assert "no/such/model" in refused.detail
        worker.interrupt()

    play(Stage(world_model), law)


def test_seconds_of_a_worker_count_from_the_beginning_of_the_run(world_model: Path) -> None:
    """What is reported of it has its place in the run's journal, also if it joins later."""

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 1)
        stage.topic.send(Begin(run=RUN, at_ns=0))  # 1970: many seconds ago
        await stage.command(InjectFault(run=RUN, number=1, fault="outage"))
        worker.interrupt()

    stage = Stage(world_model)
    play(stage, law)
    entries = [entry for status in (*stage.heard(Status), *farewells(stage)) for entry in status.entries]
    assert [entry.kind for entry in entries] == ["fault_injected", "fault_lifted"]
    assert all(entry.at_s > 1e9 for entry in entries)


def test_a_worker_leaves_a_run_that_is_gone_for_one_that_takes_workers(
    world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once nothing is heard of its run and nothing of it is left to decide, it joins the next one."""
    monkeypatch.setattr("sim.stream.worker_faults.LEASE_NS", NS_PER_S // 5)

    async def law(stage: Stage, worker: Worker) -> None:
        await decided(stage, 10)
        stage.announce = changed(stage.announce, run="next")
        await stage.until(lambda: len(stage.sources) == 2)
        await decided(stage, 20)
        worker.interrupt()

    stage = Stage(world_model)
    assert play(stage, law) == PASS
    assert [(leave.run, "run next takes workers" in leave.why) for leave in stage.left()] == [
        (RUN, True),
        ("next", False),
    ]
