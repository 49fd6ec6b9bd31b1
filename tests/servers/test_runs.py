"""Whole runs on real servers, as a user begins and ends them: what they leave behind, and what the next one meets."""

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.model.artifact import MANIFEST_FILE
from actors.model.manifest import read_manifest
from sim.exit_codes import INCONCLUSIVE, INTERRUPTED, PASS, USAGE
from tests.support.redis_server import RedisServer
from tests.support.sim.stream_commands import Command, committed_decisions, holds, lines

DRAINED_S = 30.0
GIVEN_UP_S = 45.0  # the session of a member that was killed, and a busy machine
SCENARIO = """
version: 1
name: twins
phases: [{name: steady, duration: 4s, rate: 200}]
pipeline:
  log: {features: all}
  feature_store: {timeout: 500ms}
  assembler: {windows_timeout: 2s}
faults:
  - {name: again, kind: traffic_duplicates, at: 1s, duration: 1s, ratio: 0.1}
  - {name: rubbish, kind: traffic_poison, at: 2s, duration: 1s, ratio: 0.1}
expect:
  - {name: books, expr: ledger.balanced == 1}
"""
LONG = SCENARIO.replace("duration: 4s", "duration: 10m")
STUCK = LONG.replace("faults:", "faults:\n  - {name: stuck, kind: scorer_hang, at: 1s, duration: 5m}")


@dataclass(frozen=True)
class Place:
    """Where runs of these tests are: one stream and one store for all of them."""

    url: str
    store: str
    model: Path

    def run(self, scenario: str, folder: Path, *words: str, workers: int = 1) -> Command:
        """Begin a run, its files in ``folder``."""
        folder.mkdir(parents=True)
        file = folder / "given.yaml"
        file.write_text(scenario)
        servers = ("--stream", self.url, "--store", self.store, "--workers", str(workers))
        return Command(("run", str(file), "--out", str(folder / "out"), "--model", str(self.model), *servers, *words))


@dataclass(frozen=True)
class Played:
    """A run that has ended."""

    code: int
    told: str
    folder: Path
    left: bool

    @property
    def summary(self) -> dict[str, Any]:
        """Its summary."""
        summary: dict[str, Any] = msgspec.json.decode((self.folder / "summary.json").read_bytes())
        return summary

    def decisions(self, names: tuple[str, ...]) -> dict[str, object]:
        """Return by transaction what does not depend on who comes first: how it was decided, and its card's features.

        Merchants and devices cross partitions, and the score rests on their features too.
        """
        kept: dict[str, object] = {}
        for line in lines(self.folder / "decisions.jsonl"):
            features = zip(names, line["features"], strict=True)
            own = {name: value for name, value in features if not name.startswith(("merchant_", "device_"))}
            kept[line["id"]] = [line[key] for key in ("card", "event_time", "amount", "mode", "cause", "model")], own
        return kept


def played(command: Command, folder: Path) -> Played:
    """Return ``command`` once it has ended, and with it all that it started."""
    out, err = command.process.communicate(timeout=120)
    left = not command.gone(1.0)
    command.kill()
    return Played(command.process.returncode, out + err, folder / "out", left)


@pytest.fixture(scope="module")
def place(kafka_address: str, store: RedisServer, world_model: Path) -> Place:
    return Place(f"kafka://{kafka_address}/runs-{os.getpid()}", store.url, world_model)


@pytest.fixture(scope="module")
def twins(place: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, ...]:
    """Return the same run three times, one after another on one stream: by one worker, by one, and by two."""
    found = []
    for workers in (1, 1, 2):
        folder = tmp_path_factory.mktemp("twin") / "run"
        found.append(played(place.run(SCENARIO, folder, workers=workers), folder))
    return tuple(found)


@pytest.fixture(scope="module")
def names(world_model: Path) -> tuple[str, ...]:
    """Return the names of the features in a line."""
    return read_manifest(world_model / MANIFEST_FILE).feature_names


def test_a_run_passes_and_its_books_balance(twins: tuple[Played, ...]) -> None:
    """Whatever the number of workers, and with repetitions and rubbish among the transactions; nothing lives on."""
    for twin in twins:
        late = any("producer was late" in reason for reason in twin.summary["reasons"])  # the machine was busy
        assert (twin.code, twin.left) == (INCONCLUSIVE if late else PASS, False), twin.told
        ledger = twin.summary["ledger"]
        assert ledger["balanced"]
        assert min(ledger["decided"], ledger["duplicate"], ledger["dead_lettered"]) > 0
        assert ledger["offered"] == ledger["decided"] + ledger["duplicate"] + ledger["dead_lettered"]


def test_a_summary_says_how_it_was_on_the_stream(twins: tuple[Played, ...], place: Place) -> None:
    """Servers without settings, workers, commits, and which model decided how many."""
    for twin, workers in zip(twins, (1, 1, 2), strict=True):
        summary = twin.summary
        stream = summary["stream"]
        assert (stream["stream"], stream["store"], stream["workers"]) == (place.url, place.store, workers)
        assert (stream["undecided"], stream["decided_twice"], stream["foreign"]) == (0, 0, 0)
        assert stream["epochs"] > 0
        wait = stream["longest_wait"]
        assert wait["partition"] in range(6)
        assert 0 < wait["waited_s"] <= summary["duration_s"] + DRAINED_S
        assert list(stream["models"].values()) == [summary["ledger"]["decided"]]


def test_the_log_of_a_run_is_the_topic_of_decisions(twins: tuple[Played, ...], place: Place) -> None:
    """Line for line: what a reader of committed messages sees is what the run has in its folder."""
    for twin in twins:
        logged = (twin.folder / "decisions.jsonl").read_bytes().splitlines()
        run = twin.summary["stream"]["run"]
        assert committed_decisions(place.url, run, len(logged)) == sorted(logged)


def test_the_same_run_again_decides_the_same(twins: tuple[Played, ...], names: tuple[str, ...]) -> None:
    """On one stream, with another run before it, by one worker or two: the same ends, equal features of cards."""
    first, *others = twins
    for other in others:
        assert other.decisions(names) == first.decisions(names)
        assert other.summary["ledger"] == first.summary["ledger"]


def test_ctrl_c_lets_a_run_decide_what_it_has_sent(place: Place, tmp_path: Path) -> None:
    """It stops sending, waits, writes its files and ends its workers; nothing is undecided or lives on."""
    command = place.run(LONG, tmp_path / "run", workers=2)
    log = tmp_path / "run" / "out" / "decisions.jsonl"
    assert holds(lambda: len(lines(log)) > 200)
    command.process.send_signal(signal.SIGINT)
    ended = played(command, tmp_path / "run")
    assert (ended.code, ended.left) == (INTERRUPTED, False), ended.told
    assert ended.summary["ledger"]["balanced"]
    assert ended.summary["ledger"]["in_flight"] == 0
    assert ended.summary["stream"]["undecided"] == 0


def test_a_run_that_is_killed_takes_its_workers_with_it(place: Place, tmp_path: Path) -> None:
    """They notice, decide what they have, and end."""
    place = replace(place, url=f"{place.url}-killed")  # what it leaves undecided is in nobody's way
    command = place.run(LONG, tmp_path / "killed", workers=2)
    log = tmp_path / "killed" / "out" / "decisions.jsonl"
    assert holds(lambda: len(lines(log)) > 200)
    command.process.kill()
    command.process.communicate()
    gone = command.gone(DRAINED_S)
    command.kill()
    assert gone


def test_a_run_that_left_work_undecided_has_to_be_given_up(place: Place, tmp_path: Path) -> None:
    """The next one is refused with its id and how much it is; ``--discard`` gives it up, once its workers are gone."""
    place = replace(place, url=f"{place.url}-given-up")  # where no other test has left work
    killed = place.run(STUCK, tmp_path / "stuck")
    journal = tmp_path / "stuck" / "out" / "journal.jsonl"
    assert holds(lambda: any(line["kind"] == "worker_obeyed" for line in lines(journal)))
    holds(lambda: False, 1.0)
    killed.kill()

    code, _, err = place.run(SCENARIO, tmp_path / "refused").ended()
    assert code == USAGE
    (line,) = [line for line in err.splitlines() if "have not decided" in line]
    assert "--discard" in line
    run = line.split("decided: ")[1].split()[0]

    def given_up() -> bool:
        nonlocal code, err
        folder = tmp_path / f"discarding-{len(list(tmp_path.iterdir()))}"
        code, _, err = place.run(SCENARIO, folder, "--discard", run).ended()
        return "try again" not in err

    assert holds(given_up, GIVEN_UP_S)
    assert code in (PASS, INCONCLUSIVE), err
