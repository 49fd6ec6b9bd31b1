"""A worker takes part in a run whose state lies in the store that it was given, by whatever name."""

import asyncio
from collections.abc import Iterator

import pytest

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import parse_store
from actors.adapters.redis.run_marks import RunMarks
from actors.core.errors import InputError
from sim.stream.control_messages import Announce
from sim.stream.places import Places
from sim.stream.store_check import store_check
from tests.support.redis_server import RedisServer


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def places_at(store: str) -> Places:
    return Places(parse_stream("kafka://127.0.0.1:19092/drill"), parse_store(store))


def announced(store: str) -> Announce:
    return Announce(
        run="k3x9", scenario="", model="m", model_folder="", kernels="k", version="1", starts={}, store=store
    )


def check(store: str, theirs: str, marked: str | None = None) -> None:
    """Check a worker that was given ``store`` for a run at ``theirs``, which was marked at ``marked`` if anywhere."""

    async def law() -> None:
        if marked is not None:
            place = places_at(marked)
            marks = RunMarks(place.store)
            assert await marks.mark(place.keys_of("k3x9"))
            await marks.close()
        await store_check(places_at(store))(announced(theirs))

    asyncio.run(law())


def test_two_names_of_one_store_are_one_store(server: RedisServer) -> None:
    """What counts is that the run's mark is there."""
    check(f"redis://localhost:{server.port}/0", server.url, marked=server.url)


@pytest.mark.parametrize("own", ["/1", ""])
def test_another_store_than_the_runs_is_refused(server: RedisServer, own: str) -> None:
    """Another database is another store, and so is a server of the same name on another machine."""
    with pytest.raises(InputError, match="name its store with --store"):
        check(server.url + own, server.url, marked=None if own == "" else server.url)


def test_a_store_that_is_away_is_told_by_its_address(server: RedisServer) -> None:
    """A worker that is started again meanwhile goes on; one with another address is refused."""
    server.kill()
    check(server.url, server.url)
    with pytest.raises(InputError, match=r"cannot be told: .*Redis is not there"):
        check(server.url, "redis://127.0.0.1:6379")
    server.start()


def test_a_store_that_came_back_empty_is_marked_again(server: RedisServer) -> None:
    """A worker that comes meanwhile waits for the mark."""

    async def law() -> None:
        place = places_at(server.url)
        checking = asyncio.create_task(store_check(place)(announced(server.url)))
        await asyncio.sleep(0.1)
        assert not checking.done()
        marks = RunMarks(place.store)
        await marks.mark(place.keys_of("k3x9"))
        await marks.close()
        await checking

    asyncio.run(law())


def test_a_store_that_takes_nothing_answers_and_says_why(server: RedisServer) -> None:
    """It is no silence: the reason is known for as long as it refuses, and there is none for one that is away."""

    async def law() -> list[tuple[bool, str]]:
        place, found = places_at(server.url), list[tuple[bool, str]]()
        marks = RunMarks(place.store)
        for most in ("0", "1", "0"):
            await marks.client.config_set("maxmemory", most)
            found.append((await marks.mark(place.keys_of("k3x9")), marks.refusal.partition(":")[0]))
        server.kill()
        found.append((await marks.mark(place.keys_of("k3x9")), marks.refusal))
        await marks.close()
        return found

    found = asyncio.run(law())
    server.start()
    assert found == [(True, ""), (True, "Redis is out of memory"), (True, ""), (False, "")]
