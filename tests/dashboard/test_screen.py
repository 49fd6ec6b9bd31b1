"""The whole screen as a pure function."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from actors.telemetry.metrics.catalogue import find
from dashboard.choices import Answer
from dashboard.frame import FaultSpan, Figure, Frame, Notice, Timeline
from dashboard.layout import MEDIUM, NARROW, SHOWN_METRICS, WIDE
from dashboard.menus.menu import Option, Pick
from dashboard.panels import header_footer
from dashboard.panels.latency import Latency, draw_timeline
from dashboard.plain import plain_line, verdict
from dashboard.screen import Picture, ViewState, render, render_notice
from tests.support.dashboard.any_frame import FRAMES, TEXTS
from tests.support.dashboard.frames import SAMPLES, failing, outage
from tests.support.dashboard.healthy_frame import burst

SIZES = st.tuples(st.integers(1, 220), st.integers(1, 70))
CLOSED = ("dr", "flb", "flb+-", "drb+-", "flabmndr+-")
"""Keys closed in an ordinary run, in a blind drill, in one of a replay, in a replay, and where hands are refused."""
VIEWS = st.builds(ViewState, st.booleans(), st.booleans(), st.floats(0, 1e5), st.booleans())


def text(picture: Picture) -> str:
    """The picture without colours."""
    return "\n".join("".join(segment.text for segment in line) for line in picture.rows)


def assert_exact(picture: Picture, width: int, height: int) -> None:
    """Every row has the width, there are as many as the height, and nothing but printable text is in it."""
    assert len(picture.rows) == height
    for line in picture.rows:
        assert sum(segment.cell_length for segment in line) == width
        assert all(segment.text.isprintable() and segment.control is None for segment in line)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=FRAMES, size=SIZES, view=VIEWS)
def test_any_frame_fills_any_size_exactly(frame: Frame, size: tuple[int, int], view: ViewState) -> None:
    """Whatever the names and numbers, nothing overflows, wraps, or reaches the terminal as a control code."""
    assert_exact(render(frame, *size, view), *size)


@given(title=TEXTS, detail=TEXTS, done=st.one_of(st.none(), st.floats()), size=SIZES)
def test_any_notice_fills_any_size_exactly(title: str, detail: str, done: float | None, size: tuple[int, int]) -> None:
    """The same for what is shown before the first frame."""
    assert_exact(render_notice(Notice(title=title, detail=detail, done_ratio=done), *size), *size)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (150, 45), (200, 60), (300, 24), (80, 90), (60, 18)])
def test_samples_fill_the_usual_sizes(name: str, size: tuple[int, int]) -> None:
    """Real-looking frames at the sizes of real terminals."""
    assert_exact(render(SAMPLES[name](), *size), *size)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=FRAMES)
def test_the_same_frame_gives_the_same_picture(frame: Frame) -> None:
    """No clock, no chance, no state."""
    assert render(frame, 120, 40).rows == render(frame, 120, 40).rows


def test_the_smallest_screen_has_what_matters_most() -> None:
    """At 80×24 every panel that decides a drill is there."""
    picture = text(render(outage(), 80, 24))
    for title in ("throughput", "latency", "pipeline", "decisions", "alerts", "expectations", "timeline", "ledger"):
        assert title in picture


def test_the_largest_screen_has_every_panel_in_order() -> None:
    """At 200×60 all panels are there, top to bottom as designed."""
    picture = text(render(outage(), 200, 60))
    titles = ["throughput", "latency", "errors", "memory", "pipeline", "alerts", "timeline", "ledger"]
    places = [picture.index(f"── {title}") for title in titles]
    assert places == sorted(places)
    for title in ("stages", "scores", "feature store", "drift", "quality", "money", "decisions", "modes"):
        assert f"── {title}" in picture


def test_a_section_without_data_is_left_out() -> None:
    """Nothing is faked: no labels, no money panel; no data at all, no panels."""
    frame = replace(burst(), money=None, sections={})
    picture = text(render(frame, 200, 60))
    assert "── errors" in picture
    assert "── money" not in picture
    assert "── drift" not in picture
    assert "waiting for the first figures" in text(render(SAMPLES["bare"](), 80, 24))


class Asked(dict[str, Figure]):
    """Figures that remember which of them someone asked for."""

    def __init__(self) -> None:
        super().__init__(burst().figures)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  the dictionary's own types
        """Return a figure."""
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("sample", [burst, outage, failing])
def test_a_panel_names_the_metrics_it_shows(sample: Callable[[], Frame]) -> None:
    """Each of them exists, and none is shown that no panel names: a frame would not have it."""
    asked = Asked()
    frame = replace(sample(), figures=asked)
    for band in (*NARROW, *MEDIUM, *WIDE):
        for panel, _ in band.panels:
            asked.names.clear()
            panel.draw(frame, 120, 8)
            assert asked.names <= set(panel.metrics)
            assert all(map(find, panel.metrics))
    for width, height in ((60, 20), (120, 40)):
        asked.names.clear()
        render(frame, width, height)
        plain_line(frame)
        verdict(frame, 120)
        assert asked.names <= set(SHOWN_METRICS)


def test_a_breach_shows_without_colour() -> None:
    """A figure over its target carries a cross and the relation turns round."""
    frame = burst()
    latency = frame.section(Latency)
    assert latency is not None
    calm = text(render(frame, 80, 24))
    slow = frame.showing(replace(latency, p50_target_us=100.0))
    assert "✓ <10 ms" in calm
    assert "✗ >100 µs" in text(render(slow, 80, 24))


def test_samples_stand_beside_what_is_expected_of_a_percentile() -> None:
    """K of n come before the rule, and before the note; where there is room for neither, they stand by themselves."""

    def drawn(width: int, **changes: str) -> str:
        first, *rest = burst().expectations
        counted = replace(first, samples="12 of 200 beyond", **changes)
        return text(render(replace(burst(), expectations=(counted, *rest)), width, 50, ViewState()))

    assert "12 of 200 beyond · latency.p95 < 50ms" in drawn(200)
    assert "12 of 200 beyond · too few samples" in drawn(200, note="too few samples")
    assert "holding      12/200    1.24 ms" in drawn(100)
    assert "holding      12/200 6.883 ms," in drawn(100, value="6.883 ms, 5.1 ms")


def test_failing_windows_are_told_where_there_is_least_room() -> None:
    """A share of the last 10 s while they fail; no line at all while they do not."""
    for failed, lines in ((0.0, 0), (None, 0), (0.358, 1)):
        frame = replace(outage(), figures=outage().figures | {"windows.error_ratio": Figure(failed, failed)})
        for size in ((80, 40), (120, 40), (200, 60)):
            told = [line for line in text(render(frame, *size)).splitlines() if "windows failed" in line]
            assert len(told) == lines
            assert all("35.8 %" in line for line in told)


def test_states_are_words() -> None:
    """Alert, fault, expectation, breaker and ledger states can be read, not only seen."""
    picture = text(render(outage(), 200, 60))
    for word in ("firing", "pending", "resolved", "injected", "holding", "waiting", "open", "balanced"):
        assert word in picture
    assert "BROKEN" in text(render(failing(), 80, 24))


def test_every_figure_says_what_it_covers() -> None:
    """Both spans stand over the columns, on the smallest screen too."""
    picture = text(render(burst(), 80, 24))
    assert picture.count("last 10 s") >= 4
    assert picture.count("whole run") >= 2


def test_columns_do_not_move_with_the_numbers() -> None:
    """Two frames with other numbers have their titles and heads in the same places."""
    frame = burst()
    other = replace(frame, figures=frame.figures | {"offered_rate": Figure(9.0, None), "throughput": Figure(1.0, 1e8)})
    lines, others = (text(render(one, 120, 40)).splitlines() for one in (frame, other))
    assert [line for line in lines if line.startswith("──")] == [line for line in others if line.startswith("──")]
    assert [line.find("▂") for line in lines] == [line.find("▂") for line in others]


def test_an_alert_that_fires_does_not_move_the_panels() -> None:
    """The place of every title is the same before and after."""
    quiet = replace(outage(), alerts=burst().alerts)
    loud = replace(outage(), alerts=(*outage().alerts[:3], *burst().alerts[3:]))
    for size in ((80, 24), (120, 40), (200, 60)):
        before, after = (text(render(one, *size)).splitlines() for one in (quiet, loud))
        assert [index for index, line in enumerate(before) if line.startswith("──")] == [
            index for index, line in enumerate(after) if line.startswith("──")
        ]


def test_a_screen_too_small_says_what_it_needs() -> None:
    """Below 80×24 the figures that matter stay, and the size it needs is named."""
    picture = text(render(burst(), 60, 18))
    assert "60×18 is too small" in picture
    assert "80×24" in picture
    assert "p95 1.24 ms" in picture


def test_a_screen_too_small_shows_the_menu_that_takes_its_keys() -> None:
    """Whoever makes the window small in the middle of a menu sees what is typed there, and what was answered."""
    menu = Pick("what is broken?", (Option("the disk", "no"), Option("the model", "no")), typed="mod")
    answer = Answer("that is not it; d calls again", good=False, number=1)
    picture = text(render(replace(burst(), answer=answer), 60, 20, ViewState(menu=menu)))
    assert "60×20 is too small" in picture
    assert "what is broken?" in picture
    assert " / mod" in picture
    assert "▸ the model" in picture
    assert "that is not it" in picture


def test_the_bottom_line_tells_frozen_and_silent() -> None:
    """A picture that stands still says why."""
    assert "frozen" in text(render(burst(), 80, 24, ViewState(frozen=True)))
    assert "no news for 7 s" in text(render(burst(), 80, 24, ViewState(silent_s=7)))


def test_a_timeline_without_room_shows_what_is_in() -> None:
    """A fault that is in has a line, whatever was before it; then comes what is nearest in time."""
    old = tuple(
        FaultSpan(name=f"old-{number}", start_s=number, end_s=number + 1, state="lifted") for number in range(9)
    )
    now = FaultSpan(name="in-now", start_s=3, end_s=None, state="injected")
    plan = Timeline(phases=(), faults=(*old, now))
    header = replace(outage().header, elapsed_s=8.0)
    shown = text(render(replace(outage(), timeline=plan, header=header), 80, 24, ViewState(page=6)))
    assert "in-now" in shown
    rows = draw_timeline(replace(outage(), timeline=plan, header=header), 80, 3)
    named = ["".join(segment.text for segment in line) for line in rows]
    assert [name for name in ("old-0", "old-7", "old-8", "in-now") if any(name in line for line in named)] == [
        "old-8",
        "in-now",
    ]
    assert "+8 more" in named[-1]


def test_two_faults_of_like_names_can_be_told_apart() -> None:
    """A kind of fault and its number are whole beside its state; of a longer name, the ends."""
    names = (
        "feature_store_permuted-12",
        "feature_store_permuted-13",
        "a-name-as-long-as-names-may-be-1",
        "a-name-as-2",
    )
    spans = tuple(FaultSpan(name=name, start_s=3, end_s=None, state="injected") for name in names)
    frame = replace(outage(), timeline=Timeline(phases=(), faults=spans))
    rows = ["".join(segment.text for segment in line) for line in draw_timeline(frame, 80, 5)]
    for name, line in zip((names[0], names[1], "a-name-as-lo…mes-may-be-1", names[3]), rows, strict=False):
        assert f"▲ injected {name} " in line


def test_help_fits_the_smallest_screen() -> None:
    """Keys, figures and every symbol are explained on 80×24."""
    picture = text(render(burst(), 80, 24, ViewState(help=True)))
    for word in ("freeze", "Ctrl-C", "whole run", "inconclusive", "lifted", "pending"):
        assert word in picture
    assert "…" not in picture


def test_no_line_of_the_help_is_cut() -> None:
    """On the smallest screen every line of it is as it is on a wide one."""
    for closed in CLOSED:
        narrow, wide = header_footer.draw_help(80, closed), header_footer.draw_help(200, closed)
        assert len(narrow) <= 24 - 3  # beside header and footer
        for line, whole in zip(narrow, wide, strict=True):
            text = "".join(segment.text for segment in whole).rstrip(" ─")
            assert len(text) <= 80
            assert "".join(segment.text for segment in line).rstrip(" ─") == text


@pytest.mark.parametrize("closed", CLOSED)
def test_the_footer_names_no_key_that_is_closed(closed: str) -> None:
    """Whatever is closed in a run, it names four keys that do something, help and the way out among them."""
    keys = [key for key, _ in header_footer.shown_keys(closed)]
    assert (len(keys), keys[0], keys[-1]) == (4, "?", "q")
    assert not set(keys) & set(closed)
    for size in ((80, 24), (79, 23)):
        last = text(render(burst(), *size, ViewState(closed=closed))).rstrip().splitlines()[-1]
        assert all(word in last for _, word in header_footer.shown_keys(closed))


@pytest.mark.parametrize("closed", CLOSED)
def test_the_help_keeps_closed_keys_apart(closed: str) -> None:
    """A key that is closed stands in the line of those that are not in this run alone, and no key is left out."""
    picture = text(render(burst(), 80, 24, ViewState(help=True, closed=closed))).splitlines()
    shut = [line for line in picture if "not in this run" in line]
    told = "".join(line[:17] for line in shut)
    assert set(told.split()) == set(closed) - {"d", "r"}
    for key in "flb+-man":
        assert sum(key in line[:17].split() for line in picture) == 1


def test_rich_prints_the_picture_as_it_is() -> None:
    """A Rich console of that size adds and cuts nothing."""
    picture = render(burst(), 80, 24)
    console = Console(width=80, height=24, color_system=None)
    with console.capture() as captured:
        console.print(picture, end="")
    assert captured.get() == text(picture)
