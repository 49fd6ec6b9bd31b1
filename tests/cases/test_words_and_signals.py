"""Cases about what a run says, when it ends, and who reads it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cases import Case
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

GetCase = Callable[[str], Case]
LATER = r" +0:0[1-9] "  # a busy machine may print no line in the second that one waits for


def started(case: Case, *words: str) -> "subprocess.Popen[str]":
    """Start a command of ours in the folder of the case, on the real clock."""
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *words],
        cwd=case.folder,
        env=case.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def on_real_clock(case: Case, scenario: str) -> list[str]:
    """Return the words that run a scenario of the case on the real clock."""
    return ["run", f"{scenario}.yaml", "--tui", "off", "--model", str(case.model), "--out", str(case.out)]


def signalled(child: "subprocess.Popen[str]", number: signal.Signals, after: str) -> tuple[int, str]:
    """Send a signal once a line begins as ``after`` says; return the exit code and what came on standard error."""
    assert child.stdout is not None
    for line in child.stdout:
        if re.match(after, line):
            break
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    return child.returncode, err


def test_a_rate_below_one_is_not_none(case: GetCase) -> None:
    """Seven transactions in twenty seconds are 0.35 a second; a p95 of seven is too few to prove a pass."""
    outcome = case("19").run("half")
    assert outcome.code == 3, outcome.err
    assert "latency.p95 has 7 samples, a pass takes 200" in outcome.out
    assert "throughput    0.35 /s of 0.35 /s offered" in outcome.out


@pytest.mark.parametrize("scenario", ["zero", "tiny"])
def test_a_run_in_which_nothing_comes_proves_nothing(case: GetCase, scenario: str) -> None:
    """Nobody was served, so no promise was kept."""
    outcome = case("19").run(scenario)
    assert outcome.code == 3
    assert "nothing was decided: none was sent" in outcome.out


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_terminal_drains_a_run(case: GetCase, number: signal.Signals) -> None:
    """As Ctrl-C does: 130, a summary, and everything accepted decided."""
    here = case("25")
    words = [*on_real_clock(here, "base"), "--set", "phases.calm.duration=60s"]
    code, err = signalled(started(here, *words), number, LATER)
    assert code == 130, err
    books = json.loads((here.out / "summary.json").read_text())["ledger"]
    assert books["balanced"]
    assert books["produced"] == books["decided"] == books["logged"] > 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_training_that_a_run_needs_is_interrupted_in_a_line(
    case: GetCase, tmp_path: Path, number: signal.Signals
) -> None:
    """There is no verdict yet, no trace, and nothing half done."""
    here = case("25")
    words = ["run", str(here.folder / "train.yaml"), "--tui", "off"]
    child = subprocess.Popen(
        [sys.executable, "-m", "sim", *words],
        cwd=tmp_path,
        env=here.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    code, err = signalled(child, number, ".*training")
    assert (code, err) == (130, "interrupted\n")
    assert [each for each in (tmp_path / "models").glob("*") if each.name != ".training"] == []


@pytest.mark.parametrize("columns", ["0", "abc", "-5", "1"])
def test_a_width_that_no_window_has_hides_no_verdict(case: GetCase, columns: str) -> None:
    """In a terminal whose COLUMNS are nonsense the verdict is on the screen, as wide as that is."""
    here = case("26")
    ours, theirs = pty.openpty()
    words = [*on_real_clock(here, "base"), "--clock", "virtual"]
    child = subprocess.Popen(
        [sys.executable, "-m", "sim", *words],
        cwd=here.folder,
        env=here.environment | {"COLUMNS": columns, "LINES": columns, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        text += part
    os.close(ours)
    assert child.wait(60) == 0
    assert b"PASS" in text
    assert b"files in" in text


def test_each_line_of_the_closing_text_ends(case: GetCase) -> None:
    """What stands on a line of its own can be found there."""
    outcome = case("26").run("base")
    lines = outcome.out.splitlines()
    assert lines[-1] == f"files in {case('26').out}"
    assert "   ledger        balanced ✓" in lines


def test_a_list_that_is_read_to_its_first_line_was_a_success() -> None:
    """Whoever takes one line has what they wanted."""
    line = f"{sys.executable} -m sim list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_replay_is_cut_between_two_arrivals(case: GetCase, clock: str) -> None:
    """Two seconds of a replay are two seconds, however far the next transaction is."""
    here = case("30")
    outcome = here.run("slow", "--clock", clock, "--duration", "2s")
    assert outcome.code in {0, 3}, outcome.err  # a busy machine may be late with its one transaction
    assert outcome.summary["duration_s"] < 5


def test_a_replay_is_interrupted_between_two_arrivals(case: GetCase) -> None:
    """Ctrl-C need not wait half a minute for a transaction that nobody will send."""
    here = case("30")
    code, err = signalled(started(here, *on_real_clock(here, "slow")), signal.SIGINT, LATER)
    assert code == 130, err
    assert json.loads((here.out / "summary.json").read_text())["duration_s"] < 10
