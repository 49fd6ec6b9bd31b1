"""Which panels stand where: bands from top to bottom, by the width of the screen; the height decides how many fit.

A band is a row of panels of equal height. Each has a rank: where the height is short, the highest ranks are left out
first. What is left over makes bands taller, up to what their panels can use, and then sets blank lines between them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dashboard.frame import Frame
from dashboard.panels.alerts import ALERTS_PANEL, EXPECTATIONS_PANEL
from dashboard.panels.flow import DECISIONS_PANEL, FLOW_PANEL, LEDGER_PANEL, MODES_PANEL, SHARES_PANEL
from dashboard.panels.health import ERRORS_PANEL, MEMORY_PANEL, STORE_PANEL
from dashboard.panels.latency import LATENCY_PANEL, STAGES_PANEL, THROUGHPUT_PANEL, TIMELINE_PANEL, stage_count
from dashboard.panels.model import DRIFT_PANEL, MONEY_PANEL, QUALITY_PANEL, SCORES_PANEL
from dashboard.panels.panel import Panel
from dashboard.panels.workers import MOST_ROWS, WORKERS_PANEL, worker_count

MEDIUM_WIDTH: Final = 118
WIDE_WIDTH: Final = 170

Lines = Callable[[Frame], int]


@dataclass(frozen=True, slots=True)
class Band:
    """Panels side by side.

    Attributes:
        panels: with their share of the width.
        least: lines below the title without which the band is left out.
        want: lines it shows everything with.
        most: lines it can still make use of.
        rank: order of importance; the highest goes first.
    """

    panels: tuple[tuple[Panel, int], ...]
    least: int
    want: Lines
    most: Lines
    rank: int

    def present(self, frame: Frame) -> "Band | None":
        """Return the band with only the panels that have data, None when there are none."""
        kept = tuple((panel, share) for panel, share in self.panels if panel.present(frame))
        return replace(self, panels=kept) if kept else None


@dataclass(frozen=True, slots=True)
class Placed:
    """A band with the lines it got, title not counted."""

    band: Band
    lines: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """All bands that fit, the blank lines between them, and the lines used in all."""

    bands: tuple[Placed, ...]
    gap: int
    used: int


def _timeline_lines(frame: Frame) -> int:
    return 2 + (len(frame.timeline.faults) + len(frame.timeline.steps) if frame.timeline else 0)


def _watch_lines(frame: Frame) -> int:
    """Counted in rules, not in alerts that fire: the panels below must not jump when one does."""
    return max(3, len(frame.expectations), min(5, len(frame.alerts)))


def _watch_most(frame: Frame) -> int:
    """With a second line for each."""
    return min(16, max(_watch_lines(frame), 2 * len(frame.expectations), min(9, len(frame.alerts))))


def _stage_lines(frame: Frame) -> int:
    return max(6, stage_count(frame))


def _row(panels: Sequence[Panel | tuple[Panel, int]], rank: int, least: int, want: int | Lines, most: int) -> Band:
    """Return a band; what it makes use of is ``most``, or what it wants where that is known from the frame."""
    shared = tuple(panel if isinstance(panel, tuple) else (panel, 1) for panel in panels)
    if callable(want):
        wanted = want
        return Band(shared, least, lambda frame: min(wanted(frame), most), lambda frame: min(wanted(frame), most), rank)
    fixed, limit = want, most
    return Band(shared, least, lambda _frame: fixed, lambda _frame: limit, rank)


def _worker_lines(frame: Frame) -> int:
    return 1 + worker_count(frame)


_THROUGHPUT: Final = _row([THROUGHPUT_PANEL], 1, 2, 2, 4)
_LATENCY: Final = _row([LATENCY_PANEL], 0, 3, 3, 6)
_TIMELINE: Final = _row([TIMELINE_PANEL], 2, 2, _timeline_lines, 8)
_WORKERS: Final = _row([WORKERS_PANEL], 2, 4, _worker_lines, 1 + MOST_ROWS)
_WATCH: Final = Band(((ALERTS_PANEL, 1), (EXPECTATIONS_PANEL, 1)), 3, _watch_lines, _watch_most, 3)

NARROW: Final = (
    _THROUGHPUT,
    _LATENCY,
    _WORKERS,
    _row([STAGES_PANEL, ERRORS_PANEL], 9, 4, _stage_lines, 9),
    _row([STORE_PANEL, SCORES_PANEL], 8, 5, 5, 7),
    _row([MEMORY_PANEL, DRIFT_PANEL], 11, 3, 4, 6),
    _row([QUALITY_PANEL, MONEY_PANEL], 10, 5, 5, 6),
    _row([FLOW_PANEL], 4, 2, 2, 3),
    _row([SHARES_PANEL], 5, 2, 2, 2),
    _WATCH,
    _TIMELINE,
    _row([LEDGER_PANEL], 12, 4, 4, 4),
)
MEDIUM: Final = (
    _THROUGHPUT,
    _LATENCY,
    _WORKERS,
    _row([STAGES_PANEL, ERRORS_PANEL, SCORES_PANEL], 7, 4, _stage_lines, 9),
    _row([STORE_PANEL, MEMORY_PANEL, DRIFT_PANEL], 8, 4, 5, 7),
    _row([QUALITY_PANEL, MONEY_PANEL, MODES_PANEL], 6, 4, 5, 5),
    _row([(FLOW_PANEL, 2), (DECISIONS_PANEL, 1)], 4, 3, 3, 3),
    _WATCH,
    _TIMELINE,
    _row([LEDGER_PANEL], 12, 4, 4, 4),
)
WIDE: Final = (
    _THROUGHPUT,
    _LATENCY,
    _WORKERS,
    _row([STAGES_PANEL, ERRORS_PANEL, SCORES_PANEL, STORE_PANEL], 7, 4, _stage_lines, 9),
    _row([MEMORY_PANEL, DRIFT_PANEL, QUALITY_PANEL, MONEY_PANEL], 6, 4, 5, 7),
    _row([(FLOW_PANEL, 2), (DECISIONS_PANEL, 1), (MODES_PANEL, 1)], 4, 3, 5, 5),
    _WATCH,
    _TIMELINE,
    _row([LEDGER_PANEL], 12, 2, 2, 2),
)

_LARGE: Final = 100  # lines that a panel can make use of where it has the screen


def _page(*rows: tuple[Panel, ...], want: Lines = lambda _frame: 12) -> tuple[Band, ...]:
    """Return the bands of a page, the first being the most important; each has ``want`` lines before any has more."""
    shared = [tuple((panel, 1) for panel in panels) for panels in rows]
    return tuple(Band(panels, 3, want, lambda _frame: _LARGE, rank) for rank, panels in enumerate(shared))


def _alert_lines(frame: Frame) -> int:
    return max(3, 2 * sum(alert.state != "inactive" for alert in frame.alerts) + 1)


PAGES: Final = (
    _page((THROUGHPUT_PANEL,), (LATENCY_PANEL,)),
    _page((STAGES_PANEL, ERRORS_PANEL)),
    _page((STORE_PANEL, MEMORY_PANEL), (DRIFT_PANEL,)),
    _page((SCORES_PANEL,), (QUALITY_PANEL, MONEY_PANEL)),
    _page((FLOW_PANEL,), (WORKERS_PANEL,), (DECISIONS_PANEL, MODES_PANEL), (LEDGER_PANEL,)),
    (
        *_page((EXPECTATIONS_PANEL,), want=lambda frame: len(frame.expectations)),
        *_page((ALERTS_PANEL,), want=_alert_lines),
        replace(_TIMELINE, want=_timeline_lines, most=_timeline_lines),
    ),
)
"""Groups of panels, each of which can have the whole screen: the keys 1 to 6."""

SHOWN_METRICS: Final = tuple(
    dict.fromkeys(metric for band in (*NARROW, *MEDIUM, *WIDE) for panel, _ in band.panels for metric in panel.metrics)
)
"""What a frame must have among its figures, for every panel of every layout."""


def arrange(frame: Frame, width: int, height: int, page: int = 0) -> Arrangement:
    """Return what fits ``height`` lines; the same sections and size always give the same places.

    Args:
        frame: what is shown.
        width: of the screen.
        height: of the room for panels.
        page: which of `PAGES` has all of it, from 1 on; 0 shows all panels.
    """
    template = PAGES[page - 1] if page else WIDE if width >= WIDE_WIDTH else MEDIUM if width >= MEDIUM_WIDTH else NARROW
    bands = [kept for band in template if (kept := band.present(frame)) is not None]
    while bands and sum(1 + band.least for band in bands) > height:
        bands.remove(max(bands, key=lambda band: band.rank))
    lines = [band.least for band in bands]
    spare = height - sum(lines) - len(bands)
    wanted = [max(band.least, band.want(frame)) for band in bands]
    spare = _grow(lines, wanted, spare, bands)
    gap = 1 if bands and spare >= len(bands) - 1 else 0
    spare = _grow(
        lines, [max(band.least, band.most(frame)) for band in bands], spare - gap * max(0, len(bands) - 1), bands
    )
    placed = tuple(Placed(band, count) for band, count in zip(bands, lines, strict=True))
    return Arrangement(placed, gap, height - spare)


def _grow(lines: list[int], goals: list[int], spare: int, bands: list[Band]) -> int:
    """Give spare lines to the bands, most important first, until each has what it wants; return what is left."""
    for index in sorted(range(len(bands)), key=lambda index: bands[index].rank):
        extra = min(spare, goals[index] - lines[index])
        lines[index] += extra
        spare -= extra
    return spare
