"""Numbers for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from actors.telemetry.metrics.metric import Unit, quantity
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


SIZES: dict[units.Format, dict[str, float]] = {
    units.span_us: {"µs": 1, "ms": 1e3, "s": 1e6, "min": 60e6, "h": 3_600e6, "d": 86_400e6},
    units.age: {"s": 1, "min": 60, "h": 3_600, "d": 86_400},
    units.rate: {"/s": 1, "k/s": 1e3, "M/s": 1e6, "G/s": 1e9, "T/s": 1e12},
    units.count: {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
    units.money: {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
    units.percent: {"%": 0.01},
    units.size: {"MB": 1e6, "GB": 1e9, "TB": 1e12},
    units.number: {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
}


def said(text: str, sizes: dict[str, float]) -> tuple[float, float]:
    """Return the least and the most that a text can mean, from the digits that it shows."""
    sign = -1 if text.startswith("−") else 1
    digits, _, unit = text.removeprefix("−").replace("$", "").replace(",", "").partition(" ")
    size = sizes[unit]
    if digits[0] in "<>":
        bound = float(digits[1:].replace("−", "-")) * size
        low, high = (0.0, bound) if digits[0] == "<" else (bound, float("inf"))
    else:
        decimals = len(digits.partition("e")[0].partition(".")[2])
        half = 0.5 * 10.0 ** (-decimals + (int(digits.partition("e")[2]) if "e" in digits else 0)) * size
        middle = float(digits.replace("−", "-")) * size
        low, high = middle - half, middle + half
    return (low, high) if sign > 0 else (-high, -low)


@pytest.mark.parametrize("text", list(SIZES))
@given(
    value=st.one_of(
        st.floats(0, 1e15, allow_subnormal=False),
        st.floats(0, 2, allow_subnormal=False),
        st.floats(0, 1e5, allow_subnormal=False),
        st.integers(0, 10**12),
    )
)
def test_a_figure_is_right_within_the_digits_it_shows(text: units.Format, value: float) -> None:
    """Whatever its size, what is printed is what is meant, rounded; and only 0 reads as 0."""
    shown = text(value)
    low, high = said(shown, SIZES[text])
    slack = 1e-9 * value
    assert low - slack <= value <= high + slack, shown
    assert (float(low) == -high) == (value == 0), shown


@given(amount=st.floats(-1e9, 0))
def test_what_is_negative_is_right_too(amount: float) -> None:
    """A loss of a benefit, or a share that fell, reads as what it is."""
    for text in (units.money, units.percent):
        low, high = said(text(amount), SIZES[text])
        assert low - 1e-6 * abs(amount) <= amount <= high + 1e-6 * abs(amount)


@given(ratio=st.floats(1, 20, exclude_min=True))
def test_more_than_all_is_not_all(ratio: float) -> None:
    """A load of 1.004 times what can be done does not read as 100 %."""
    assert units.percent(ratio) != "100 %"


@given(ratio=st.floats(0, 1))
def test_a_seen_share_reads_as_none_or_all_only_if_it_is(ratio: float) -> None:
    """The figure beside an expectation never looks like one that it is not."""
    shown = quantity(ratio, Unit.RATIO)
    assert (shown == "100 %") == (ratio == 1)
    assert (shown == "0 %") == (ratio == 0)
    assert float(shown.split()[0]) / 100 == pytest.approx(ratio, rel=6e-4)


@given(rate=st.floats(0, 1e9))
def test_a_seen_rate_is_right_at_any_size(rate: float) -> None:
    """A third of a transaction a second is not none."""
    shown = quantity(rate, Unit.PER_S)
    assert float(shown.removesuffix("/s").replace(",", "")) == pytest.approx(rate, rel=0.06)
