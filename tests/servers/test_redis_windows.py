"""Windows in Redis: as in memory, counted once whoever dies, and an error in one line when Redis fails."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest
from redis.asyncio import Redis

from actors.adapters.redis.connection import connect
from actors.adapters.redis.windows import RedisWindows
from actors.contracts.remembered_ids import RememberedIdsContract
from actors.contracts.stream_state import StreamStateContract
from actors.core.arrays import I64
from actors.core.transaction import Columns
from actors.remembered_ids import RememberedIds
from tests.support.redis_server import RedisServer

T = TypeVar("T")
PATIENT_S = 10.0  # a machine that is busy may be late
PREFIX = "rd:test:run:"


@dataclass
class Places:
    """Where rows lie: number ``n`` at offset ``n`` of partition 0, unless ``at`` says otherwise."""

    at: dict[int, tuple[int, int]] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)
    gaps: dict[int, int] = field(default_factory=dict)
    overtaken: list[int] = field(default_factory=list)
    assignments: int = 0

    def of(self, numbers: I64) -> tuple[I64, I64]:
        places = np.array([self.at.get(number, (0, number)) for number in numbers.tolist()], dtype=np.int64)
        return places[:, 0], places[:, 1]

    def first(self, partition: int) -> int:
        return 0

    def committed(self, partition: int) -> int:
        return self.ended.get(partition, 0)

    def assignment(self, partition: int) -> int:
        return self.assignments

    def behind(self, partition: int, next_offset: int) -> None:
        self.gaps[partition] = min(next_offset, self.gaps.get(partition, next_offset))

    def stale(self, partition: int, next_offset: int) -> None:
        self.overtaken.append(partition)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


class OnServer:
    """Makes windows on an empty server, and closes their clients."""

    @pytest.fixture(autouse=True)
    def of(self, server: RedisServer) -> None:
        self.server = server
        self.clients: list[Redis] = []

    def run(self, law: Coroutine[Any, Any, T]) -> T:
        async def closing() -> T:
            try:
                return await law
            finally:
                for client in self.clients:
                    await client.aclose()

        return asyncio.run(asyncio.wait_for(closing(), 60))

    async def empty(self) -> RedisWindows:
        client = connect(self.server.url, PATIENT_S)
        self.clients.append(client)
        await client.flushall()
        return RedisWindows(client, PREFIX, Places())

    async def broken(self) -> RedisWindows | None:
        client = connect("redis://127.0.0.1:1")
        self.clients.append(client)
        return RedisWindows(client, PREFIX, Places())


class TestWindows(OnServer, StreamStateContract):
    """Windows in Redis keep the laws of the port."""


class TestIds(OnServer, RememberedIdsContract):
    """Ids in Redis keep the laws of the port."""

    async def remember(self, ids: RememberedIds, numbers: I64, columns: Columns) -> None:
        await ids.advance(numbers, columns)  # type: ignore[attr-defined]
