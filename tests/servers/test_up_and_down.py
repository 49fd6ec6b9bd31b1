"""``up`` and ``down``: two servers of one's own, and nothing of anybody else's is touched."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.core.errors import InputError, MachineError
from sim.cli import main
from sim.servers import kafka, redis
from sim.servers.first_look import MARKER, down, read, up
from sim.servers.process import Known
from tests.support.servers import KafkaServer, redis_server


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    redis_server()
    place = tmp_path / "servers"
    yield place
    if (place / MARKER).exists():
        down(place, lambda _: None, purge=True)


def test_both_run_until_they_are_stopped(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second ``up`` starts none; ``down`` stops both and keeps their data, ``--purge`` deletes the folder."""
    KafkaServer(tmp_path / "probe").stop()  # skips where there is no broker
    assert main(["up", "--dir", str(folder)]) == 0
    told = capsys.readouterr().out
    servers = read(folder)
    assert servers.running == ["Kafka", "Redis"]
    assert f"--stream {servers.stream} --store {servers.store}" in told
    assert main(["up", "--dir", str(folder)]) == 0
    assert capsys.readouterr().err.splitlines() == ["Redis runs already", "Kafka runs already"]
    assert read(folder) == servers
    assert main(["down", "--dir", str(folder)]) == 0
    assert read(folder).running == []
    assert main(["down", "--purge", "--dir", str(folder)]) == 0
    assert not folder.exists()


def test_what_cannot_start_leaves_nothing_running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis had come up when Kafka failed; it is stopped again."""
    ports: list[int] = []

    start = redis.start_redis

    def start_redis(folder: Path, port: int) -> Known:
        ports.append(port)
        return start(folder, port)

    def no_kafka(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(redis, "start_redis", start_redis)
    monkeypatch.setattr(kafka, "start_kafka", no_kafka)
    monkeypatch.setattr(kafka, "find_jars", lambda: folder)
    with pytest.raises(KeyboardInterrupt):
        up(folder, lambda _: None)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", ports[0])) != 0
    assert read(folder).running == []


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    """Neither used nor stopped nor deleted, whatever is asked for."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        up(tmp_path, lambda _: None)
    with pytest.raises(InputError, match="nothing was stopped or deleted"):
        down(tmp_path, lambda _: None, purge=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (redis.redis_program, "redis-server is not on the path; install it: apt-get install redis-server"),
        (kafka.java_program, "java is not on the path; install it: apt-get install default-jre-headless maven"),
        (kafka.fetch_jars, "neither Kafka nor Maven"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    call: object, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that installs it can be copied."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    assert callable(call)
    with pytest.raises(MachineError, match="install it") as caught:
        call()
    assert told in str(caught.value)
