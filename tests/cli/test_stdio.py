"""Standard output and error, whoever reads them, and whatever the environment says of the terminal."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from sim.stdio import forget_senseless_sizes, wrapped
from tests.support.repository import ROOT

SHORT = """
version: 1
name: short
phases: [{name: calm, duration: 1s, rate: 20}]
expect:
  - {name: books, expr: "ledger.balanced == 1"}
  - {name: never, expr: "throughput > 1e6"}
"""


@pytest.fixture
def run(tmp_path: Path, world_model: Path) -> str:
    """Return a command that runs a scenario which fails."""
    (tmp_path / "short.yaml").write_text(SHORT)
    words = f"run {tmp_path}/short.yaml --clock virtual --tui off --model {world_model} --out {tmp_path}/run"
    return f"{sys.executable} -m sim {words}"


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, whose last command's exit code it ends with, in the repository."""
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    encoding = "latin-1" if environment.get("PYTHONIOENCODING") == "latin-1" else "utf-8"
    command = ["bash", "-c", line]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding=encoding, check=False)


def code_of(command: str, rest: str) -> tuple[int, str]:
    """Return the exit code of the first command of a pipe, and all that came on standard error."""
    done = shell(f"{command} {rest}; exit ${{PIPESTATUS[0]}}")
    return done.returncode, done.stderr


@pytest.mark.parametrize("rest", ["| head -1", "| true", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_ends_with_its_verdict_whoever_reads_it(run: str, rest: str) -> None:
    """A reader that leaves and a stream that is closed cost nothing, and nothing is said of them."""
    code, err = code_of(run, rest)
    assert code == 99, err
    assert err == ""


@pytest.mark.parametrize("words", ["list", "schema", "--help", "run --help", "validate scenarios"])
@pytest.mark.parametrize("rest", ["| head -1", "| true", ">&-", "2>&-"])
def test_a_command_succeeds_whoever_reads_it(words: str, rest: str) -> None:
    """The exit code is that of what was done."""
    code, err = code_of(f"{sys.executable} -m sim {words}", rest)
    assert code == 0, err
    assert err == ""


@pytest.mark.parametrize("rest", ["2>&-", ">&- 2>&-", "2>&1 | true"])
def test_a_refusal_stays_one_whoever_reads_it(rest: str) -> None:
    """What is wrong with the input is wrong without a reader, too."""
    assert code_of(f"{sys.executable} -m sim validate nowhere.yaml", rest)[0] == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_that_is_lost_is_told_and_is_no_success(run: str) -> None:
    """A full device: a line says so, what succeeded does not end with 0, and a verdict that is worse stays."""
    code, err = code_of(f"{sys.executable} -m sim list", ">/dev/full")
    assert (code, err.count("\n")) == (2, 1)
    assert "standard output: No space left on device" in err
    code, err = code_of(run, ">/dev/full")
    assert code == 99
    assert err.startswith("standard output: ")


def test_every_line_of_a_run_ends_and_none_in_blanks(run: str) -> None:
    """`tail -1` gives the folder, `grep` the line one looks for."""
    lines = shell(run).stdout.split("\n")
    assert lines[-1] == ""
    assert lines[-2].startswith("files in ")
    assert [line for line in lines if line != line.rstrip()] == []
    assert any(line.strip() == "ledger        balanced ✓" for line in lines)


@pytest.mark.parametrize(
    "encoding", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LANG": "C", "LC_ALL": "C"}]
)
def test_no_encoding_confuses_pass_and_fail(run: str, encoding: dict[str, str]) -> None:
    """The signs of what passed, of what failed and of what is not known differ, and no sign is lost."""
    text = shell(run, **encoding).stdout
    signs = {words[1]: words[0] for words in map(str.split, text.splitlines()) if len(words) > 1}
    assert len({signs["books"], signs["never"], "?"}) == 3
    assert "?" not in text


@pytest.mark.parametrize("given", ["0", "abc", "-5", "1", "", "99999999999999999999", "٤٢"])
def test_a_size_that_no_window_has_is_not_believed(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """Whoever draws then asks the terminal itself."""
    monkeypatch.setenv("COLUMNS", given)
    monkeypatch.setenv("LINES", given)
    forget_senseless_sizes()
    assert "COLUMNS" not in os.environ
    assert "LINES" not in os.environ


def test_a_size_that_a_window_may_have_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own width is kept."""
    monkeypatch.setenv("COLUMNS", "132")
    forget_senseless_sizes()
    assert os.environ["COLUMNS"] == "132"


def in_terminal(line: str, columns: int) -> str:
    """Return what a line of shell writes in a terminal so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(["bash", "-c", line], cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # nobody has the other end any more
            while part := os.read(ours, 1 << 16):
                told += part
        assert run.wait() is not None
    os.close(ours)
    return told.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "words",
    ["list", "validate scenarios/a_scenario_that_is_nowhere_at_all.yaml scenarios/nor_is_this_one_of_them.yaml"],
)
@pytest.mark.parametrize("columns", [40, 80, 300])
def test_a_line_breaks_between_words_in_a_terminal_and_nowhere_else(words: str, columns: int) -> None:
    """No word is torn, what goes on stands in, and in a pipe it is the same text with one line for each."""
    command = f"{sys.executable} -m sim {words}"
    piped, shown = shell(f"{command} 2>&1").stdout, in_terminal(command, columns)
    assert shown.split() == piped.split()
    assert all(len(line) <= columns or len(line.split()) == 1 for line in shown.splitlines())
    begun = [line for line in shown.splitlines() if not line.startswith(" ")]
    assert len(begun) == len(piped.splitlines())
    assert (shown == piped) == all(len(line) <= columns for line in piped.splitlines())


def test_a_document_is_the_same_in_a_terminal(tmp_path: Path) -> None:
    """It is there to be copied, whatever the width."""
    command = f"{sys.executable} -m sim schema"
    assert in_terminal(command, 40) == shell(command).stdout


def test_what_draws_is_left_alone() -> None:
    """A line with colours or a bar in it, and a word that is longer than the terminal, stay as they are."""
    for line in ("\x1b[1mbold\x1b[0m " + "word " * 20, "\r" + "bar " * 20, "/a/long/path" * 5):
        assert wrapped(line, 30) == [line]
