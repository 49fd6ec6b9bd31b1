"""Plain lines, where there is no terminal."""

import io
import os

from dashboard.frame import Notice
from dashboard.plain import PlainScreen, plain_line
from tests.support.dashboard.frames import SAMPLES, outage
from tests.support.dashboard.healthy_frame import burst


class Wall:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def test_a_line_has_the_figures_of_the_last_ten_seconds() -> None:
    """Elapsed, phase, rates, percentiles, modes, what fires, the ledger."""
    assert plain_line(outage()) == (
        "   0:31 outage       | offered 3,266 /s achieved 3,264 /s | p50  412 µs p95 1.24 ms p99 3.87 ms | "
        "full 2.0 %, realtime_only 98.0 % | FIRING FeatureStoreErrors | ledger balanced"
    )


def test_lines_are_one_line_each() -> None:
    """No name can break a line or send a control code."""
    for make in SAMPLES.values():
        assert plain_line(make()).isprintable()


def test_one_line_a_second_however_often_frames_come() -> None:
    """Ten frames a second for three seconds print three lines; what says the same is not repeated."""
    wall, out = Wall(), io.StringIO()
    screen = PlainScreen(wall, out)
    from msgspec.structs import replace

    frame = burst()
    for tick in range(30):
        screen.show(replace(frame, header=replace(frame.header, elapsed_s=tick / 10)))
        wall.now_s += 0.1
    assert len(out.getvalue().splitlines()) == 3


def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    """`… | head`: the pipe closes, later lines and the verdict go nowhere, and nothing is raised."""
    read, write = os.pipe()
    out = os.fdopen(write, "w", encoding="ascii")
    with out:
        wall = Wall()
        screen = PlainScreen(wall, out)
        screen.show(Notice(title="4 µs"))
        os.close(read)
        wall.now_s += 2
        screen.show(burst())
        assert not screen.alive
        assert not screen.ready
        screen.close(burst(), "files")


def test_training_shows_its_progress_in_lines() -> None:
    """A notice is one line: what, how far, detail."""
    out = io.StringIO()
    PlainScreen(Wall(), out).show(Notice(title="training the model", done_ratio=0.4, detail="3 of 8 weeks"))
    assert out.getvalue() == "training the model 40.0 % · 3 of 8 weeks\n"


def test_what_is_new_is_said_at_once() -> None:
    """A notice that follows another within a second is not lost; how far the same thing is, is said once a second."""
    out = io.StringIO()
    screen = PlainScreen(Wall(), out)
    for title, done in (("starting", None), ("measuring", 0.1), ("measuring", 0.2), ("running", None)):
        screen.show(Notice(title=title, done_ratio=done))
    assert out.getvalue().splitlines() == ["starting", "measuring 10.0 %", "running"]


def test_closing_prints_the_verdict_and_no_picture() -> None:
    """A log file gets the verdict, the caller's text, and no escape code."""
    out = io.StringIO()
    PlainScreen(Wall(), out).close(burst(), "files in runs/x")
    text = out.getvalue()
    assert "verdict ✓ PASS" in text
    assert "── throughput" not in text
    assert "\x1b" not in text
    assert text.endswith("files in runs/x\n")
