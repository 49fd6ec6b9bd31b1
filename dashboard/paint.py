"""From rows to what a terminal reads: only the lines that changed, in one piece, without flicker."""

from collections.abc import Sequence
from typing import Final

from rich.color import ColorSystem
from rich.console import Console

from dashboard.rows import Row

_BEGIN: Final = "\x1b[?2026h"  # terminals that know it show the whole update at once; others ignore it
_END: Final = "\x1b[?2026l"


class Painter:
    """Remembers what the terminal shows and writes the difference.

    Rich decides which colours the terminal has, and honours NO_COLOR: symbols, words and bold stay.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(force_terminal=True)
        name = console.color_system
        self._colors = None if name is None else ColorSystem[{"256": "EIGHT_BIT"}.get(name, name.upper())]
        self._plain = console.no_color
        self._shown: list[str] = []

    def forget(self) -> None:
        """Write everything next time: the size changed, or someone else may have written."""
        self._shown = []

    def update(self, rows: Sequence[Row]) -> str:
        """Return what brings the terminal from the last picture to this one; "" when they are equal."""
        lines = [self.line(row) for row in rows]
        fresh = len(lines) != len(self._shown)
        changed = [
            f"\x1b[{number}H{line}" for number, line in enumerate(lines, 1) if fresh or line != self._shown[number - 1]
        ]
        self._shown = lines
        return f"{_BEGIN}{''.join(changed)}{_END}" if changed else ""

    def line(self, row: Row) -> str:
        """Return one row with its colours."""
        parts = []
        for text, style, _ in row:
            if style is None:
                parts.append(text)
                continue
            shown = style.without_color if self._plain else style
            parts.append(shown.render(text, color_system=self._colors))
        return "".join(parts)
