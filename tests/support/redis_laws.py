"""Laws of ports that are run on an empty Redis: its clients, which are closed whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from redis.asyncio import Redis

from actors.adapters.redis.connection import connect
from actors.contracts.contract import PortContract
from tests.support.redis_server import RedisServer

T = TypeVar("T")
PATIENT_S = 10.0  # a machine that is busy may be late
NOBODY = "redis://127.0.0.1:1"


class OnRedis(PortContract):
    """Makes clients of a server for the laws of a port, and closes them after each law."""

    @pytest.fixture(autouse=True)
    def of(self, server: RedisServer) -> None:
        """Take the server that the tests share."""
        self.server = server
        self.clients: list[Redis] = []

    def run(self, law: Coroutine[Any, Any, T]) -> T:
        """Run ``law`` and close its clients."""

        async def closing() -> T:
            try:
                return await law
            finally:
                for client in self.clients:
                    await client.aclose()

        return super().run(closing())

    async def emptied(self) -> Redis:
        """Return a client of the server, where nothing is."""
        self.clients.append(connect(self.server.url, PATIENT_S))
        await self.clients[-1].flushall()
        return self.clients[-1]

    def of_nobody(self) -> Redis:
        """Return a client of a server that is not there."""
        self.clients.append(connect(NOBODY))
        return self.clients[-1]


def on_empty(server: RedisServer, law: Callable[[Redis], Awaitable[T]]) -> T:
    """Return what ``law`` returns, given a client of the server, which is empty."""

    async def run() -> T:
        client = connect(server.url, PATIENT_S)
        try:
            await client.flushall()
            return await law(client)
        finally:
            await client.aclose()

    return asyncio.run(asyncio.wait_for(run(), 60))
