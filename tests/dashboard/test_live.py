"""The pipeline's side of the screen: it never waits, whatever the other side does."""

import signal
import socket
import sys

import pytest

from dashboard.actions import Note, Quit
from dashboard.choices import Choices
from dashboard.frame import Notice
from dashboard.live import Pipe, Screen, open_screen, wants_live
from dashboard.plain import PlainScreen
from dashboard.wire import Inbox, pack
from tests.support.dashboard.healthy_frame import burst

SLEEPER = (sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
QUITTER = (sys.executable, "-c", "")


def notice(number: int) -> Notice:
    """A message that fills a pipe quickly."""
    return Notice(title=f"{number}", detail="x" * 50_000)


def drain(end: socket.socket, inbox: Inbox) -> None:
    """Read what waits."""
    end.setblocking(False)
    try:
        while data := end.recv(1 << 16):
            inbox.feed(data)
    except BlockingIOError:
        return


def test_a_reader_that_never_reads_blocks_nobody() -> None:
    """Thousands of messages into a full pipe return at once; one of them is kept."""
    ours, theirs = socket.socketpair()
    with theirs:
        pipe = Pipe(ours)
        for number in range(2_000):
            pipe.send(notice(number))
        assert pipe.alive
        assert not pipe.ready
        pipe.close()


def test_the_latest_message_wins_and_only_whole_ones_arrive() -> None:
    """A slow reader finishes the message it was in, then gets the newest; nothing between, nothing torn."""
    ours, theirs = socket.socketpair()
    with theirs:
        pipe, inbox = Pipe(ours), Inbox()
        for number in range(500):
            pipe.send(notice(number))
        seen = []
        for _ in range(100):
            drain(theirs, inbox)
            if (message := inbox.take()) is not None:
                seen.append(message)
            pipe.pump()
        assert seen[-1] == notice(499)
        assert len(seen) < 20
        assert pipe.ready
        pipe.close()


def test_a_reader_that_has_gone_is_noticed_and_forgiven() -> None:
    """Sending to a closed pipe raises nothing, and costs nothing from then on."""
    ours, theirs = socket.socketpair()
    pipe = Pipe(ours)
    theirs.close()
    for number in range(3):
        pipe.send(notice(number))
    assert not pipe.alive
    assert not pipe.ready
    assert pipe.receive() == []
    assert pipe.fileno() is None
    pipe.close()


def test_actions_come_back() -> None:
    """What the other side sends can be read, without waiting for it, also where it comes in pieces."""
    ours, theirs = socket.socketpair()
    with theirs:
        pipe = Pipe(ours)
        assert pipe.receive() == []
        data = pack(Note("brownout")) + pack(Quit())
        theirs.send(data[:7])
        assert pipe.receive() == []
        theirs.send(data[7:])
        assert pipe.receive() == [Note("brownout"), Quit()]
        pipe.close()


def test_a_screen_that_sends_nonsense_is_as_good_as_dead() -> None:
    """What is no action ends the listening, not the run."""
    ours, theirs = socket.socketpair()
    with theirs:
        pipe = Pipe(ours)
        theirs.send(b"\0\0\0\3abc")
        assert pipe.receive() == []
        assert not pipe.alive
        pipe.close()


def test_what_is_kept_arrives_whatever_overtakes_it() -> None:
    """What can be asked of the run is told once, before whatever waits, and no later frame takes its place."""
    ours, theirs = socket.socketpair()
    with theirs:
        pipe, inbox = Pipe(ours), Inbox()
        for number in range(50):
            pipe.send(notice(number))
        pipe.keep(Choices(refused="not today"))
        for number in range(50, 100):
            pipe.send(notice(number))
        for _ in range(100):
            drain(theirs, inbox)
            pipe.pump()
        assert inbox.choices.refused == "not today"
        assert inbox.take() == notice(99)
        pipe.close()


def test_a_screen_that_never_reads_neither_slows_nor_stops_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    """Its process is ended within a bounded time, and the verdict is still printed."""
    screen = Screen.start(SLEEPER)
    for _ in range(300):
        screen.show(burst())
    assert screen.alive
    assert not screen.ready
    screen.close(burst(), "files in runs/x")
    assert screen._process.returncode == -signal.SIGKILL
    out = capfd.readouterr().out
    assert "verdict ✓ PASS" in out
    assert out.endswith("files in runs/x\n")


def test_a_screen_that_dies_does_not_take_the_run_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    """Frames go nowhere, nothing is raised, and the terminal is put right by the pipeline's side."""
    screen = Screen.start(SLEEPER)
    screen._process.kill()
    screen._process.wait()
    for _ in range(50):
        screen.show(burst())
    assert not screen.alive
    screen.close(burst())
    screen.close(burst())
    out = capfd.readouterr().out
    assert "\x1b[?1049l" in out
    assert out.count("verdict") == 1
    assert out.endswith("lost: the process that drew the screen ended by signal 9; nothing else was touched by that\n")


def test_a_screen_that_cannot_start_is_forgiven(capfd: pytest.CaptureFixture[str]) -> None:
    """A child that ends at once leaves a run without a picture."""
    with Screen.start(QUITTER) as screen:
        screen._process.wait()
        screen.show(burst())
        screen.show(burst())
    assert not screen.alive
    assert capfd.readouterr().err == ""


def test_without_a_terminal_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a dumb terminal and `--tui off` get plain lines; `--tui on` cannot make a terminal."""
    assert not wants_live("off")
    assert not wants_live("on")
    assert isinstance(open_screen(live=wants_live("auto")), PlainScreen)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("os.isatty", lambda _fd: True)
    assert not wants_live("auto")
