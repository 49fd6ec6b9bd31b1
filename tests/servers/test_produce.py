"""What is produced on one machine is decided by workers on others, also where decisions may come again."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.messages import Ended, read_ended
from actors.adapters.kafka.plain import CommittedReader
from actors.adapters.kafka.topics import StreamTopics
from sim.exit_codes import INTERRUPTED, PASS
from sim.stream.control_messages import Status
from tests.support.redis_server import RedisServer
from tests.support.repository import ROOT
from tests.support.sim.stream_runs import StreamRun
from tests.support.sim.workers import DRILL

STOPPED_S = 90.0
SCENARIO = """
version: 1
name: produced
phases: [{name: calm, duration: 4s, rate: 300}]
world: {cards: 4000, merchants: 400}
faults:
  - {name: again, kind: traffic_duplicates, at: 1s, duration: 1s, ratio: 0.2}
  - {name: gone, kind: producer_crash, at: 3s}
expect: [{name: books, expr: "ledger.balanced == 1"}]
"""


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def started(command: str, *words: str) -> "subprocess.Popen[str]":
    """Start a command of riskdrill."""
    line = [sys.executable, "-m", "sim", command, *words]
    return subprocess.Popen(line, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


async def committed(url: str, run: str, count: int) -> list[Ended]:
    """Return what ``run`` has committed on a stream, once there are ``count`` ends or more."""
    stream = parse_stream(url)
    begins = StreamTopics(stream).begins(stream.topics.decisions, stream.topics.dead_letters)
    reader, ended = CommittedReader(stream, begins), list[Ended]()
    async with asyncio.timeout(STOPPED_S):
        while len(ended) < count:
            read = (read_ended(record, run.encode()) for record in await reader.read())
            ended += [each for each in read if each is not None]
    await reader.close()
    return ended


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_is_produced_is_decided_elsewhere(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path, *, interrupted: bool
) -> None:
    """Each transaction has one end, faults of the traffic strike, and lateness is told; an interrupt drains."""
    scenario = tmp_path / "produced.yaml"
    scenario.write_text(SCENARIO)
    url = f"kafka://{kafka_address}/produce-{os.getpid()}-{interrupted}"
    places = ("--stream", url, "--store", store.url)
    worker = started("worker", *places, "--slot", "w0")
    producer = started("produce", str(scenario), *places, "--model", str(world_model))
    try:
        said = ""
        assert producer.stdout is not None
        for line in producer.stdout:
            said += line
            if interrupted and "fault injected  again" in line:
                producer.send_signal(signal.SIGINT)
        code = producer.wait(STOPPED_S)
    finally:
        for process in (worker, producer):
            process.kill()
            process.communicate()
    assert code == (INTERRUPTED if interrupted else PASS), said
    found = re.search(r"sent ([\d,]+) transactions", said)
    assert found is not None, said
    count = int(found[1].replace(",", ""))
    assert "lateness p50" in said
    assert "not applied: expect (1)" in said
    run = said.partition("run ")[2][:8]
    assert f"all that was sent is decided; run {run} has ended" in said
    ended = asyncio.run(committed(url, run, count))
    assert sorted(each.number for each in ended) == list(range(count))
    if interrupted:
        assert "interrupted" in said
        assert count < 900
    else:
        assert "restart  producer" in said
        modes = {msgspec.json.decode(each.value)["mode"] for each in ended if each.kind == "decision"}
        assert "full" in modes, said  # batch features are published
        assert any(each.kind == "duplicate" for each in ended)


def test_at_least_once_loses_nothing_and_says_the_same_again(
    kafka_address: str, store: RedisServer, world_model: Path
) -> None:
    """A worker that is killed leaves decisions without their offsets; the next one decides those rows as it did.

    Unless one of the two was late with a look-up and decided on a lower rung of the ladder.
    """
    run = StreamRun(f"kafka://{kafka_address}/again-{os.getpid()}", store.url, world_model)
    sink = "{sink: {kind: kafka, delivery: at_least_once}}"
    scenario = msgspec.yaml.decode(DRILL) | {"pipeline": msgspec.yaml.decode(sink)}
    run.announce = msgspec.structs.replace(run.announce, scenario=msgspec.yaml.encode(scenario).decode())

    async def whole() -> None:
        async with run.going_on():
            try:
                await run.publish()
                first = run.worker("--slot", "w0")
                await run.until(lambda: run.of(Status))
                await run.offer(3_000, decided=False)
                await run.until(lambda: run.ended)
                first.kill()
                run.worker("--slot", "w0")
                await run.until(lambda: len(run.ended) == run.offered)
            finally:
                for process in run.workers:
                    process.kill()
                    process.communicate()

    asyncio.run(whole())
    assert {each.kind for each in run.ended.values()} == {"decision"}
    for earlier, later in run.again:
        first, second = (msgspec.json.decode(each.value) for each in (earlier, later))
        assert (first["id"], first["model"]) == (second["id"], second["model"])
        for key in ("decision", "reason", "score"):
            assert first[key] == second[key] or first["mode"] != second["mode"]
