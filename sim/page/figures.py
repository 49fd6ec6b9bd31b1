"""Charts drawn by Bokeh, all over one axis of time with one cursor, in colours that a light and a dark page share.

Bokeh is imported when a page is written, and only then. Its script comes out of its own package.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from sim.page.chart import Chart
from sim.page.words import LONG_S, when

COLOURS: Final = ("#2f6fde", "#c97512", "#18998a", "#b0529c", "#848b96", "#7a6ad8", "#a3623a")  # told apart on both
BAND: Final = "#c97512"
QUIET: Final = "#80868f"  # of axes and grids; the page's script has the exact ones for light and dark
HEIGHT: Final = 190
LANE_HEIGHT: Final = 22
LEFT: Final = 58  # px from the edge to every axis, so that an instant is at one place in all charts
LATE: Final = 0.6  # of the run: from there on a name stands before its stretch
ROOM: Final = 1.06  # above the highest value
ROUND_SHARES: Final = (0.0, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)


class Band(NamedTuple):
    """A stretch of the run that is marked in every chart."""

    name: str
    begin_s: float
    end_s: float


class Lane(NamedTuple):
    """A row of the timeline: what it is about, and its stretches.

    Attributes:
        colour: which of `COLOURS`.
    """

    name: str
    stretches: tuple[tuple[float, float], ...]
    colour: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Figures as a page takes them.

    Attributes:
        documents: for Bokeh's script, plain values.
        items: where each figure goes, plain values.
    """

    documents: Any
    items: Any


@cache
def script() -> str:
    """Return Bokeh's own script, without what these charts have no use for: widgets, tables, WebGL, formulas."""
    from bokeh.resources import Resources

    return str(Resources(mode="inline", components=["bokeh"], log_level="warn").js_raw[0])


class Figures:
    """Draws the charts of one page.

    Args:
        end_s: where the axis of time ends.
        bands: marked in each chart over time.
    """

    def __init__(self, end_s: float, bands: Sequence[Band] = ()) -> None:
        from bokeh.document import Document
        from bokeh.models import Range1d
        from bokeh.models.annotations import Span

        self._document = Document()
        self._drawn: list[Any] = []
        self._roots: dict[str, str] = {}
        self._bands = bands
        self._end_s = max(end_s, 1e-3)
        self._time: Any = Range1d(start=0.0, end=self._end_s, name="time")
        self._cursor = Span(dimension="height", line_color=QUIET, line_width=1, line_dash="dotted")
        self._long = end_s >= LONG_S

    def drawn(self) -> Drawn:
        """Return all that was added."""
        from bokeh.embed.util import standalone_docs_json_and_render_items

        if not self._roots:
            return Drawn({}, [])
        with self._document.models.freeze():  # or all that is there already would be gone through for each
            for root in self._drawn:
                self._document.add_root(root)
        documents, items = standalone_docs_json_and_render_items(list(self._document.roots))
        plain = [item.to_json() for item in items]
        for item in plain:
            item["roots"] = dict(self._roots)
        return Drawn(documents, plain)

    def add(self, chart: Chart) -> str:
        """Draw ``chart``; return the id of the element that it goes into."""
        figure = self._figure(HEIGHT, chart)
        rows = chart.thinned()
        source = self._source(chart, rows)
        if chart.stacked:
            self._stack(figure, chart, source)
        else:
            self._lines(figure, chart, source)
        self._hover(figure, chart)
        return self._place(figure, chart.key)

    def add_lanes(self, key: str, lanes: Sequence[Lane]) -> str:
        """Draw a row a lane; return the id of the element that they go into."""
        from bokeh.core.properties import value
        from bokeh.models import ColumnDataSource, Range1d

        figure = self._figure(LANE_HEIGHT * len(lanes) + 40, None)
        figure.y_range = Range1d(start=-len(lanes) + 0.4, end=0.6)
        figure.yaxis.visible = False
        figure.ygrid.visible = False
        figure.min_border_left = LEFT
        rows = [(-row, lane, begin, end) for row, lane in enumerate(lanes) for begin, end in lane.stretches]
        bars = ColumnDataSource(
            {
                "y": [row for row, *_ in rows],
                "left": [begin for *_, begin, _ in rows],
                "right": [end for *_, end in rows],
                "colour": [COLOURS[lane.colour] for _, lane, *_ in rows],
            }
        )
        figure.hbar(y="y", left="left", right="right", height=0.72, source=bars, color="colour", fill_alpha=0.3)
        for row, lane in enumerate(lanes):
            begin = min((begin for begin, _ in lane.stretches), default=0.0)
            late = begin > LATE * self._end_s
            figure.text(
                x=[begin],
                y=[-row],
                text=[lane.name],
                x_offset=-5 if late else 5,
                text_align="right" if late else "left",
                text_baseline="middle",
                text_font_size="12px",
                text_font=value("system-ui, sans-serif"),  # without it, the name of a column
                text_color=QUIET,
                tags=["words"],
            )
        return self._place(figure, key)

    def _figure(self, height: int, chart: Chart | None) -> Any:  # noqa: ANN401 - Bokeh's types say little
        from bokeh.models import AdaptiveTicker, CrosshairTool, NumeralTickFormatter
        from bokeh.models.annotations import BoxAnnotation, Span
        from bokeh.plotting import figure

        spectrum = chart is not None and chart.spectrum
        options: dict[str, Any] = {} if spectrum else {"x_range": self._time}
        made: Any = figure(
            height=height,
            sizing_mode="stretch_width",
            toolbar_location=None,
            tools="",
            y_axis_type="log" if chart is not None and chart.log else "linear",
            x_axis_type="log" if spectrum else "linear",
            background_fill_color=None,
            border_fill_color=None,
            outline_line_color=None,
            min_border_left=LEFT,
            min_border_right=12,
            **options,
        )
        made.toolbar.active_drag = made.toolbar.active_scroll = None  # or a page on a phone could not be scrolled
        for axis in made.axis:
            axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = None
            axis.major_label_text_color = QUIET
            axis.major_label_text_font = "system-ui, sans-serif"
            axis.major_label_text_font_size = "11px"
        for grid in made.grid:
            grid.grid_line_color, grid.grid_line_alpha = QUIET, 0.25
        made.xgrid.visible = spectrum
        made.add_tools(CrosshairTool(overlay=Span(dimension="height", line_color=QUIET) if spectrum else self._cursor))
        if spectrum:
            return made
        if self._long:
            made.xaxis.ticker = AdaptiveTicker(base=60, mantissas=[1, 2, 5, 10, 15, 30], min_interval=1)
            made.xaxis.formatter = NumeralTickFormatter(format="00:00:00")
        else:
            made.xaxis.formatter = NumeralTickFormatter(format="0[.]0")
        for band in self._bands:
            box = BoxAnnotation(left=band.begin_s, right=band.end_s, fill_color=BAND, fill_alpha=0.09, line_color=None)
            made.add_layout(box)
        return made

    def _source(self, chart: Chart, rows: Any) -> Any:  # noqa: ANN401
        from bokeh.models import ColumnDataSource

        data: dict[str, Any] = {"x": chart.x[rows].astype(np.float32)}
        for number, line in enumerate(chart.lines):
            values = line.values[rows]
            data[f"v{number}"] = (np.nan_to_num(values) if chart.stacked else values).astype(np.float32)
        data["when"] = (
            [when(at_s) for at_s in chart.x[rows].tolist()]
            if not chart.spectrum
            else [f"{100 * (1 - 1 / at):.6g} %" for at in chart.x[rows].tolist()]
        )
        return ColumnDataSource(data)

    def _lines(self, figure: Any, chart: Chart, source: Any) -> None:  # noqa: ANN401
        from bokeh.models.annotations import Span

        for number, line in reversed(list(enumerate(chart.lines))):
            figure.line(
                "x",
                f"v{number}",
                source=source,
                color=COLOURS[line.colour],
                line_width=1.0 if line.faint else 1.8,
                line_alpha=0.65 if line.faint else 1.0,
                line_join="round",
            )
        for _, value in chart.limits:
            figure.add_layout(Span(location=value, dimension="width", line_color=QUIET, line_dash=[3, 4]))
        self._scale(figure, chart)

    def _stack(self, figure: Any, chart: Chart, source: Any) -> None:  # noqa: ANN401
        keys = [f"v{number}" for number in range(len(chart.lines))]
        colours = [COLOURS[line.colour] for line in chart.lines]
        figure.varea_stack(keys, x="x", source=source, color=colours, fill_alpha=0.8)
        self._scale(figure, chart)

    def _scale(self, figure: Any, chart: Chart) -> None:  # noqa: ANN401
        from bokeh.models import FixedTicker, NumeralTickFormatter, Range1d

        figure.yaxis.formatter = NumeralTickFormatter(format="0[.]0[00]a" if chart.unit != "%" else "0[.]0[00]")
        if chart.spectrum:
            shares = [share for share in ROUND_SHARES if 1 / (1 - share) <= float(chart.x[-1]) * 1.01]
            places = [1 / (1 - share) for share in shares]
            figure.xaxis.ticker = FixedTicker(ticks=places)
            figure.xgrid.ticker = FixedTicker(ticks=places)
            figure.xaxis.major_label_overrides = {
                place: f"{100 * share:.6g}" for place, share in zip(places, shares, strict=True)
            }
        if chart.log:
            return
        values = np.concatenate([line.values for line in chart.lines])
        if chart.stacked:
            values = np.sum([np.nan_to_num(line.values) for line in chart.lines], axis=0)
        most = float(np.nanmax(values, initial=0.0))
        least = float(np.nanmin(values, initial=0.0))
        top = max(most, chart.top or 0.0, *(value for _, value in chart.limits), least + 1e-9)
        figure.y_range = Range1d(start=min(0.0, least), end=top * ROOM)

    def _hover(self, figure: Any, chart: Chart) -> None:  # noqa: ANN401
        from bokeh.models import HoverTool

        first = figure.renderers[-1] if not chart.stacked else figure.renderers[0]
        form = "0,0.[000]"
        tips = [("", "@when")] + [(line.name, f"@v{number}{{{form}}}") for number, line in enumerate(chart.lines)]
        figure.add_tools(HoverTool(renderers=[first], tooltips=tips, mode="vline", point_policy="snap_to_data"))

    def _place(self, figure: Any, key: str) -> str:  # noqa: ANN401
        self._drawn.append(figure)
        element = f"chart-{key}"
        self._roots[figure.id] = element
        return element
