"""Workers that are killed at any instant count each transaction once."""

import asyncio
import json
import multiprocessing
import multiprocessing.connection
import os
import random
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from redis.asyncio import Redis

from actors.adapters.redis.connection import connect
from actors.adapters.redis.records import record_kinds
from tests.support.redis_server import RedisServer
from tests.support.window_stream import Stream, StreamWorker, Unreliable

PATIENT_S = 20.0  # a machine that is busy may be late
PARTITIONS = 3
ROWS = 3_000
DEATHS = 30
STALLED_S = 60.0  # in which none of them said anything
FORK = multiprocessing.get_context("fork")  # what is compiled is there already


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def work(url: str, prefix: str, partition: int, file: Path, tell: Connection) -> None:
    """Decide and commit what is left of a partition; ``file`` is replaced at each commit, as a transaction is."""

    async def run() -> None:
        stream, client = Stream(ROWS, PARTITIONS), connect(url, PATIENT_S)
        worker = StreamWorker(stream, Unreliable(client, lambda: tell.send_bytes(b"call")), prefix, [partition])
        decided: dict[str, str] = {}
        if file.exists():
            committed, decided = json.loads(file.read_text())
            worker.resume(committed)
        size = random.Random(os.getpid())
        while not worker.done:
            await worker.count(size.randint(1, 30))
            worker.commit()
            decided |= {str(row): features.tobytes().hex() for row, features in worker.features.items()}
            beside = file.with_suffix(".new")
            beside.write_text(json.dumps([worker.committed, decided]))
            beside.replace(file)
        await client.aclose()

    asyncio.run(run())
    tell.send_bytes(b"done")
    os._exit(0)  # nothing of the tests' own is ended twice


def play(url: str, prefix: str, folder: Path, deaths: int) -> int:
    """Have workers decide the whole stream, kill them ``deaths`` times, and return how often that came in time."""
    folder.mkdir()
    chance, ways, killed = random.Random(7), {}, 0

    def start(partition: int) -> None:
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=work, args=(url, prefix, partition, folder / f"{partition}", theirs))
        process.start()
        theirs.close()
        ways[partition] = process, ours

    def end(partition: int) -> None:
        process, ours = ways.pop(partition)
        process.kill()
        process.join()
        ours.close()

    for partition in range(PARTITIONS):
        start(partition)
    left = dict.fromkeys(ways, 0)
    try:
        while ways:
            ready = multiprocessing.connection.wait([ours for _, ours in ways.values()], STALLED_S)
            assert ready, f"workers of partitions {sorted(ways)} stand still"
            for reports in ready:
                partition = next(partition for partition, (_, ours) in ways.items() if ours is reports)
                told = ways[partition][1].recv_bytes()
                left[partition] = chance.randint(1, 25) if left[partition] <= 0 else left[partition] - 1
                if told == b"done" or not (left[partition] or killed == deaths):
                    end(partition)
                    if told != b"done":
                        killed += 1
                        start(partition)
    finally:
        for partition in list(ways):
            end(partition)
    return killed


async def record(client: Redis, key: bytes) -> bytes:
    """Return what lies at ``key``."""
    kept = await client.get(key)
    assert isinstance(kept, bytes)
    return kept


def found(url: str, prefix: str, folder: Path) -> tuple[dict[bytes, bytes], list[dict[bytes, int]], dict[str, str]]:
    """Return the cards' records, how much the others' have counted, and the features of every decision."""

    async def run() -> tuple[dict[bytes, bytes], list[dict[bytes, int]]]:
        client: Redis = connect(url, PATIENT_S)
        try:
            kept = [
                {key.removeprefix(prefix.encode()): await record(client, key) async for key in keys}
                for keys in (client.scan_iter(f"{prefix}{letter}:*") for letter in "cmd")
            ]
        finally:
            await client.aclose()
        counts = [
            {key: int(np.frombuffer(record, kind.dtype)["count"][0]) for key, record in records.items()}
            for records, kind in zip(kept, record_kinds(None), strict=True)
        ]
        return kept[0], counts

    decided: dict[str, str] = {}
    for partition in range(PARTITIONS):
        decided |= json.loads((folder / f"{partition}").read_text())[1]
    return *asyncio.run(run()), decided


def test_windows_after_kills_are_those_without(server: RedisServer, tmp_path: Path) -> None:
    """Cards' records to the last byte, and of merchants and devices how much was counted; each row was decided."""
    stream = Stream(ROWS, PARTITIONS)
    assert play(server.url, "rd:test:calm:", tmp_path / "calm", 0) == 0
    killed = play(server.url, "rd:test:deadly:", tmp_path / "deadly", DEATHS)
    calm, deadly = (found(server.url, f"rd:test:{name}:", tmp_path / name) for name in ("calm", "deadly"))
    assert killed == DEATHS
    assert deadly[0] == calm[0]
    assert deadly[1] == calm[1]
    assert sorted(map(int, deadly[2])) == np.flatnonzero(stream.fresh).tolist()
