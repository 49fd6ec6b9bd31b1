"""A worker on real servers: it decides each transaction once, leaves as it is asked to, and survives its store."""

import asyncio
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.model.artifact import MANIFEST_FILE
from actors.model.manifest import read_manifest
from sim.exit_codes import PASS, USAGE
from sim.servers.process import LOOPBACK, free_port
from sim.stream.control_messages import InjectFault, Join, Leave, LiftFault, Status
from sim.stream.membership import kernel_digest
from tests.support.model_cache import earlier_model
from tests.support.redis_server import RedisServer
from tests.support.sim.stream_runs import StreamRun
from tests.support.sim.workers import transactions

STOPPED_S = 60.0
Law = Callable[[StreamRun], Coroutine[Any, Any, None]]


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def run(kafka_address: str, store: RedisServer, world_model: Path) -> StreamRun:
    """Return a run on topics of the tests' own."""
    return StreamRun(f"kafka://{kafka_address}/worker-{os.getpid()}", store.url, world_model)


def play(run: StreamRun, law: Law) -> None:
    """Have ``law`` looked at while the run goes on; workers that it leaves are killed."""

    async def whole() -> None:
        async with run.going_on():
            try:
                await law(run)
            finally:
                for process in run.workers:
                    process.kill()
                    process.communicate()

    asyncio.run(whole())


async def ended(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    """Wait for the end of a worker; return its exit code and its lines."""
    said, _ = await asyncio.to_thread(process.communicate, timeout=STOPPED_S)
    return process.returncode, said.splitlines()


def test_a_worker_decides_each_transaction_once_and_drains_at_sigterm(run: StreamRun) -> None:
    """All that it took is committed when it leaves, and the next one in its slot goes on behind it."""

    async def law(run: StreamRun) -> None:
        first = run.worker("--slot", "w0")
        await run.until(lambda: run.of(Status))
        await run.offer(1_000)
        await run.offer(500, decided=False)
        first.send_signal(signal.SIGTERM)
        code, lines = await ended(first)
        assert code == PASS
        assert "was asked to end" in lines[-1]
        (leave,) = run.of(Leave)
        assert leave.last is not None
        committed = leave.last.snapshot.ledger.decided
        await run.until(lambda: len(run.ended) == committed)
        run.worker("--slot", "w0")
        await run.until(lambda: len(run.ended) == run.offered)

    play(run, law)
    assert (len(run.ended), run.twice) == (1_500, 0)
    assert {each.kind for each in run.ended.values()} == {"decision"}


def test_a_worker_is_read_while_it_decides_and_once_more_at_its_end(run: StreamRun) -> None:
    """Its endpoint tells what it alone has decided, and stays until its last figures were read."""
    address = f"{LOOPBACK}:{free_port()}"

    def lines() -> list[str]:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=STOPPED_S) as answer:
            return [*answer.read().decode().splitlines()]

    def decided() -> float:
        return sum(float(line.split()[-1]) for line in lines() if line.startswith("riskdrill_decisions_total{"))

    async def law(run: StreamRun) -> None:
        worker = run.worker("--slot", "w0", "--metrics-addr", address)
        await run.until(lambda: run.of(Status))
        await run.offer(300)
        while await asyncio.to_thread(decided) < 300:
            pass
        worker.send_signal(signal.SIGTERM)
        while 'riskdrill_run_state{state="ended"} 1.0' not in await asyncio.to_thread(lines):
            pass
        code, said = await ended(worker)
        assert code == PASS
        assert said[-1].endswith("/metrics stays up to 15 s until it was read once more; Ctrl-C ends that")

    play(run, law)


def test_a_worker_that_is_killed_costs_nothing(run: StreamRun) -> None:
    """The next one in its slot decides what was not committed; nothing is decided twice, nothing taken for a repeat."""

    async def law(run: StreamRun) -> None:
        first = run.worker("--slot", "w0")
        await run.until(lambda: run.of(Status))
        await run.offer(3_000, decided=False)
        await run.until(lambda: run.ended)
        first.kill()
        run.worker("--slot", "w0")
        await run.until(lambda: len(run.ended) == run.offered)

    play(run, law)
    assert run.twice == 0
    assert {each.kind for each in run.ended.values()} == {"decision"}


def test_a_transaction_that_comes_again_after_its_worker_was_killed_is_still_one(run: StreamRun) -> None:
    """The next worker knows the ids that the dead one has decided; nothing of theirs is decided a second time."""

    async def law(run: StreamRun) -> None:
        first = run.worker("--slot", "w0")
        await run.offer(300)
        first.kill()
        run.worker("--slot", "w0")
        await run.send(transactions(300))
        await run.until(lambda: len(run.ended) == run.offered)

    play(run, law)
    kinds = [[run.ended[number].kind for number in range(first, first + 300)] for first in (0, 300)]
    assert kinds == [["decision"] * 300, ["duplicate"] * 300]


def test_two_workers_share_the_partitions_and_decide_each_transaction_once(run: StreamRun) -> None:
    """What one of them leaves behind when it goes, the other one takes."""

    async def law(run: StreamRun) -> None:
        first, _ = run.worker(), run.worker()
        await run.until(lambda: len({status.process for status in run.of(Status) if status.ends.partitions}) == 2)
        await run.offer(1_000)
        first.terminate()
        await ended(first)
        await run.offer(1_000)

    play(run, law)
    assert (len(run.ended), run.twice) == (2_000, 0)
    assert {each.kind for each in run.ended.values()} == {"decision"}


def test_a_second_worker_in_a_slot_is_refused(run: StreamRun) -> None:
    """One line with the slot, exit code 2; the first one is not disturbed."""

    async def law(run: StreamRun) -> None:
        run.worker("--slot", "w0")
        await run.until(lambda: run.of(Status))
        run.taken.add("w0")
        code, lines = await ended(run.worker("--slot", "w0"))
        assert code == USAGE
        assert "slot w0 is held" in lines[-1]
        await run.offer(200)

    play(run, law)


def test_a_worker_with_another_model_is_refused(run: StreamRun, world_model: Path) -> None:
    """One line with both digests, exit code 2."""

    async def law(run: StreamRun) -> None:
        code, lines = await ended(run.worker("--model", str(earlier_model(world_model))))
        assert code == USAGE
        assert run.announce.model[:12] in lines[-1]
        assert "--model" in lines[-1]

    play(run, law)


def test_a_worker_with_other_kernels_is_refused(run: StreamRun) -> None:
    """One line with both digests and what to do, exit code 2; it has decided nothing."""
    run.announce = msgspec.structs.replace(run.announce, kernels="0123456789ab")

    async def law(run: StreamRun) -> None:
        await run.offer(100, decided=False)
        code, lines = await ended(run.worker())
        assert code == USAGE
        assert "0123456789ab" in lines[-1]
        assert kernel_digest() in lines[-1]
        assert "must compute the same features" in lines[-1]

    play(run, law)
    assert (run.ended, run.of(Join)) == ({}, [])


def test_no_decision_is_made_by_a_model_that_was_replaced_before_its_worker_came(
    run: StreamRun, world_model: Path
) -> None:
    """A worker that takes the place of one that died after a release begins with what was released."""
    other = earlier_model(world_model)
    run.releases = (str(other),)

    async def law(run: StreamRun) -> None:
        await run.offer(300, decided=False)
        run.worker("--slot", "w0", "--model", str(world_model))
        await run.until(lambda: len(run.ended) == run.offered)

    play(run, law)
    models = {msgspec.json.decode(ended.value)["model"] for ended in run.ended.values()}
    assert models == {read_manifest(other / MANIFEST_FILE).digest}


def test_a_fault_in_a_worker_has_its_effect_and_is_undone(run: StreamRun) -> None:
    """A scorer that hangs decides nothing until it is lifted; then all is decided."""

    async def law(run: StreamRun) -> None:
        run.worker()
        await run.until(lambda: run.of(Status))
        await run.offer(200)
        (answer,) = await run.command(InjectFault(run=run.run, number=1, fault="stuck"))
        assert answer.done
        await run.offer(300, decided=False)
        await run.until(lambda: any(touched(status, "stuck") for status in run.of(Status)))
        before = len(run.ended)
        await run.command(LiftFault(run=run.run, number=2, fault="stuck"))
        await run.until(lambda: len(run.ended) == run.offered)
        assert before < run.offered

    play(run, law)
    assert run.twice == 0


def touched(status: Status, fault: str) -> int:
    """Return how much a fault has touched in a worker."""
    return next(record.touched_count for record in status.faults if record.name == fault)


def test_a_store_that_is_gone_costs_no_decision(run: StreamRun, store: RedisServer) -> None:
    """Whatever Redis held is missing meanwhile, and each transaction is decided all the same, once."""

    async def law(run: StreamRun) -> None:
        await run.publish()
        run.worker()
        await run.until(lambda: run.of(Status))
        await run.offer(300)
        assert run.modes()["full"] > 200  # few of a world's cards are new
        store.kill()
        await run.offer(300)
        assert set(run.modes(first=300)) <= {"realtime_only", "rules"}
        store.start()
        await run.publish()
        for _ in range(10):  # as long as the breaker stays open and connections are made anew
            await run.offer(100)
        assert run.modes(first=run.offered - 100)["full"] > 60

    play(run, law)
    assert (len(run.ended), run.twice) == (1_600, 0)
    assert {each.kind for each in run.ended.values()} == {"decision"}


def test_a_stream_that_does_not_answer_is_one_line(run: StreamRun) -> None:
    """Exit code 2, and what to look at."""
    run.url = "kafka://127.0.0.1:1/none"

    async def law(run: StreamRun) -> None:
        code, lines = await ended(run.worker())
        assert code == USAGE
        assert len(lines) == 1
        assert run.url in lines[0]

    play(run, law)
