"""A frame as an SVG picture, for documents."""

import io
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from dashboard.frame import Frame
from dashboard.screen import View, render

_DARK: Final = TerminalTheme(
    (17, 20, 26),
    (216, 220, 226),
    [
        (17, 20, 26),
        (240, 113, 94),
        (94, 201, 160),
        (240, 180, 80),
        (95, 160, 245),
        (200, 140, 210),
        (100, 200, 215),
        (216, 220, 226),
    ],
    [
        (122, 130, 142),
        (240, 113, 94),
        (94, 201, 160),
        (240, 180, 80),
        (95, 160, 245),
        (200, 140, 210),
        (100, 200, 215),
        (250, 250, 252),
    ],
)


def to_svg(frame: Frame, width: int = 120, height: int = 40, title: str = "riskdrill") -> str:
    """Return the screen at this size as SVG; the same frame gives the same text."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        height=height,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        legacy_windows=False,
    )
    console.print(render(frame, width, height, View(final=True)), end="")
    return console.export_svg(title=title, theme=_DARK, unique_id="riskdrill")
