"""One broker for all tests that do not break it, and one Redis for those of a module."""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import RedisServer
from tests.support.servers import KafkaServer


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a broker and return its ``host:port``; skips where it cannot be had."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Start a Redis; a module whose tests break it has one for each of them."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
