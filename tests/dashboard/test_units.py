"""Numbers for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashboard import units

FORMATS = (
    units.span_us,
    units.rate,
    units.count,
    units.percent,
    units.money,
    units.size,
    units.clock,
    units.age,
    units.number,
)


@given(value=st.one_of(st.none(), st.floats(min_value=0), st.floats(0, 1e9), st.floats(allow_nan=True)))
@pytest.mark.parametrize("text", FORMATS)
def test_no_number_is_wider_than_its_column(text: units.Format, value: float | None) -> None:
    """Whatever the number, its text fits the column."""
    assert cell_len(text(value)) <= units.WIDTH


@pytest.mark.parametrize("text", FORMATS)
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_a_dash(text: units.Format, value: float | None) -> None:
    """Nothing is made up for a number that is not there."""
    assert text(value) == units.ABSENT


@given(ratio=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_reads_as_none_or_all_only_if_it_is(ratio: float) -> None:
    """An error rate that is not 0 never shows as 0 %, and a hit ratio that is not 1 never as 100 %."""
    assert units.percent(ratio) not in {"0 %", "0.00 %", "100 %", "100.0 %"}


def test_rounding_up_takes_the_next_unit() -> None:
    """999.7 µs is 1.00 ms, not 1000 µs."""
    assert units.span_us(999.7) == "1.00 ms"
    assert units.span_us(999_600) == "1.00 s"
    assert units.rate(9_999.7) == "10.0 k/s"
    assert units.size(999.9e6) == "1.00 GB"
