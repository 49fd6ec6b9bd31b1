"""Ctrl-C, SIGTERM and a terminal that closes, at any moment of any command; bounds are those of a busy machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
FAR = """
version: 1
name: far
events:
  file: {file}
  columns: {{id: id, event_time: when, card: card, merchant: shop, amount: amount, category: kind}}
  speed: 1
expect:
  - {{name: books, expr: "ledger.balanced == 1"}}
"""
HANGING = """
version: 1
name: hanging
phases: [{name: calm, duration: 60s, rate: 50}]
faults: [{name: hung, kind: producer_hang, at: 500ms, duration: 50s}]
"""
TRAINING = """
version: 1
name: other-world
phases: [{name: calm, duration: 1s, rate: 50}]
world: {label_delay: 13h}
"""


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """Return a replay of two transactions, the second an hour after the first."""
    rows = ["id,when,card,shop,amount,kind"]
    rows += [f"t{hour},2026-03-02T0{hour}:00:00Z,c1,m1,12.50,grocery" for hour in (8, 9)]
    (tmp_path / "far.csv").write_text("\n".join(rows) + "\n")
    scenario = tmp_path / "far.yaml"
    scenario.write_text(FAR.format(file=tmp_path / "far.csv"))
    return scenario


@dataclass
class Ended:
    """How a command ended after a signal.

    Attributes:
        took_s: from the signal to its end.
        left: processes of it that outlived it.
    """

    code: int
    out: str
    err: str
    took_s: float
    left: list[str]


class Commands:
    """Runs commands of ours in a folder of their own, and leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def interrupted(
        self, words: list[str], number: signal.Signals, moment: Callable[[str], bool], *, by_nohup: bool = False
    ) -> Ended:
        """Run a command, send it a signal once its output is such that ``moment`` has come, wait for its end."""
        out, err = self.folder / "out.txt", self.folder / "err.txt"
        with out.open("wb") as to, err.open("wb") as errors:
            child = subprocess.Popen(
                [*(["nohup"] if by_nohup else []), sys.executable, "-m", "sim", *words],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=to,
                stderr=errors,
            )
        self._running.append(child)
        until(lambda: moment(out.read_text() + err.read_text()) or child.poll() is not None)
        family = psutil.Process(child.pid).children(recursive=True)
        begun_s = time.monotonic()
        child.send_signal(number)
        code = child.wait(60)
        took_s = time.monotonic() - begun_s
        _, left = psutil.wait_procs(family, timeout=5)
        return Ended(code, out.read_text(), err.read_text(), took_s, [each.name() for each in left])

    def close(self) -> None:
        """End what still runs."""
        for child in self._running:
            child.kill()
            child.wait()


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Return what runs commands."""
    found = Commands(tmp_path)
    yield found
    found.close()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true; a minute at most."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise TimeoutError("it did not come true in a minute")


def shows(text: str) -> Callable[[str], bool]:
    """Return what tells whether an output has ``text`` in it."""
    return lambda output: text in output


@pytest.mark.parametrize("number", ENDING)
def test_a_replay_ends_at_once_however_far_the_next_arrival_is(
    far: Path, commands: Commands, world_model: Path, number: signal.Signals
) -> None:
    """Whoever presses Ctrl-C, sends SIGTERM or closes the terminal gets a drained run and its files, in seconds."""
    words = ["run", str(far), "--tui", "off", "--clock", "real", "--model", str(world_model), "--out", "run"]
    ended = commands.interrupted(words, number, shows("0:01 "))
    assert ended.code == 130, ended.err
    assert ended.took_s < 5
    assert not ended.left
    assert ended.out.splitlines()[-1] == "files in run"
    assert "Traceback" not in ended.err
    summary = json.loads((commands.folder / "run/summary.json").read_text())
    assert summary["ledger"]["produced"] == summary["ledger"]["logged"] == 1
    assert summary["exit_code"] == 130


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_replay_ends_at_its_planned_end_however_far_the_next_arrival_is(
    far: Path, commands: Commands, world_model: Path, clock: str
) -> None:
    """`--duration` cuts a replay between two arrivals, and what is not due by then is not offered."""
    words = ["run", str(far), "--tui", "off", "--clock", clock, "--model", str(world_model), "--out", "run"]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *words, "--duration", "1500ms"],
        cwd=commands.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    summary = json.loads((commands.folder / "run/summary.json").read_text())
    assert summary["ledger"]["offered"] == summary["ledger"]["produced"] == summary["ledger"]["decided"] == 1
    assert summary["duration_s"] < 10
    assert "books                   passed" in done.stdout


def test_a_hanging_actor_does_not_hold_who_wants_the_end(commands: Commands, world_model: Path) -> None:
    """Ctrl-C lifts the faults: an actor that one of them holds would not drain before the fault is over."""
    (commands.folder / "hanging.yaml").write_text(HANGING)
    words = ["run", "hanging.yaml", "--tui", "off", "--model", str(world_model), "--out", "run"]
    ended = commands.interrupted(words, signal.SIGINT, shows("0:02 "))
    assert ended.code == 130, ended.err
    assert ended.took_s < 10
    summary = json.loads((commands.folder / "run/summary.json").read_text())
    assert summary["faults"][0]["state"] == "lifted"
    assert summary["ledger"]["produced"] == summary["ledger"]["decided"]


def test_a_run_that_is_to_outlive_its_terminal_does(far: Path, commands: Commands, world_model: Path) -> None:
    """Under `nohup` the end of the terminal is not heard."""
    words = ["run", str(far), "--tui", "off", "--clock", "real", "--model", str(world_model), "--out", "run"]
    ended = commands.interrupted([*words, "--duration", "4s"], signal.SIGHUP, shows("0:01 "), by_nohup=True)
    assert ended.code != 130
    assert (commands.folder / "run/summary.json").is_file()


@pytest.mark.parametrize("number", ENDING)
def test_training_is_interrupted_in_a_line(commands: Commands, number: signal.Signals) -> None:
    """Nothing of a model that was not finished is left, and no process that goes on with it."""
    (commands.folder / "other.yaml").write_text(TRAINING)
    ended = commands.interrupted(["run", "other.yaml", "--tui", "off"], number, shows("train"))
    assert (ended.code, ended.err.splitlines()) == (130, ["interrupted"])
    assert ended.took_s < 10
    assert not ended.left
    assert not list((commands.folder / "models").glob("*"))
    assert not list((commands.folder / "models").glob(".*"))


@pytest.mark.parametrize("number", ENDING)
def test_measuring_the_capacity_is_interrupted_in_a_line(
    commands: Commands, world_model: Path, number: signal.Signals
) -> None:
    """Nothing has run yet, so there is nothing to drain and no folder."""
    words = ["run", str(ROOT / "scenarios/burst.yaml"), "--tui", "off", "--model", str(world_model), "--out", "run"]
    share = ["--set", "phases.baseline.rate=0.1x capacity"]
    ended = commands.interrupted([*words, *share], number, shows("measuring"))
    assert (ended.code, ended.err.splitlines()) == (130, ["interrupted"])
    assert not ended.left
    assert not (commands.folder / "run").exists()


@pytest.mark.parametrize("wait_s", [0.05, 0.3, 0.6, 1.0, 1.4])
def test_a_command_that_is_starting_is_interrupted_in_a_line(
    far: Path, commands: Commands, world_model: Path, wait_s: float
) -> None:
    """Whatever is being imported or made ready: a line at most, never a trace."""
    begun_s = time.monotonic()
    words = ["run", str(far), "--tui", "off", "--clock", "real", "--model", str(world_model), "--out", "run"]
    ended = commands.interrupted(words, signal.SIGTERM, lambda _: time.monotonic() - begun_s > wait_s)
    assert ended.code in {130, -signal.SIGTERM}  # the interpreter itself starts in 20 ms, deaf to reason
    assert "Traceback" not in ended.err
    assert not ended.left


@pytest.mark.parametrize("words", [["explore", "--seeds", "50"], ["twin"], ["check-determinism"]])
def test_other_commands_are_interrupted_too(commands: Commands, world_model: Path, words: list[str]) -> None:
    """130, no trace, and no worker that goes on."""
    scenario = ROOT / "tests/explore/everything_fails.yaml"
    begun_s = time.monotonic()
    given = [words[0], str(scenario), *words[1:], "--model", str(world_model)]
    # Before any of them can be done: a quick machine takes three seconds for two runs.
    ended = commands.interrupted(given, signal.SIGTERM, lambda _: time.monotonic() - begun_s > 1.2)
    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    assert not ended.left
