"""The terminal is always given back: tested in a terminal of its own (a pty)."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.controls import HELD_S
from tests.dashboard.test_cast import read_cast
from tests.support.repository import ROOT

DRIVER = """
import sys, time
from pathlib import Path
from msgspec.structs import replace
from dashboard.actions import Burst, Quit
from dashboard.choices import Answer, Choices, FaultChoice, Parameter, Suspect
from dashboard.live import Screen
from tests.support.dashboard.frames import outage
from tests.support.dashboard.healthy_frame import burst
how = sys.argv[1]
if how.endswith(".cast"):
    screen = Screen.start(record=Path(how))
else:
    screen = Screen.start()
frame = outage() if how == "keys" else burst()
keys = (Parameter(key="duration", value="10s", hint="how long"), Parameter(key="moment", options=("after", "before")))
screen.offer(
    Choices(
        folder="/nowhere/at/all",
        faults=(FaultChoice(kind="model_slow", summary="slower", parameters=keys), FaultChoice(kind="a", summary="b")),
        suspects=(Suspect(part="disk", words="the disk", kinds=(("slow_disk", "slower"),)),),
    )
)
asked = []
answer, number = None, 0
print(screen._process.pid, file=sys.stderr, flush=True)
with screen:
    text = "files in runs/x"
    try:
        end = time.monotonic() + 300
        while time.monotonic() < end and not any(isinstance(each, Quit) for each in asked):
            new = screen.actions()
            for each in new:
                print(each, file=sys.stderr, flush=True)
                number += each.answered
                answer = Answer(f"done {number}", number=number)
                if isinstance(each, Burst) and each.rate == "9x":
                    answer = Answer("not 9x", good=False, key="rate", number=number)
            asked += new
            if how != "wait":
                screen.show(replace(frame, answer=answer))
            if how == "raise":
                raise RuntimeError("boom")
            time.sleep(0.02)
    except KeyboardInterrupt:
        text = "interrupted"
    screen.close(burst(), text)
"""
PATIENCE_S = 60.0  # of a busy machine
STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Session:
    """A run in a terminal of 80×24, and what the terminal has been told so far."""

    def __init__(self, how: str, *, keys: bool = True) -> None:
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(80, 24)
        self.before = termios.tcgetattr(slave)
        self.run = subprocess.Popen(
            [sys.executable, "-c", DRIVER, how],
            stdin=slave if keys else subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509  a controlling terminal, so that Ctrl-C is real
        )
        assert self.run.stderr is not None
        self.child = int(self.run.stderr.readline())
        self.seen = ""

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def await_text(self, text: str) -> None:
        """Read until the text has been written."""
        end = time.monotonic() + PATIENCE_S
        while text not in STYLE.sub("", self.seen):
            assert time.monotonic() < end, f"no {text!r} in {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.master, 1 << 16).decode(errors="replace")

    def assert_given_back(self) -> None:
        """Main screen, cursor, line wrap and keys are as they were."""
        self.await_text("\x1b[?1049l")
        assert "\x1b[?25h" in self.seen
        assert "\x1b[?7h" in self.seen
        end = time.monotonic() + PATIENCE_S
        while termios.tcgetattr(self.slave) != self.before:
            assert time.monotonic() < end, "the terminal's modes are not restored"
            time.sleep(0.01)


@contextlib.contextmanager
def closing_session(how: str, *, keys: bool = True) -> Iterator[Session]:
    """A run whose first picture is on the screen, ended with the context."""
    session = Session(how, keys=keys)
    try:
        yield session
    finally:
        session.run.kill()
        session.run.wait()
        if session.run.stderr is not None:
            session.run.stderr.close()
        os.close(session.master)
        os.close(session.slave)


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A run whose first picture is on the screen."""
    with closing_session(getattr(request, "param", "show")) as session:
        yield session


@pytest.mark.parametrize("session", ["wait"], indirect=True)
def test_the_first_picture_comes_before_the_first_frame(session: Session) -> None:
    """The terminal is taken, and says what is going on at once."""
    session.await_text("starting")
    assert session.seen.startswith("\x1b[?1049h")
    assert termios.tcgetattr(session.slave) != session.before


def test_quitting_gives_the_terminal_back_and_leaves_the_verdict(session: Session) -> None:
    """The key q reaches the run; the final picture and the text stay on the normal screen."""
    session.await_text("throughput")
    session.press("q")
    session.await_text("files in runs/x")
    session.assert_given_back()
    after = session.seen.rpartition("\x1b[?1049l")[2]
    assert "verdict" in after
    assert "throughput" in after
    assert session.run.wait() == 0


def test_ctrl_c_is_the_pipelines_business(session: Session) -> None:
    """The screen lives on until the run has drained, then gives the terminal back."""
    session.await_text("throughput")
    session.press("\x03")
    session.await_text("interrupted")
    session.assert_given_back()


def test_a_killed_run_gives_the_terminal_back(session: Session) -> None:
    """Kill -9 on the pipeline: the screen sees the pipe close and cleans up alone."""
    session.await_text("throughput")
    session.run.kill()
    session.assert_given_back()


@pytest.mark.parametrize("session", ["raise"], indirect=True)
def test_a_crash_gives_the_terminal_back_before_the_traceback(session: Session) -> None:
    """An exception in the run is readable on the normal screen."""
    assert session.run.stderr is not None
    assert b"boom" in session.run.stderr.read()
    session.assert_given_back()


def test_a_screen_told_to_end_gives_the_terminal_back(session: Session) -> None:
    """SIGTERM to the screen alone; the run goes on without it."""
    session.await_text("throughput")
    os.kill(session.child, signal.SIGTERM)
    session.assert_given_back()
    assert session.run.poll() is None


def test_a_killed_screen_is_cleaned_up_after_by_the_run(session: Session) -> None:
    """Kill -9 on the screen: closing it on the pipeline's side gives the terminal back."""
    session.await_text("throughput")
    os.kill(session.child, signal.SIGKILL)
    session.press("\x03")
    session.await_text("interrupted")
    session.assert_given_back()


def test_keys_freeze_and_explain(session: Session) -> None:
    """The keys p and h work in the screen's own process."""
    session.await_text("throughput")
    session.press("p")
    session.await_text("frozen")
    session.press("h")
    session.await_text("expectations")
    session.await_text("symbols")


def test_another_size_is_followed(session: Session) -> None:
    """The picture grows with the window, and says so when it is too small."""
    session.await_text("throughput")
    session.resize(200, 60)
    session.await_text("drift")
    session.resize(40, 10)
    session.await_text("40×10 is too small")


KEYS = (  # what is pressed, what is shown then, what the run is asked
    ("?", "symbols", ""),
    ("\x1b", "throughput", ""),
    ("f", "inject a fault", ""),
    ("slow", "1 of 2", ""),
    ("\r", "Enter injects", ""),
    ("3s", "▸ duration      3s", ""),
    ("\x1b[B", "▸ moment", ""),
    ("\x1b[C", "< before >", ""),
    ("\x1b[D", "< after >", ""),
    ("\x1b[A", "▸ duration", ""),
    ("\r", "done 1", "Inject(kind='model_slow', values=(('duration', '3s'), ('moment', 'after')))"),
    ("l", "lift a fault", ""),
    ("\r", "done 2", "Lift(fault="),
    ("b", "a burst now", ""),
    ("9x", "9x", ""),
    ("\r", "✗ not 9x", "Burst(rate='9x', length='10s')"),
    ("\x7f\x7f4x", "4x", ""),
    ("\t7s", "7s", ""),
    ("\r", "done 4", "Burst(rate='4x', length='7s')"),
    ("++++++++++", "done 5", "ShiftRate(tenths=1)"),
    ("-", "done 6", "ShiftRate(tenths=-1)"),
    ("m", "change the model", ""),
    ("\r", "done 7", "RollBack()"),
    ("a", "acknowledge an alert", ""),
    ("\r", "done 8", "Acknowledge(alert="),
    ("n", "note", ""),
    ("so it is", "so it is", ""),
    ("\r", "done 9", "Note(text='so it is')"),
    ("d", "what is broken?", ""),
    ("\r", "how is it broken?", ""),
    ("\x1b[B\r", "done 10", "Call(part='disk', kind='')"),
    ("r", "end the incident?", ""),
    ("\r", "done 11", "EndIncident()"),
    ("s", "cannot be written", ""),
    ("1", "── latency", ""),
    ("2", "── stages", ""),
    ("3", "── feature store", ""),
    ("4", "── scores", ""),
    ("5", "── ledger", ""),
    ("6", "── expectations", ""),
    ("0", "── throughput", ""),
    (" ", "frozen", ""),
    ("q", "files in runs/x", "Quit()"),
)


@pytest.mark.parametrize("session", ["keys"], indirect=True)
def test_every_key_does_what_it_says(session: Session) -> None:
    """Each opens its menu or acts at once, and the run hears of it; a picture that cannot be saved is a line.

    What is refused can be typed anew in the form that it was typed in; a key that is held down counts once.
    """
    session.await_text("throughput")
    for keys, shown, asked in KEYS:
        session.seen = ""
        session.press(keys)
        if asked:
            assert session.run.stderr is not None
            assert session.run.stderr.readline().decode().startswith(asked)
        session.await_text(shown)
        time.sleep(HELD_S)  # as a person: the same key at once would be held down
    session.assert_given_back()


def test_a_terminal_that_gives_no_keys_says_so_in_a_line() -> None:
    """The picture is there, its last line names no key, and Ctrl-C still ends the run."""
    with closing_session("show", keys=False) as session:
        session.await_text("no keys: standard input is not a terminal")
        session.await_text("throughput")
        assert "quit" not in session.seen
        session.press("\x03")
        session.await_text("interrupted")
        session.await_text("\x1b[?1049l")


@pytest.mark.parametrize("session", ["keys"], indirect=True)
def test_a_screen_that_dies_with_a_menu_open_leaves_the_terminal_as_it_was(session: Session) -> None:
    """At any size of the menu: the run goes on, and the terminal is given back."""
    session.await_text("throughput")
    session.press("f")
    session.await_text("inject a fault")
    session.resize(60, 20)
    session.await_text("60×20 is too small")
    session.resize(100, 30)
    session.await_text("model_slow")
    os.kill(session.child, signal.SIGKILL)
    session.press("\x03")
    session.await_text("interrupted")
    session.assert_given_back()


def test_a_recording_of_a_real_screen_is_a_cast(tmp_path: Path) -> None:
    """What the terminal was told is in it, up to the end; one that cannot be begun is a line, and the run goes on."""
    file = tmp_path / "a.cast"
    for place, heard in (
        (file, "Quit()"),
        (tmp_path / "none" / "a.cast", "NotRecorded(why='No such file or directory')"),
    ):
        with closing_session(str(place)) as session:
            session.await_text("throughput")
            session.press("q")
            assert session.run.stderr is not None
            assert session.run.stderr.readline().decode().strip() == heard
            session.assert_given_back()
            session.run.wait()
    header, events = read_cast(file)
    assert (header["width"], header["height"]) == (80, 24)
    assert "throughput" in "".join(data for _, code, data in events if code == "o")
    assert any(code == "m" and data.startswith("phase ") for _, code, data in events)
