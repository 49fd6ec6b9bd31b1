"""A call to Redis that is cancelled ends, at whatever instant that comes, and costs the next one nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from redis.asyncio import Redis

from tests.support.redis_laws import on_empty
from tests.support.redis_server import RedisServer

TURNS = 24  # of the event loop; a call takes fewer
TIMES = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


async def command(client: Redis) -> object:
    return await client.get("name")


async def pipelined(client: Redis) -> object:
    pipeline = client.pipeline(transaction=False)
    for _ in range(2):
        pipeline.execute_command("GET", "name")
    return (await pipeline.execute())[0]


@pytest.mark.parametrize("ask", [command, pipelined])
def test_no_cancellation_is_lost(server: RedisServer, ask: Callable[[Redis], Awaitable[object]]) -> None:
    """Before Python 3.12 the client loses one that comes as its command has just been sent."""

    async def for_ever(client: Redis) -> None:
        while True:
            await ask(client)

    async def law(client: Redis) -> None:
        await client.set("name", "value")
        for turns in range(TURNS * TIMES):
            asking = asyncio.create_task(for_ever(client))
            for _ in range(turns % TURNS):
                await asyncio.sleep(0)
            asking.cancel()
            done, _ = await asyncio.wait({asking}, timeout=1)
            assert done, f"goes on after {turns % TURNS} turns"
            assert asking.cancelled()
            assert await ask(client) == b"value"

    on_empty(server, law)
