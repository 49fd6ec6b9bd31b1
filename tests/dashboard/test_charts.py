"""Charts on the time axis."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts import LEVELS, TimeAxis, bar, columns, resample, sparkline
from dashboard.frame import Series


@given(spike=st.integers(0, 239), width=st.integers(10, 200))
def test_a_spike_shows_however_many_steps_share_its_column(spike: int, width: int) -> None:
    """One slow quarter of a second in a minute is a full column at any width."""
    series = Series(0.0, 0.25, tuple(100.0 if index == spike else 1.0 for index in range(240)))
    axis = TimeAxis(0.0, 60.0, width)
    line = sparkline(series, axis)[0]
    assert line[axis.column(spike * 0.25)] == "█"


@given(start=st.floats(0, 60), width=st.integers(10, 200))
def test_a_fault_and_what_it_does_share_a_column(start: float, width: int) -> None:
    """The first value of a series stands in the column of its instant, where the timeline puts a fault."""
    axis = TimeAxis(0.0, 60.0, width)
    values = resample(Series(start, 0.25, (1.0,)), axis)
    first = next((index for index, value in enumerate(values) if value is not None), width)
    assert first == axis.column(start)


def test_time_to_come_is_blank_and_a_gap_stays_a_gap() -> None:
    """Nothing is drawn where nothing was seen."""
    assert sparkline(Series(0.0, 1.0, (4.0, None, 4.0)), TimeAxis(0.0, 5.0, 5)) == ["█ █  "]


@given(
    values=st.lists(st.one_of(st.none(), st.floats()), max_size=40),
    width=st.integers(0, 60),
    height=st.integers(1, 5),
)
def test_a_chart_has_its_size(values: list[float | None], width: int, height: int) -> None:
    """Every line is as wide as asked, of block characters only."""
    lines = columns(values, width, height)
    assert [len(line) for line in lines] == [width] * height
    assert set("".join(lines)) <= set(LEVELS)


@given(ratio=st.one_of(st.none(), st.floats()), width=st.integers(-1, 60))
def test_a_bar_has_its_width(ratio: float | None, width: int) -> None:
    """A bar never grows out of its column."""
    assert len(bar(ratio, width)) == max(0, width)
