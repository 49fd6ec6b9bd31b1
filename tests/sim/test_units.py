"""Durations, rates, sizes, speeds and dates as text."""

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.units import (
    MAX_DURATION_NS,
    Rate,
    end_us,
    moment_us,
    parse_duration,
    parse_moment,
    parse_rate,
    parse_size,
    parse_speed,
    render_duration,
    render_moment,
    render_rate,
    render_size,
    render_speed,
)

US_PER_DAY = 86_400_000_000


@given(st.integers(0, MAX_DURATION_NS))
def test_duration_survives_being_written(span_ns: int) -> None:
    """A duration written and read again is the same, up to what a float holds exactly (104 days)."""
    if span_ns < 2**53:
        assert parse_duration(render_duration(span_ns)) == span_ns


@given(st.one_of(st.just(0.0), st.floats(1e-6, 1e9)), st.booleans())
def test_rate_survives_being_written(value: float, shared: bool) -> None:
    """A rate written and read again is the same, as a number or as a share of the capacity."""
    rate = Rate(of_capacity=value) if shared else Rate(per_s=value)
    assert parse_rate(str(render_rate(rate))) == rate


@given(st.integers(0, 2**50))
def test_size_survives_being_written(size: int) -> None:
    """A size written and read again is the same."""
    assert parse_size(render_size(size)) == size


@given(st.one_of(st.just(math.inf), st.floats(1e-6, 1e9)))
def test_speed_survives_being_written(speed: float) -> None:
    """A speed written and read again is the same, max included."""
    assert parse_speed(str(render_speed(speed))) == speed


@given(st.datetimes(timezones=st.sampled_from([None, dt.UTC])))
def test_moment_survives_being_written(moment: dt.datetime) -> None:
    """A date written and read again is the same instant."""
    assert parse_moment(render_moment(moment)) == moment


@pytest.mark.parametrize(
    ("text", "span_ns"),
    [("5s", 5 * 10**9), ("50 ms", 50 * 10**6), ("1.5h", 5_400 * 10**9), ("7d", 604_800 * 10**9), ("10µs", 10_000)],
)
def test_duration_is_a_number_with_a_unit(text: str, span_ns: int) -> None:
    """Every unit is read, with or without a space."""
    assert parse_duration(text) == span_ns


def test_suffix_free_duration_asks_which_unit_was_meant() -> None:
    """A bare number is refused with both likely readings."""
    with pytest.raises(ValueError, match='"5s or 5ms\\?"'):
        parse_duration("5")


DURATION = "must be a duration; write a number and a unit, as in 20s or 50ms"
UNITS = "must be a duration in one of ns, us, ms, s, m, h, d; {} is none of them"
LONG = "must be at most 10 years; write a shorter duration"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, DURATION) for text in ("", "s", "five seconds", "--5s", "5s5s")),
        ("5 parsecs", UNITS.format("'parsecs'")),
        ("11y", UNITS.format("'y'")),
        ("1e400s", LONG),
        ("4000d", LONG),
        ("-1s", "must be at least 0s; remove the minus"),
    ],
)
def test_what_is_no_duration_is_refused(text: str, told: str) -> None:
    """Anything else is an error which says what is wrong with it and what to write, never a guess."""
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_duration(text)


RATE = "must be a rate; write 1000, or 1.5x capacity"
BOUNDS = "must be a rate of 0, or from 1e-9 to 1e9; write transactions a second"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, RATE) for text in ("", "fast", "1.5x", "1.5 capacity", "nan", "inf")),
        *((text, BOUNDS) for text in ("-1", "1e10")),
    ],
)
def test_what_is_no_rate_is_refused(text: str, told: str) -> None:
    """A rate is a number from 0 on, or a share of the capacity."""
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_rate(text)


SIZE = "must be a size with a unit; "
SIZES = f"{SIZE}write a number and one of B, kB, MB, GB, KiB, MiB, GiB"
MOST = "must be a size from 0 to 1 PiB; write a smaller one"


@pytest.mark.parametrize(
    ("text", "told"),
    [("", SIZES), ("500 mb", SIZES), ("500", f'{SIZE}"500MB?"'), ("-1MB", MOST), ("9999999GB", MOST)],
)
def test_what_is_no_size_is_refused(text: str, told: str) -> None:
    """A size is a number with a unit of bytes."""
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_size(text)


def test_date_alone_ends_with_its_day() -> None:
    """A span that ends with a date includes that day; one that ends with a time ends there."""
    day = parse_moment("2018-07-31")
    assert end_us(day, "UTC") - moment_us(day, "UTC") == US_PER_DAY
    noon = parse_moment("2018-07-31T12:00:00")
    assert end_us(noon, "UTC") == moment_us(noon, "UTC")


def test_local_time_is_read_in_the_zone_of_the_events() -> None:
    """A time without an offset is two hours earlier in Brussels' summer than in UTC; one with an offset stays."""
    local = parse_moment("2018-07-25T00:00:00")
    assert moment_us(local, "UTC") - moment_us(local, "Europe/Brussels") == 2 * 3_600_000_000
    fixed = parse_moment("2018-07-25T00:00:00+00:00")
    assert moment_us(fixed, "UTC") == moment_us(fixed, "Europe/Brussels")


def test_share_of_capacity_needs_the_capacity() -> None:
    """A rate resolves to itself, or to its share of what the pipeline can do."""
    assert parse_rate("1000").resolve(5_000.0) == 1_000.0
    assert parse_rate("1.5x capacity").resolve(5_000.0) == 7_500.0
