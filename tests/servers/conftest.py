"""One broker for all tests that do not break it."""

from collections.abc import Iterator

import pytest

from tests.support.servers import KafkaServer


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a broker and return its ``host:port``; skips where it cannot be had."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    yield server.address
    server.stop()
