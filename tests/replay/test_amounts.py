"""Amounts as people write them: what each is read as, and what is written against each that is refused."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from sim.scenario.events import MINUS
from tests.support.sim.event_forms import read, refusal, refused, written


@pytest.mark.parametrize(
    ("value", "said", "amount"),
    [
        ("10.5", {}, 10.5),
        ("1.032000e+01", {}, 10.32),
        ("-0.00", {}, 0.0),
        (" 7 ", {}, 7.0),
        ("0.125", {}, 0.125),
        ("1.234,50", {"decimal": ",", "thousands": "."}, 1234.5),
        ("1.234", {"thousands": "."}, 1234.0),
        ("1.234", {"decimal": "."}, 1.234),
        ("1,234.50", {"thousands": ","}, 1234.5),
        ("12'345.00", {"thousands": "'"}, 12345.0),
        ("12\u202f345,00", {"decimal": ",", "thousands": " "}, 12345.0),
        ("$ 5.00", {"strip": "$"}, 5.0),
        ("EUR 5.00", {"strip": "EUR"}, 5.0),
        ("1032", {"unit": "cents"}, 10.32),
        ("57", {"unit": "cents"}, 0.57),
        (",5", {"decimal": ","}, 0.5),
        (pl.Series([81.51], dtype=pl.Float32), {}, 81.51),
        (pl.Series([0.125], dtype=pl.Float32), {}, 0.125),
        (pl.Series([Decimal("123456789.0123")]), {}, 123456789.0123),
        (pl.Series([999], dtype=pl.UInt16), {"unit": "cents"}, 9.99),
    ],
)
def test_an_amount_is_read_from_each_of_its_forms(
    tmp_path: Path, value: str | pl.Series, said: dict[str, object], amount: float
) -> None:
    """Exactly the amount that is written, to the last bit."""
    values = value if isinstance(value, pl.Series) else [value]
    columns, _ = read(written(tmp_path, "AMOUNT", values), amount={"column": "AMOUNT", **said})
    assert columns.amount.tolist() == [amount]


@pytest.mark.parametrize(
    ("value", "said", "text"),
    [
        (
            "1.234",
            {},
            "can be read in two ways, got '1.234'; write amount: {column: AMOUNT, decimal: \".\"} if decimals",
        ),
        ("1,50", {}, "a comma can mean two things, got '1,50'; write amount: {column: AMOUNT, decimal: \",\"} or"),
        ("12,34.00", {"thousands": ","}, "must be a number from 0 to 1000000000, got '12,34.00'"),
        ("1.234", {"decimal": ","}, 'write amount: {column: AMOUNT, decimal: ",", thousands: "."} if the point stands'),
        ("$5", {}, "without '$', got '$5'; write amount: {column: AMOUNT, strip: \"$\"}"),
        ("5 USD", {"strip": "$"}, 'write amount: {column: AMOUNT, strip: "$USD"}'),
        ("-5", {}, "write amount: {column: AMOUNT, negative: skip} to leave refunds out"),
        ("\u22125", {}, "write amount: {column: AMOUNT, negative: skip} to leave refunds out"),
        ("$\u20135", {"strip": "$"}, "write amount: {column: AMOUNT, negative: skip} to leave refunds out"),
        ("5.00k", {}, "'k' may multiply it, got '5.00k'; write all of its digits"),
        ("5.00 CR", {}, "'CR' may tell a refund, got '5.00 CR'; write those with a minus, or drop the row"),
        ("0,125", {"thousands": ","}, "no thousands begin with 0, got '0,125'"),
        ("$1,234.50", {"strip": "$,"}, "a comma can mean two things"),
        ("(5.00)", {}, "one in parentheses is a refund"),
        ("NaN", {}, "and this is none, got 'NaN'"),
        ("inf", {}, "and this is none, got 'inf'"),
        ("1e12", {}, "must be a number from 0 to 1000000000, got '1e12'"),
        ("5-7", {}, "must be a number from 0 to 1000000000, got '5-7'"),
        ("", {}, "must be known in every row"),
        (pl.Series([float("nan")]), {}, "and this is none, got nan"),
        (pl.Series([131_073.5], dtype=pl.Float32), {}, "is of 32 bits, which hold no cents from 131,072 on"),
    ],
)
def test_an_amount_that_reads_in_two_ways_is_refused(
    tmp_path: Path, value: str | pl.Series, said: dict[str, str], text: str
) -> None:
    """Each kind has its own sentence, with what to write."""
    values = value if isinstance(value, pl.Series) else [value]
    assert text in refused(tmp_path, "AMOUNT", values, **said)


def test_no_amount_is_a_zero_below_zero(tmp_path: Path) -> None:
    """A zero with a minus is the zero without one, as text and as a number."""
    for values in (["-0.00"], pl.Series([-0.0])):
        columns, _ = read(written(tmp_path, "AMOUNT", values))
        assert [str(each) for each in columns.amount.tolist()] == ["0.0"]


@pytest.mark.parametrize("minus", MINUS)
def test_a_minus_of_any_kind_is_one(tmp_path: Path, minus: str) -> None:
    """Whichever dash stands before an amount, it is below zero; as a sign to strip, it made a purchase of a refund."""
    values = written(tmp_path, "AMOUNT", ["7.00", f"{minus}5.00", f"${minus}5.00"])
    columns, _ = read(values, amount={"column": "AMOUNT", "strip": "$", "negative": "skip"})
    assert columns.amount.tolist() == [7.0]


def test_one_amount_that_reads_in_one_way_settles_its_column(tmp_path: Path) -> None:
    """1.234 is a number with decimals where another row shows that the point stands before decimals."""
    columns, _ = read(written(tmp_path, "AMOUNT", ["1.234", "12.5"]))
    assert columns.amount.tolist() == [1.234, 12.5]
    assert "row 2, column AMOUNT: amount can be read in two ways" in refusal(
        written(tmp_path, "AMOUNT", ["7", "1.234"])
    )
