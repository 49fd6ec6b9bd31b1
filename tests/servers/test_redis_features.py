"""Batch features in Redis: as in memory, one table at a time, and an error in one line when Redis fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from redis.asyncio import Redis

from actors.adapters.redis.connection import connect
from actors.adapters.redis.features import AT_ONCE, RedisFeatureStore
from actors.contracts.contract import failure
from actors.contracts.feature_store import AT_US, FeatureStoreContract, table
from actors.core.clock import RealClock
from actors.core.errors import FeatureStoreError
from actors.features.batch_table import BatchTableBuilder
from actors.features.encoding import Interner
from actors.features.history import History
from actors.features.refresh import REFRESH_US, Refresher, RefreshFailed
from actors.features.store import (
    CARD_COLUMNS,
    MERCHANT_COLUMNS,
    MISSING_AT,
    BatchTable,
    FeatureStore,
    InMemoryFeatureStore,
    StoreRows,
    TableSide,
)
from tests.support.actors.no_labels import NoLabels
from tests.support.redis_laws import OnRedis, on_empty
from tests.support.redis_server import RedisServer

T = TypeVar("T")
PREFIX = "rd:test:run:"
CARDS = [f"card-{number}" for number in range(3_000)]
NO_EVENTS = np.zeros(1, dtype=np.int64)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def on(server: RedisServer, law: Callable[[Redis, RedisFeatureStore], Awaitable[T]]) -> T:
    """Return what ``law`` returns, given an empty server's client and a store there."""
    return on_empty(server, lambda client: law(client, RedisFeatureStore(client, PREFIX)))


class TestRedisFeatureStore(OnRedis, FeatureStoreContract):
    """A feature store in Redis keeps the laws of the port."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        store = RedisFeatureStore(await self.emptied(), PREFIX)
        for published in tables:
            await store.publish(published)
        return store

    async def broken(self) -> FeatureStore | None:
        return RedisFeatureStore(self.of_nobody(), PREFIX)


names = st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=6, unique=True)


@st.composite
def sides(draw: st.DrawFn, width: int) -> TableSide:
    of = draw(names)
    values = st.floats(width=32) | st.just(float("nan"))
    rows = [draw(st.lists(values, min_size=width, max_size=width)) for _ in of] + [[np.nan] * width]
    computed = [draw(st.sampled_from([MISSING_AT, AT_US, 0])) for _ in of] + [MISSING_AT]
    for row, at_us in zip(rows, computed, strict=True):
        row[:] = [np.nan] * width if at_us == MISSING_AT else row
    return TableSide(Interner(of), np.array(rows, dtype=np.float32), np.array(computed, dtype=np.int64))


tables = st.builds(BatchTable, st.just(AT_US), sides(len(CARD_COLUMNS)), sides(len(MERCHANT_COLUMNS)))


def assert_same(one: StoreRows, other: StoreRows) -> None:
    assert one.card.tobytes() == other.card.tobytes()
    assert one.merchant.tobytes() == other.merchant.tobytes()
    assert_array_equal(one.card_computed_us, other.card_computed_us)
    assert_array_equal(one.merchant_computed_us, other.merchant_computed_us)


@settings(max_examples=40, deadline=None)
@given(st.lists(tables, max_size=3), names, st.randoms())
def test_any_tables_are_served_as_in_memory(
    server: RedisServer, published: list[BatchTable], others: list[str], chance: random.Random
) -> None:
    """Whatever was published, known and unknown names get what the store in memory answers, to the bit."""
    known = [name for each in published for side in (each.cards, each.merchants) for name in side.codes.names]
    asked = [chance.choice([*known, *others, "nobody"]) for _ in range(20)]

    async def law(_: Redis, store: RedisFeatureStore) -> None:
        in_memory = InMemoryFeatureStore()
        for each in published:
            await store.publish(each)
            await in_memory.publish(each)
        assert_same(await store.lookup(asked, asked[::-1], NO_EVENTS), in_memory.rows(asked, asked[::-1]))
        assert store.newest_computed_us() == in_memory.newest_computed_us()

    on(server, law)


@pytest.mark.parametrize("count", [100, AT_ONCE + 1, 5 * AT_ONCE])
def test_a_reader_never_sees_a_mixture(server: RedisServer, count: int) -> None:
    """While tables follow each other, each look-up has all rows of one table, however many calls it takes."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        reader, asked = RedisFeatureStore(client, PREFIX), [CARDS[at % len(CARDS)] for at in range(count)]
        await store.publish(table(AT_US, CARDS, CARDS, base=0))

        async def publish() -> None:
            for number in range(1, 9):
                await store.publish(table(AT_US + number, CARDS, CARDS, base=number))

        publishing, seen = asyncio.create_task(publish()), set()
        while not publishing.done():
            rows = await reader.lookup(asked, asked, NO_EVENTS)
            instants = {*rows.card_computed_us.tolist(), *rows.merchant_computed_us.tolist()}
            assert len(instants) == 1
            instant = instants.pop()
            seen.add(instant)
            assert rows.card[0, 0] == rows.merchant[0, 0] == instant - AT_US
        await publishing
        assert len(seen) > 1

    on(server, law)


def test_what_was_replaced_is_gone_and_what_is_there_ends_by_itself(server: RedisServer) -> None:
    """After a switch only the new table's rows are left, all keys are behind the prefix, and all of them end."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        for number in range(3):
            await store.publish(table(AT_US + number, CARDS, ["x"]))
        keys: list[bytes] = await client.keys("*")  # type: ignore[assignment]
        assert len(keys) == len(CARDS) + 1 + 2
        assert all(key.startswith(f"{PREFIX}f:".encode()) for key in keys)
        current_s = await client.ttl(f"{PREFIX}f:current")
        rows_s = [await client.ttl(key) for key in keys if b":c:" in key]
        assert 0 < current_s < min(rows_s)  # all rows are missing at once, not one after the other
        assert await client.ttl(f"{PREFIX}f:versions") > max(rows_s)

    on(server, law)


def test_a_publisher_that_was_restarted_finds_what_is_served(server: RedisServer) -> None:
    """A new process learns the table's event time before it publishes, and its tables replace those of the old one."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        later = RedisFeatureStore(client, PREFIX)
        assert await later.find_current() == AT_US
        await later.publish(table(AT_US + 1, ["a"], ["x"], base=2))
        rows = await store.lookup(["a"], ["x"], NO_EVENTS)
        assert rows.card[0, 0] == 2
        assert store.newest_computed_us() == AT_US + 1

    on(server, law)


def test_a_publication_that_is_cancelled_changes_nothing(server: RedisServer) -> None:
    """Until the switch the old table is served, and what was written of the new one is taken away."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        publishing = asyncio.create_task(store.publish(table(AT_US + 1, CARDS, CARDS, base=2)))
        while await client.dbsize() < 100:  # noqa: ASYNC110 - the event is the server's
            await asyncio.sleep(0)
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publishing
        rows = await store.lookup(["a"], ["x"], NO_EVENTS)
        assert rows.card[0, 0] == 1
        assert await client.dbsize() == 4

    on(server, law)


def refresher(store: RedisFeatureStore, failed: list[RefreshFailed]) -> Refresher:
    """Return one without history: its tables have no rows."""
    history = History()
    return Refresher(
        BatchTableBuilder(history, 0), store, history, NoLabels(), None, RealClock(), on_failed=failed.append
    )


async def _refuses(store: RedisFeatureStore, words: str) -> None:
    """Check that a publication is refused with ``words`` and the old table served on, and counted as failed."""
    error = await failure(store.publish(table(AT_US + 1, CARDS, CARDS, base=2)), FeatureStoreError)
    assert words in str(error)
    assert "\n" not in str(error)
    rows = await store.lookup(["a"], ["x"], NO_EVENTS)
    assert rows.card[0, 0] == 1
    assert store.newest_computed_us() == AT_US


def test_out_of_memory_the_old_table_is_served_on(own_server: RedisServer) -> None:
    """A table that finds no room is given up and its rows taken away; look-ups go on, and what fits is served."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", used + 200_000)
        await _refuses(store, "maxmemory")
        assert await client.dbsize() == 4
        failed: list[RefreshFailed] = []
        await client.config_set("maxmemory", 1)
        assert not await refresher(store, failed).refresh_to(AT_US + REFRESH_US)
        assert len(failed) == 1
        await client.config_set("maxmemory", 0)
        await store.publish(table(AT_US + 2, CARDS, CARDS, base=3))
        assert (await store.lookup(["card-0"], ["x"], NO_EVENTS)).card[0, 0] == 3

    on(own_server, law)


def test_read_only_the_old_table_is_served_on(own_server: RedisServer) -> None:
    """A server that takes no writes refuses the refresh, and not the look-ups."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        await client.replicaof("127.0.0.1", 1)
        await _refuses(store, "read-only")
        await client.replicaof("NO", "ONE")

    on(own_server, law)


def test_a_server_that_hangs_or_dies_is_an_error_and_comes_back(own_server: RedisServer) -> None:
    """Both are errors within the time-out; a server that is back is asked again, functions and rows lost or not."""

    async def law(_: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        own_server.pause()
        async with connect(own_server.url) as client:
            hasty = RedisFeatureStore(client, PREFIX)
            assert str(await failure(hasty.lookup(["a"], ["x"], NO_EVENTS), FeatureStoreError))
            assert str(await failure(hasty.publish(table(AT_US, ["a"], ["x"])), FeatureStoreError))
        own_server.resume()
        assert (await store.lookup(["a"], ["x"], NO_EVENTS)).card[0, 0] == 1
        own_server.kill()
        assert str(await failure(store.lookup(["a"], ["x"], NO_EVENTS), FeatureStoreError))
        own_server.start()
        rows = await store.lookup(["a"], ["x"], NO_EVENTS)
        assert_array_equal(rows.card_computed_us, [MISSING_AT])
        assert store.newest_computed_us() == MISSING_AT
        await store.publish(table(AT_US + 1, ["a"], ["x"], base=2))
        assert (await store.lookup(["a"], ["x"], NO_EVENTS)).card[0, 0] == 2

    on(own_server, law)


def test_a_table_that_the_server_has_lost_is_published_again(own_server: RedisServer) -> None:
    """Whoever published a table last puts it back; one that is served, or replaced by another's, is left alone."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        assert not await store.put_back()
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        assert not await store.put_back()
        own_server.kill()
        assert str(await failure(store.put_back(), FeatureStoreError))
        own_server.start()
        assert await store.put_back()
        assert (await store.lookup(["a"], ["x"], NO_EVENTS)).card[0, 0] == 1
        await RedisFeatureStore(client, PREFIX).publish(table(AT_US + 1, ["a"], ["x"], base=2))
        assert not await store.put_back()
        assert (await store.lookup(["a"], ["x"], NO_EVENTS)).card[0, 0] == 2

    on(own_server, law)


def test_a_table_is_not_put_back_over_one_that_is_being_published(own_server: RedisServer) -> None:
    """Whoever looks for a lost table meanwhile waits, and then finds the new one."""

    async def law(_: Redis, store: RedisFeatureStore) -> None:
        await store.publish(table(AT_US, ["a"], ["x"], base=1))
        own_server.kill()
        own_server.start()
        newer = table(AT_US + 1, CARDS, ["x"], base=2)
        outcomes = await asyncio.gather(store.publish(newer), store.put_back())
        assert outcomes[1] is False
        assert (await store.lookup(["a"], ["x"], NO_EVENTS)).merchant[0, 0] == 2

    on(own_server, law)


def test_a_server_that_is_restarted_during_a_publication_serves_no_part_of_it(own_server: RedisServer) -> None:
    """What was written before may be lost, so nobody switches to it: that refresh fails, and the next is whole."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        publishing = asyncio.create_task(store.publish(table(AT_US, [*CARDS, *map(str, range(50_000))], ["x"])))
        while await client.dbsize() < len(CARDS):  # noqa: ASYNC110 - the event is the server's
            await asyncio.sleep(0)
        own_server.kill()
        own_server.start()
        assert "RESTARTED" in str(await failure(publishing, FeatureStoreError))
        rows = await store.lookup(CARDS[:2], ["x", "x"], NO_EVENTS)
        assert_array_equal(rows.card_computed_us, [MISSING_AT] * 2)
        await store.publish(table(AT_US, CARDS, ["x"]))
        rows = await store.lookup(CARDS[:2], ["x", "x"], NO_EVENTS)
        assert_array_equal(rows.card_computed_us, [AT_US] * 2)

    on(own_server, law)


@pytest.mark.parametrize(
    ("current", "row"), [("2-9-9 1 5", b""), ("nonsense", b""), ("1-8-7 1 x", b""), ("1-8-7 1 5", b"short")]
)
def test_what_is_laid_out_otherwise_is_never_read(server: RedisServer, current: str, row: bytes) -> None:
    """Keys of another version, a row of another length, or a key of another type are errors that say so."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await client.set(f"{PREFIX}f:current", current)
        if row:
            await client.set(f"{PREFIX}f:1:c:a", row)
        error = await failure(store.lookup(["a"], ["x"], NO_EVENTS), FeatureStoreError)
        assert "another version" in str(error)

    on(server, law)


def test_a_key_of_another_type_is_an_error(server: RedisServer) -> None:
    """What is no string where a string belongs is a failed look-up."""

    async def law(client: Redis, store: RedisFeatureStore) -> None:
        await client.hset(f"{PREFIX}f:current", "a", "b")
        assert str(await failure(store.lookup(["a"], ["x"], NO_EVENTS), FeatureStoreError))

    on(server, law)
