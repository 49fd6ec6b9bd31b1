"""The whole screen as a pure function: the same frame, size and view always give the same picture."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from dashboard.charts import bar
from dashboard.choices import Answer
from dashboard.frame import Frame, Notice
from dashboard.layout import Band, arrange
from dashboard.menus.drawing import draw_menu, menu_height
from dashboard.menus.menu import Menu
from dashboard.panels.alerts import ALERTS_PANEL
from dashboard.panels.header_footer import draw_answer, draw_footer, draw_header, draw_help, draw_small, shown_keys
from dashboard.panels.panel import Panel
from dashboard.rows import Piece, Row, beside, block, fit, left, row, rule
from dashboard.theme import ACCENT, DIM, LABEL, RULE, STRONG, TITLE
from dashboard.units import percent

LEAST_WIDTH: Final = 80
LEAST_HEIGHT: Final = 24
_GAP: Final = 2  # cells between panels side by side
_FIGURES: Final = 10  # lines of a screen too small for panels, down to the size that it needs
_TALL: Final = 30  # from here on the header has a line for the hypothesis, and a blank one under it


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the person at the keyboard has chosen, and what the screen knows of its own feed.

    Attributes:
        frozen: the picture stands still while the run goes on.
        help: the page of keys and symbols covers the panels.
        silent_s: how long no frame has come; 0 while they come.
        final: the run is over, and no key does anything.
        menu: covers the lower panels.
        said: what the screen itself has to say, in a line; "" for nothing.
        good: whether that is good news.
        page: the group of panels that has the whole screen; 0: all of them.
        deaf: the terminal gives no keys.
        closed: keys that do nothing in this run but say why; at first those of a blind drill.
        told: number of the latest refusal that a form has said beside its line; it is not said once more.
    """

    frozen: bool = False
    help: bool = False
    silent_s: float = 0.0
    final: bool = False
    menu: Menu | None = None
    said: str = ""
    good: bool = False
    page: int = 0
    deaf: bool = False
    closed: str = "dr"
    told: int = 0

    @property
    def status(self) -> str:
        """Return what the bottom line must say, if anything."""
        if self.frozen:
            return "frozen, space goes on"
        if self.silent_s >= 1:
            return f"no news for {self.silent_s:.0f} s"
        return "no keys: standard input is not a terminal" if self.deaf else ""


LIVE: Final = ViewState()


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


def render(frame: Frame, width: int, height: int, view: ViewState = LIVE) -> Picture:
    """Return the screen: exactly ``height`` rows of ``width`` cells."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        lines = draw_small(frame, width, height, (LEAST_WIDTH, LEAST_HEIGHT), view.closed)
        room = max(1, height - _FIGURES)
        covered = _above(frame, view, width, room)[:room]  # a menu takes keys here too, so that it must be seen
        return Picture(block(lines, width, height - len(covered)) + covered, width)
    tall = height >= _TALL
    rows = [fit(line, width) for line in draw_header(frame, width, 3 if tall and frame.header.hypothesis else 2)]
    if tall:
        rows.append(fit([], width))
    room = height - len(rows) - 1
    panels = block(draw_help(width, view.closed) if view.help else _bands(frame, width, room, view.page), width, room)
    covered = _above(frame, view, width, room)
    rows += panels[: room - len(covered)] + covered
    footer = draw_footer(frame, width, view.status, () if view.final or view.deaf else shown_keys(view.closed))
    return Picture([*rows, fit(footer, width)], width)


def _above(frame: Frame, view: ViewState, width: int, room: int) -> list[Row]:
    """Return what covers the lowest rows of the panels, so that none of them moves: the menu, and the latest answer."""
    if view.final:
        return []
    answer = Answer(view.said, good=view.good) if view.said else frame.answer
    if answer is not None and not view.said and 0 < answer.number <= view.told:
        answer = None  # the form has said it
    lines = [] if answer is None else draw_answer(answer, width)
    if view.menu is not None:
        height = menu_height(view.menu, width, room - len(lines))
        lines = [*block(draw_menu(view.menu, width, height), width, height), *lines]
    return [fit(line, width) for line in lines]


def _bands(frame: Frame, width: int, height: int, page: int = 0) -> list[Row]:
    told = [row(" ", ("▸ ", ACCENT), (_fitting(frame.situation, width - 3), STRONG))] if frame.situation else []
    planned = arrange(frame, width, height - len(told), page)
    if not planned.bands:
        return [[], row("   ", ("waiting for the first figures", DIM))]
    rows: list[Row] = []
    for placed in planned.bands:
        if any(panel is ALERTS_PANEL for panel, _ in placed.band.panels):
            rows += told
        rows += _band(frame, placed.band, width, placed.lines)
        rows += [[] for _ in range(planned.gap)]
    return rows


def _fitting(situation: str, width: int) -> str:
    """Return as many of the situation's parts as fit, the most important being the first; no figure is cut."""
    parts = situation.split("; ")
    while len(parts) > 1 and len("; ".join(parts)) > width:
        parts.pop()
    return left("; ".join(parts), max(0, width))


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


_WIDEST = 64  # cells; a longer bar says no more


def render_notice(notice: Notice, width: int, height: int) -> Picture:
    """Return the notice in the middle of the screen: exactly ``height`` rows of ``width`` cells."""
    room = max(0, min(_WIDEST, width - 4))
    lines: list[Row] = [
        row(("riskdrill", TITLE)),
        [],
        row((left(notice.title, room), STRONG)),
        _progress(notice.done_ratio, room),
        row((left(notice.detail, room), DIM)),
    ]
    above = max(0, (height - len(lines)) // 2)
    indent = " " * max(0, (width - room) // 2)
    rows: list[Row] = [[] for _ in range(above)]
    rows += [[*row(indent), *line] for line in lines]
    return Picture(block(rows, width, height), width)


def _progress(done_ratio: float | None, width: int) -> Row:
    if done_ratio is None:
        return row(("·" * width, DIM))
    figure = f" {percent(min(1.0, max(0.0, done_ratio))):>7}"
    return row((bar(done_ratio, max(0, width - len(figure)), "─"), ACCENT), (figure, LABEL))


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


def to_svg(
    frame: Frame, width: int = 120, height: int = 40, title: str = "riskdrill", view: ViewState | None = None
) -> str:
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
    console.print(render(frame, width, height, view or ViewState(final=True)), end="")
    return console.export_svg(title=title, theme=_DARK, unique_id="riskdrill")
