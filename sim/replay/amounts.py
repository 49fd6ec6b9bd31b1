"""Amounts as people write them: currency signs, commas, cents, refunds."""

import re
from dataclasses import dataclass

import polars as pl

from actors.core.transaction import MAX_AMOUNT
from sim.replay.field import MEND, Break, MappedField, absent, broken, earliest, first, written, wrong_type
from sim.scenario.events import MINUS, AmountColumn
from sim.tables.problem import shown

RULE = f"must be a number from 0 to {MAX_AMOUNT:.0f}"
FLOAT32_CENTS_LIMIT = 2**17  # 131,072: from there on 32-bit floats are 1/64 apart, more than a cent
_BLANKS = " \u00a0\u202f"  # an ordinary blank, and the two that do not break lines
_NO_NUMBER = re.compile(r"(?i)[+-]?(?:nan|inf|infinity)|n/?a|null|none")
_SIDES = re.compile(r"(?i)[cd][rb]")  # of an account: a credit is a refund, or the other way round
SCALES = frozenset({"k", "m", "mn", "mio", "b", "bn", "%", "‰"})  # what may multiply a number that it stands beside
TWO_WAYS = r"^[1-9][0-9]{0,2}[.][0-9]{3}$"


@dataclass(slots=True)
class AmountField(MappedField[AmountColumn]):
    """How much was paid.

    Where the column map does not say what stands before the decimals, a column of texts like 1.234 can be read in two
    ways. It is refused, unless one value in it, such as 12.5, shows that the point stands before decimals.

    Attributes:
        doubt: the first row that can be read in two ways, and its value; None before there is one.
        proven: whether a value has shown which of the two it is.
    """

    doubt: tuple[int, str] | None = None
    proven: bool = False

    @property
    def skips(self) -> bool:
        """Whether rows with a negative amount are left out."""
        return self.column.negative == "skip"

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return amounts in whole units of currency, float64; negative ones only where they are skipped."""
        column = frame[self.column.column]
        amounts = self._numbers(column, rows)
        if isinstance(amounts, Break):
            return amounts
        if self.column.unit == "cents":  # by numpy, which divides; polars multiplies by 0.01, which is not the same
            amounts = pl.Series(amounts.to_numpy() / 100)
        fits = amounts.is_finite() & (amounts.abs() <= MAX_AMOUNT)
        wrong = earliest(
            absent(column, self.field),
            self._refused(column, ~fits.fill_null(value=False) & column.is_not_null()),
            None
            if self.skips
            else broken((amounts < 0).fill_null(value=False), self.field, RULE, column, self._refunds),
        )
        return wrong or pl.Series(amounts.to_numpy() + 0.0)  # -0.0 is not below zero; polars takes + 0.0 for nothing

    def finish(self) -> tuple[int, str] | None:
        """Return the first amount of a column that can be read in two ways."""
        if self.doubt is None or self.proven:
            return None
        row, value = self.doubt
        name = self.column.column
        decimal, thousands = (written(self.field, column=name, **{key: "."}) for key in ("decimal", "thousands"))
        text = f"{self.field} can be read in two ways, got {shown(value)}; write {decimal} if decimals follow the point"
        return row, f"{text}, or {thousands} if thousands do"

    def _numbers(self, column: pl.Series, rows: pl.Series) -> pl.Series | Break:
        kind = column.dtype
        if kind == pl.String:
            return self._texts(column, rows)
        if kind == pl.Float32:
            large = column.is_finite() & (column.abs() >= FLOAT32_CENTS_LIMIT) & (column.abs() <= MAX_AMOUNT)
            rule = f"is of 32 bits, which hold no cents from {FLOAT32_CENTS_LIMIT:,} on"
            wrong = broken(large, self.field, rule, column, "export the column as 64-bit floats or decimals")
            return wrong or column.cast(pl.String).cast(pl.Float64, strict=False)  # 81.51, not 81.51000213…
        if isinstance(kind, pl.Decimal):
            return column.cast(pl.String).cast(pl.Float64)  # rounded once
        exact = kind == pl.Float64 or kind.is_integer()
        return column.cast(pl.Float64) if exact else wrong_type(self.field, RULE, column)

    def _texts(self, column: pl.Series, rows: pl.Series) -> pl.Series:
        groups = column.str.extract_groups(self.pattern()).struct
        digits, parenthesised = groups.field("digits"), groups.field("refund")
        if self.skips:
            digits = digits.fill_null(parenthesised)
        for mark in self.thousands:
            digits = digits.str.replace_all(mark, "", literal=True)
        if self.column.decimal is None and self.column.thousands is None:
            self._look_for_doubt(digits, rows)
        numbers = digits.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        minus = groups.field("sign").is_in(list(MINUS)).fill_null(value=False) | (parenthesised.is_not_null())
        return pl.select(pl.when(minus).then(-numbers).otherwise(numbers)).to_series()

    def _look_for_doubt(self, digits: pl.Series, rows: pl.Series) -> None:
        in_doubt = digits.str.contains(TWO_WAYS).fill_null(value=False)
        if not self.alone:
            self.proven = self.proven or bool((digits.str.contains(r"[.]") & ~in_doubt).any())
        if self.doubt is None and (index := first(in_doubt)) is not None:
            self.doubt = rows.item(index), digits.item(index)

    @property
    def _decimal(self) -> str:
        return self.column.decimal or ("," if self.column.thousands == "." else ".")

    @property
    def thousands(self) -> str:
        """What may stand between groups of three digits, a character each."""
        return {None: "", " ": _BLANKS, "'": "'’"}.get(self.column.thousands, self.column.thousands or "")

    def pattern(self) -> str:
        """Return the regular expression of an amount: its ``digits`` behind a ``sign``, or a ``refund``."""
        edge = f"[\\s{re.escape(self.column.strip)}]*"
        grouped = f"[1-9][0-9]{{0,2}}(?:[{re.escape(self.thousands)}][0-9]{{3}})+|" if self.thousands else ""
        point = re.escape(self._decimal)
        number = rf"(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"
        return (
            rf"^{edge}(?P<sign>[+{re.escape(MINUS)}]?){edge}(?P<digits>{number}){edge}$"
            rf"|^{edge}\({edge}(?P<refund>{number}){edge}\){edge}$"
        )

    def _refused(self, column: pl.Series, mask: pl.Series) -> Break | None:
        index = first(mask)
        if index is None:
            return None
        value = column.item(index)
        rule, remedy = self._why(str(value).strip())
        return Break(index, f"{self.field} {rule}, got {shown(value)}; {remedy}")

    def _why(self, text: str) -> tuple[str, str]:
        """Return the rule that ``text`` breaks, and what to do."""
        plain = text.strip(self.column.strip + _BLANKS)
        if _NO_NUMBER.fullmatch(text):
            return f"{RULE}, and this is none", "fill it or drop the row"
        if re.fullmatch(r"\(.*[0-9].*\)", text):
            return f"{RULE}, and one in parentheses is a refund", self._refunds
        if (marks := self._why_marks(plain)) is not None:
            return marks
        return self._why_signs(text, plain) or (RULE, "mend or drop the row")

    def _why_marks(self, plain: str) -> tuple[str, str] | None:
        """Return the same of a number whose points and commas stand where they may not; None of any other text."""
        name = self.column.column
        if not re.fullmatch(rf"[+{re.escape(MINUS)}]?[0-9.,'’{_BLANKS}]+", plain):
            return None
        if self.thousands and re.match(rf"[^0-9]?0[{re.escape(self.thousands)}]", plain):
            return f"{RULE}, and no thousands begin with 0", "correct thousands, or mend or drop the row"
        if "," in plain and "," not in self._decimal + self.thousands:
            decimal, thousands = (
                written(self.field, column=name, decimal=","),
                written(self.field, column=name, thousands=","),
            )
            return f"{RULE}, and a comma can mean two things", f"write {decimal} or {thousands}"
        if "." in plain and "." not in self._decimal + self.thousands:
            thousands = written(self.field, column=name, decimal=",", thousands=".")
            return f"{RULE} with decimals after a comma", f"write {thousands} if the point stands between thousands"
        return None

    def _why_signs(self, text: str, plain: str) -> tuple[str, str] | None:
        """Return the same of a number with signs or a word beside it; None of any other text."""
        signs = re.sub(rf"[0-9.,+()\s{re.escape(MINUS)}]", "", plain)
        if signs.lower() in SCALES:
            return f"{RULE}, and {shown(signs)} may multiply it", "write all of its digits"
        if _SIDES.fullmatch(signs):
            return f"{RULE}, and {shown(signs)} may tell a refund", "write those with a minus, or drop the row"
        if signs and re.search(r"[0-9]", text) and not re.search(r"[0-9][^0-9.,\s]+[0-9]", text):
            shortest = "".join(dict.fromkeys(self.column.strip + signs))
            return (
                f"{RULE}, without {shown(signs)}",
                f"write {written(self.field, column=self.column.column, strip=shortest)}",
            )
        return None

    @property
    def _refunds(self) -> str:
        if self.alone:  # nothing is left out of a stream: each message comes to an end
            return MEND
        said = written(self.field, column=self.column.column, negative="skip")
        return f"write {said} to leave refunds out, which are then counted as skipped, or drop the row"
