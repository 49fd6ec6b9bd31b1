"""From rows to what a terminal reads."""

import pytest
from msgspec.structs import replace
from rich.console import Console

from dashboard.process import Painter
from dashboard.screen import render
from tests.support.dashboard.frames import failing
from tests.support.dashboard.healthy_frame import burst

COLOUR = "\x1b[38;"


def console() -> Console:
    """A terminal with many colours, whatever the tests run in."""
    return Console(force_terminal=True, color_system="truecolor", width=80)


def test_only_lines_that_changed_are_written() -> None:
    """A clock that ticks costs two lines, the same picture nothing."""
    painter = Painter(console())
    frame = burst()
    assert painter.update(render(frame, 80, 24).rows).count("H") >= 24
    assert painter.update(render(frame, 80, 24).rows) == ""
    later = replace(frame, header=replace(frame.header, elapsed_s=32.4))
    update = painter.update(render(later, 80, 24).rows)
    assert 1 <= update.count("\x1b[2H") + update.count("\x1b[23H") <= 2
    assert "\x1b[5H" not in update


def test_everything_is_written_again_after_forgetting() -> None:
    """What another process wrote over the picture does not stay."""
    painter = Painter(console())
    rows = render(burst(), 80, 24).rows
    first = painter.update(rows)
    painter.forget()
    assert painter.update(rows) == first


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR takes every colour away and leaves the text as it is."""
    monkeypatch.setenv("NO_COLOR", "1")
    rows = render(failing(), 120, 40).rows
    update = Painter(Console(force_terminal=True, color_system="truecolor")).update(rows)
    assert COLOUR not in update
    for colour in (*range(30, 38), *range(90, 98)):
        assert f"\x1b[{colour}m" not in update
        assert f";{colour}m" not in update
    assert "✗" in update
    monkeypatch.delenv("NO_COLOR")
    assert COLOUR in Painter(Console(force_terminal=True, color_system="truecolor")).update(rows)


def test_no_name_reaches_the_terminal_as_a_command() -> None:
    """An escape sequence in a scenario's name is printed as text."""
    update = Painter(console()).update(render(failing(), 80, 24).rows)
    assert "\x1b[31m" not in update
