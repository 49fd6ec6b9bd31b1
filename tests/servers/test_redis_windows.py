"""Windows in Redis: as in memory, counted once whoever dies, and healed of what a server has lost."""

import asyncio
import gc
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from redis.asyncio import Redis

from actors.adapters.redis import kept_windows
from actors.adapters.redis import records as record_module
from actors.adapters.redis.connection import connect
from actors.adapters.redis.windows import RedisWindows
from actors.contracts.contract import failure
from actors.contracts.remembered_ids import RememberedIdsContract
from actors.contracts.stream_state import StreamStateContract
from actors.core.arrays import I64
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, pick
from actors.remembered_ids import RememberedIds
from tests.support.redis_laws import PATIENT_S, OnRedis, on_empty
from tests.support.redis_server import RedisServer
from tests.support.window_stream import Places, Stream, StreamWorker, Unreliable

T = TypeVar("T")
PREFIX = "rd:test:run:"
SIZES = st.integers(1, 40)
STEPS = st.tuples(st.sampled_from(["count", "count", "commit", "abort", "die", "die_asked", "die_unanswered"]), SIZES)
TROUBLES = st.tuples(st.sampled_from(["count", "count", "commit", "abort", "die", "gone", "unanswered", "lose"]), SIZES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once after no answer: tests do not wait."""
    monkeypatch.setattr(kept_windows, "QUIET_S", 0.0)


class OnServer(OnRedis):
    """Makes windows on an empty server."""

    async def empty(self) -> RedisWindows:
        return RedisWindows(await self.emptied(), PREFIX, Places())

    async def broken(self) -> RedisWindows | None:
        return RedisWindows(self.of_nobody(), PREFIX, Places())


class TestWindows(OnServer, StreamStateContract):
    """Windows in Redis keep the laws of the port."""


class TestIds(OnServer, RememberedIdsContract):
    """Ids in Redis keep the laws of the port."""

    async def remember(self, ids: RememberedIds, numbers: I64, columns: Columns) -> None:
        assert isinstance(ids, RedisWindows)
        await ids.advance(numbers, columns)


async def finish(worker: StreamWorker) -> None:
    """Decide and commit the rest."""
    while not worker.done:
        await worker.count(30)
        worker.commit()
        await worker.settle()


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(STEPS, max_size=14), partitions=st.integers(1, 3), seed=st.integers(0, 3))
def test_features_are_those_in_memory_whoever_dies(
    server: RedisServer, steps: list[tuple[str, int]], partitions: int, seed: int
) -> None:
    """In any batches, aborted and played again, by workers that die between the round trips or before they commit."""
    stream = Stream(120, partitions, seed)

    async def law(client: Redis) -> StreamWorker:
        worker = StreamWorker(stream, Unreliable(client), PREFIX)
        for step, size in steps:
            if step == "count":
                await worker.count(size)
            elif step == "commit":
                worker.commit()
            elif step == "abort":
                worker.abort()
            else:
                if step == "die_asked":
                    await worker.ask(size)
                elif step == "die_unanswered":
                    await worker.count(size, answered=False)
                worker.begin()
        await finish(worker)
        return worker

    worker = on_empty(server, law)
    assert worker.ruled == set()
    assert sorted(worker.features) == np.flatnonzero(stream.fresh).tolist()
    expected = stream.features()
    for row, features in worker.features.items():
        assert_array_equal(features, expected[row])


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(TROUBLES, max_size=14), seed=st.integers(0, 3))
def test_windows_heal_of_what_a_server_has_lost(server: RedisServer, steps: list[tuple[str, int]], seed: int) -> None:
    """What was decided while it was gone, or lost by it, is counted again; only those rows are decided without."""
    stream = Stream(120, 1, seed)

    async def law(client: Redis) -> StreamWorker:
        unreliable = Unreliable(client)
        worker = StreamWorker(stream, unreliable, PREFIX)
        for step, size in steps:
            if step == "commit":
                worker.commit()
            elif step == "abort":
                worker.abort()
            elif step == "die":
                worker.begin()
            elif step == "lose":
                await client.flushall()
            else:
                if step != "count":
                    unreliable.trouble = ["", step] if size % 2 else [step]
                await worker.count(size)
                unreliable.trouble = []
        await finish(worker)
        return worker

    worker = on_empty(server, law)
    assert set(worker.features) | worker.ruled >= set(np.flatnonzero(stream.fresh).tolist())
    assert worker.ruled == set() or {step for step, _ in steps} & {"gone", "unanswered", "lose"}
    expected = stream.features()
    for row, features in worker.features.items():
        assert_array_equal(features, expected[row])
    assert worker.places.overtaken == []


async def records(client: Redis, letter: str) -> dict[bytes, bytes]:
    """Return the records of one kind of entity."""
    found = {key: await client.get(key) async for key in client.scan_iter(f"{PREFIX}{letter}:*")}
    return {key: record for key, record in found.items() if isinstance(record, bytes)}


def counted(windows: dict[bytes, bytes], version_at: int) -> dict[bytes, int]:
    """Return how many transactions each record has counted."""
    return {key: int.from_bytes(record[version_at : version_at + 8], "little") for key, record in windows.items()}


def test_workers_that_share_merchants_lose_no_count(server: RedisServer) -> None:
    """Cards' records are those of a worker alone, merchants' and devices' have as many transactions; some were late."""
    stream = Stream(400, 2)

    async def alone(client: Redis) -> list[dict[bytes, bytes]]:
        await finish(StreamWorker(stream, Unreliable(client), PREFIX))
        return [await records(client, letter) for letter in "cmd"]

    async def together(client: Redis) -> tuple[list[dict[bytes, bytes]], int, int]:
        other = connect(server.url, PATIENT_S)
        workers = [StreamWorker(stream, Unreliable(of), PREFIX, [own]) for own, of in enumerate((client, other))]
        try:
            await asyncio.gather(*map(finish, workers))
        finally:
            await other.aclose()
        found = [await records(client, letter) for letter in "cmd"]
        return found, sum(worker.windows.conflicts for worker in workers), sum(len(each.ruled) for each in workers)

    expected = on_empty(server, alone)
    found, conflicts, ruled = on_empty(server, together)
    assert conflicts > 0
    assert ruled == 0
    assert found[0] == expected[0]
    for theirs, ours, kind in zip(found, expected, kept_kinds(), strict=True):
        assert counted(theirs, kind) == counted(ours, kind)


def kept_kinds() -> list[int]:
    """Return where the count is in records of cards, merchants and devices."""
    return [kind.version_at for kind in record_module.record_kinds(None)]


def test_whoever_was_overtaken_is_told(server: RedisServer) -> None:
    """A worker that comes with rows below what others have committed counts nothing, and learns it."""
    stream = Stream(60, 1)

    async def law(client: Redis) -> tuple[list[int], dict[bytes, bytes], dict[bytes, bytes]]:
        late = StreamWorker(stream, Unreliable(client), PREFIX)
        await late.count(10)
        await finish(StreamWorker(stream, Unreliable(client), PREFIX))
        before = await records(client, "c")
        late.abort()
        await late.count(5)
        return late.places.overtaken, before, await records(client, "c")

    overtaken, before, after = on_empty(server, law)
    assert overtaken == [0]
    assert before == after


def test_whoever_was_late_is_not_overtaken(server: RedisServer) -> None:
    """Rows that were given up, decided by rules and committed are counted again; nobody else has their partition."""
    stream = Stream(60, 1)

    async def law(client: Redis) -> StreamWorker:
        slow = StreamWorker(stream, Unreliable(client), PREFIX)
        await slow.count(20)
        slow.commit()
        await slow.count(1)
        slow.abort()
        slow.places.ended = {0: int(stream.offsets[20])}
        late = np.flatnonzero(stream.fresh[:20])
        for number, row in enumerate(late.tolist(), 1_000):
            slow.places.at[number] = 0, int(stream.offsets[row])
        with pytest.raises(StreamStateError, match="miss what follows"):
            await slow.windows.advance(np.arange(1_000, 1_000 + len(late)), pick(stream.columns, late))
        await finish(slow)
        return slow

    worker = on_empty(server, law)
    assert worker.places.overtaken == []
    assert sorted(worker.features) == np.flatnonzero(stream.fresh).tolist()


def test_ids_are_remembered_without_growing(server: RedisServer) -> None:
    """The last ones are known, and sets of older ones are dropped."""
    limit = 40
    stream = Stream(600, 1)

    async def law(client: Redis) -> tuple[int, int]:
        windows = RedisWindows(client, PREFIX, Places(), remembered_ids=limit)
        most = 0
        for at in range(0, len(stream), 10):
            rows = np.arange(at, at + 10)
            kept = rows[stream.fresh[rows]]
            await windows.fresh(rows, pick(stream.columns, rows))
            await windows.advance(kept, pick(stream.columns, kept))
            sizes = [await client.scard(key) async for key in client.scan_iter(f"{PREFIX}i:*")]
            most = max(most, sum(sizes))
        last = np.flatnonzero(stream.fresh)[-limit:]
        numbers = np.arange(10_000, 10_000 + limit)
        fresh = await windows.fresh(numbers, pick(stream.columns, last))
        assert fresh is not None
        return most, int(fresh.sum())

    most, fresh = on_empty(server, law)
    assert fresh == 0
    assert limit <= most <= limit + limit // 4 + 5 * 10  # a set may be as much too large as a batch is long


def test_every_key_ends(server: RedisServer) -> None:
    """Nothing stays on the server for good, and nothing lies beside the prefix."""
    stream = Stream(100, 2)

    async def law(client: Redis) -> dict[bytes, int]:
        await finish(StreamWorker(stream, Unreliable(client), PREFIX))
        return {key: await client.ttl(key) async for key in client.scan_iter()}

    left_s = on_empty(server, law)
    assert [key for key in left_s if not key.startswith(PREFIX.encode())] == []
    assert [key for key, seconds in left_s.items() if seconds <= 0] == []


@pytest.mark.parametrize("key", ["g:0", "c:card-0"])
def test_what_another_version_wrote_is_refused(server: RedisServer, key: str) -> None:
    """A head or a record of another layout is never read as ours."""
    stream = Stream(40, 1)

    async def law(client: Redis) -> str:
        await client.set(PREFIX + key, b"something else", ex=60)
        windows, rows = RedisWindows(client, PREFIX, Places()), np.arange(len(stream))
        with pytest.raises(StreamStateError) as refused:
            await windows.fresh(rows, stream.columns)
        return str(refused.value)

    assert "another version" in on_empty(server, law)


def test_a_call_that_nobody_waits_for_is_carried_out(server: RedisServer) -> None:
    """One that was given up counts all the same, and the next one begins behind it."""
    stream = Stream(40, 1)
    rows = np.flatnonzero(stream.fresh)

    async def law(client: Redis) -> None:
        windows, columns = RedisWindows(client, PREFIX, Places()), pick(stream.columns, rows)
        call = windows.advance(rows, columns)
        call.send(None)
        call.close()
        assert_array_equal(await windows.advance(rows, columns), stream.features()[rows])

    on_empty(server, law)


def test_rows_that_were_given_up_before_they_were_counted_are_missed(server: RedisServer) -> None:
    """Their call was waiting behind one that took too long; what follows them is not counted over their heads."""
    stream = Stream(60, 1)

    async def law(client: Redis) -> StreamWorker:
        worker = StreamWorker(stream, Unreliable(client), PREFIX)
        await worker.count(20)
        worker.commit()
        given_up, rows = worker.give(10)
        server.pause()
        try:
            asking = asyncio.create_task(worker.windows.fresh(given_up, pick(stream.columns, rows)))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(worker.windows.advance(given_up, pick(stream.columns, rows)), 0.05)
        finally:
            server.resume()
        await asyncio.gather(asking, return_exceptions=True)
        await finish(worker)
        return worker

    worker = on_empty(server, law)
    expected = stream.features()
    for row, features in worker.features.items():
        assert_array_equal(features, expected[row])


def test_the_failure_of_a_call_that_nobody_waits_for_is_nobodys(server: RedisServer) -> None:
    """It is not reported as an error that was never looked at."""
    stream = Stream(40, 1)
    rows = np.flatnonzero(stream.fresh)
    reported: list[object] = []

    async def law(client: Redis) -> None:
        unreliable = Unreliable(client)
        unreliable.trouble = ["gone"]
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
        windows = RedisWindows(unreliable, PREFIX, Places())  # type: ignore[arg-type]
        call = windows.advance(rows, pick(stream.columns, rows))
        call.send(None)
        call.close()
        await asyncio.sleep(PATIENT_S / 10)
        assert unreliable.trouble == []
        gc.collect()

    on_empty(server, law)
    assert reported == []


def test_what_was_missed_before_is_told_when_a_partition_comes(server: RedisServer) -> None:
    """Dead letters committed last, or rows decided while the server was away, are no gap of the next batch then."""

    async def law(client: Redis) -> None:
        stream = Stream(60, 1)
        worker = StreamWorker(stream, Unreliable(client), PREFIX)
        await worker.count(20)
        worker.commit()
        await worker.windows.look([0])
        assert worker.places.gaps == {}
        await worker.count(20)
        reached = worker.places.at[39][1] + 1
        worker.places.ended[0] = reached + 3  # dead letters behind the last that was counted
        await worker.windows.look([0])
        assert worker.places.gaps == {0: reached}
        await worker.windows.recount(0, np.empty(0, np.int64), None, reached + 3)
        worker.places.gaps.clear()
        await worker.windows.look([0])
        assert worker.places.gaps == {}

    on_empty(server, law)


def test_what_is_missed_at_the_end_is_known_without_the_server(server: RedisServer) -> None:
    """Rows that windows did not take are told, from the first of them on; those that they took are not."""

    async def law(client: Redis) -> None:
        stream, unreliable = Stream(60, 1), Unreliable(client)
        worker = StreamWorker(stream, unreliable, PREFIX)
        await worker.count(20)
        worker.commit()
        unreliable.trouble = ["gone"]
        assert str(await failure(worker.windows.look([0]), StreamStateError))
        assert worker.places.gaps == {}
        unreliable.trouble = ["gone"]
        await worker.count(20)
        worker.commit()
        unreliable.trouble = ["gone"]
        assert str(await failure(worker.windows.look([0]), StreamStateError))
        assert worker.places.gaps == {0: worker.places.at[19][1] + 1}

    on_empty(server, law)
