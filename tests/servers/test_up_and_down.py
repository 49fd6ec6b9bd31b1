"""``up`` and ``down``: two servers of one's own, and nothing of anybody else's is touched."""

import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actors.core.errors import InputError, MachineError, OutputError
from sim.cli import main
from sim.servers import kafka, local_servers, process, redis
from sim.servers.local_servers import MARKER, PREFIX, USUAL_KAFKA, USUAL_REDIS, down, read, up
from sim.servers.process import KnownProcess, Note, PortTakenError, Vigil, free_port
from tests.support.documents import SCALE_OUT
from tests.support.repository import ROOT
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


def test_the_addresses_of_the_page_are_those_that_up_takes() -> None:
    """Where their ports are free; so its commands can be typed as they stand."""
    usual = (f"kafka://127.0.0.1:{USUAL_KAFKA}/{PREFIX}", f"redis://127.0.0.1:{USUAL_REDIS}")
    for page in (SCALE_OUT, ROOT / "README.md", ROOT / "examples" / "own_messages.yaml"):
        assert set(re.findall(r"(?:kafka|redis)://[0-9.:]+(?:/\w+)?", page.read_text())) == set(usual)


def test_what_cannot_start_leaves_nothing_running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis had come up when Kafka failed; it is stopped again."""
    ports: list[int] = []

    start = redis.start_redis

    def start_redis(folder: Path, port: int, settings: tuple[str, ...], vigil: Vigil, note: Note) -> KnownProcess:
        ports.append(port)
        return start(folder, port, settings, vigil, note)

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


def program(place: Path, name: str, text: str) -> None:
    """Put a program of the shell at ``place``."""
    place.mkdir(exist_ok=True)
    script = place / name
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)


@pytest.fixture
def kafka_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with what looks like Kafka."""
    (tmp_path / "kafka" / "libs").mkdir(parents=True)
    (tmp_path / "kafka" / "libs" / "kafka_2.13-4.jar").touch()
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path / "kafka"))
    return tmp_path / "kafka"


def test_an_up_that_is_told_to_end_leaves_nothing_running(folder: Path, kafka_home: Path) -> None:
    """Also while a broker of which nothing is heard is waited for; it says "interrupted"."""
    program(kafka_home / "bin", "java", "exec sleep 100")
    environment = {**os.environ, "PATH": f"{kafka_home / 'bin'}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "sim", "up", "--dir", str(folder)]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    said = [running.stderr.readline() for _ in range(2)]
    assert said == ["starting Redis\n", "starting Kafka\n"]
    server = read(folder).redis
    assert server is not None
    assert server.listens
    running.terminate()
    assert running.communicate()[1] == "interrupted\n"
    assert running.returncode == 130
    assert read(folder).running == []
    assert not server.alive


def test_what_has_started_is_known_before_anything_else_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends ``up`` then, the next call finds it."""
    running: list[list[str]] = []

    def start_kafka(*_: object) -> KnownProcess:
        running.append(read(folder).running)
        raise MachineError("it does not start")

    monkeypatch.setattr(kafka, "start_kafka", start_kafka)
    monkeypatch.setattr(kafka, "find_jars", lambda: folder)
    with pytest.raises(MachineError, match="it does not start"):
        up(folder, lambda _: None)
    assert running == [["Redis"]]


def test_a_second_up_in_one_folder_is_refused_while_the_first_is_at_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the first has written down what it started."""

    def start_kafka(*_: object) -> KnownProcess:
        up(folder, lambda _: None)
        raise AssertionError

    monkeypatch.setattr(kafka, "start_kafka", start_kafka)
    monkeypatch.setattr(kafka, "find_jars", lambda: folder)
    with pytest.raises(InputError, match="another up or down is at work there"):
        up(folder, lambda _: None)


def test_a_server_of_somebody_else_is_never_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who took the port meanwhile answers there, and ours goes to another one."""
    redis_server()
    monkeypatch.setattr(process, "GONE_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"somebody else has taken port {taken}"):
            redis.start_redis(tmp_path / "redis", taken)
        offered = iter([taken, free_port()])
        monkeypatch.setattr(local_servers, "free_port", lambda _=None: next(offered))
        monkeypatch.setattr(local_servers, "_start_kafka", lambda *_: None)
        servers = up(tmp_path / "servers", lambda _: None)
        assert servers.redis is not None
        assert (servers.redis.port == taken, servers.redis.listens) == (False, True)
        down(tmp_path / "servers", lambda _: None)


def test_a_disk_without_room_is_named_in_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was started is stopped again."""

    def start_kafka(*_: object) -> KnownProcess:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kafka, "start_kafka", start_kafka)
    monkeypatch.setattr(kafka, "find_jars", lambda: folder)
    with pytest.raises(OutputError, match="cannot be kept there: No space left on device"):
        up(folder, lambda _: None)
    assert read(folder).running == []


FETCHING = """
echo once >> {calls}
echo 'Downloaded from central: https://example.org/a.jar (4.9 MB at 3 MB/s)'
echo 'Downloaded from central: https://example.org/b.jar (100 kB at 3 MB/s)'
sleep 1
for word in "$@"; do case $word in -DoutputDirectory=*) touch "${{word#*=}}/kafka_2.13-4.jar";; esac; done
"""


def test_jars_are_fetched_once_and_it_is_told_how_far_that_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process waits for the first, and has what that has fetched."""
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(process, "TOLD_EVERY_S", 0.2)
    program(tmp_path / "bin", "mvn", FETCHING.format(calls=tmp_path / "calls"))
    told: list[str] = []
    with ThreadPoolExecutor() as both:
        fetched = list(both.map(kafka.fetch_jars, [Vigil(told.append, lambda: False) for _ in range(2)]))
    assert fetched[0] == fetched[1] == kafka.find_jars()
    assert (tmp_path / "calls").read_text() == "once\n"
    assert any(line.startswith("still fetching Kafka: 2 files, 5 MB (") for line in told)
    assert any(line.startswith("another process fetches Kafka; waiting for it (") for line in told)


def test_a_fetch_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first error of Maven, and where all of them are; nothing is taken for Kafka."""
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    program(tmp_path / "bin", "mvn", "echo '[ERROR] No space left on device'; exit 1")
    with pytest.raises(MachineError, match=r"No space left on device; all of it is in .*maven.log"):
        kafka.fetch_jars()
    assert kafka.find_jars() is None
