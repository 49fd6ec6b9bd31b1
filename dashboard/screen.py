"""The whole screen as a pure function: the same frame, size and view always give the same picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment

from dashboard.frame import Frame
from dashboard.layout import Band, plan
from dashboard.panels import footer, header, manual, small
from dashboard.panels.panel import Panel
from dashboard.rows import Piece, Row, beside, block, fit, row, rule
from dashboard.theme import DIM, RULE, TITLE

LEAST_WIDTH: Final = 80
LEAST_HEIGHT: Final = 24
_GAP: Final = 2  # cells between panels side by side
_TALL: Final = 30  # from here on the header has a line for the hypothesis, and a blank one under it


@dataclass(frozen=True, slots=True)
class View:
    """What the person at the keyboard has chosen, and what the screen knows of its own feed.

    Attributes:
        frozen: the picture stands still while the run goes on.
        help: the page of keys and symbols covers the panels.
        silent_s: how long no frame has come; 0 while they come.
        final: the run is over, and no key does anything.
    """

    frozen: bool = False
    help: bool = False
    silent_s: float = 0.0
    final: bool = False

    @property
    def status(self) -> str:
        """Return what the bottom line must say, if anything."""
        if self.frozen:
            return "frozen, p to follow the run"
        return f"no news for {self.silent_s:.0f} s" if self.silent_s >= 1 else ""


LIVE: Final = View()


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of equal width, as something Rich can print."""

    rows: list[Row]
    width: int

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the rows, with a line end between them and none after the last."""
        for index, line in enumerate(self.rows):
            if index:
                yield Segment.line()
            yield from line

    def __rich_measure__(self, _console: Console, _options: ConsoleOptions) -> Measurement:
        """Return the exact width."""
        return Measurement(self.width, self.width)


def render(frame: Frame, width: int, height: int, view: View = LIVE) -> Picture:
    """Return the screen: exactly ``height`` rows of ``width`` cells."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Picture(block(small.draw(frame, width, height, (LEAST_WIDTH, LEAST_HEIGHT)), width, height), width)
    tall = height >= _TALL
    rows = [fit(line, width) for line in header.draw(frame, width, 3 if tall and frame.header.hypothesis else 2)]
    if tall:
        rows.append(fit([], width))
    room = height - len(rows) - 1
    rows += block(manual.draw(width) if view.help else _bands(frame, width, room), width, room)
    return Picture([*rows, fit(footer.draw(frame, width, view.status, keys=not view.final), width)], width)


def _bands(frame: Frame, width: int, height: int) -> list[Row]:
    planned = plan(frame, width, height)
    if not planned.bands:
        return [[], row("   ", ("waiting for the first figures", DIM))]
    rows: list[Row] = []
    for placed in planned.bands:
        rows += _band(frame, placed.band, width, placed.lines)
        rows += [[] for _ in range(planned.gap)]
    return rows


def _band(frame: Frame, band: Band, width: int, lines: int) -> list[Row]:
    shares = sum(share for _, share in band.panels)
    usable = width - _GAP * (len(band.panels) - 1)
    widths = [usable * share // shares for _, share in band.panels]
    widths[-1] += usable - sum(widths)
    blocks = [_panel(frame, panel, wide, lines) for (panel, _), wide in zip(band.panels, widths, strict=True)]
    return beside(blocks, _GAP)


def _panel(frame: Frame, panel: Panel, width: int, lines: int) -> list[Row]:
    title: list[Piece] = [(panel.title, TITLE)]
    if remark := panel.remark(frame, width):
        title.append((f" {remark}", DIM))
    return [rule(title, panel.heads(frame, width), width, RULE), *block(panel.draw(frame, width, lines), width, lines)]
