"""Texts, and keys: two cards, merchants or transactions never get one key, and one never gets two."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from actors.core.transaction import MAX_NAME
from sim.replay.field import (
    FLOAT32_EXACT_LIMIT,
    OTHER,
    Break,
    MappedField,
    Ways,
    absent,
    broken,
    columns_written,
    earliest,
    first,
    type_name,
    written,
    wrong_type,
)
from sim.scenario.events import KeyColumn, TextColumn
from sim.tables.problem import shown

RULE = f"must be a line of 1 to {MAX_NAME} characters or a whole number"
AS_TEXT = "export the column as text or as whole numbers"
EXACT_LIMIT = 2**53  # whole numbers beyond it share their float with neighbours
BIG = 2**62  # stands for numbers beyond 64 bits
EXPONENT = r"^[+-]?[0-9](?:[.,][0-9]+[eE][+-]?|[eE][+-])[0-9]{1,3}$"  # 4.00012E+15; 12e5 may well be a token
_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"  # a byte order mark where files were joined, say
POINT_ZERO = r"^[0-9]+\.0+$"
_WHOLE = r"^[0-9]+$"
NOTHING = frozenset(
    {"null", "(null)", "<null>", "none", "nan", "nat", "na", "<na>", "n/a", "#n/a", "\\n", "nil", "undefined"}
)
"""What SQL, R, pandas, spreadsheets and scripts write where there is no value, in small letters."""


@dataclass(slots=True)
class TextField(MappedField[TextColumn]):
    """A field of text that may be absent."""

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return its texts, null where there is none."""
        del rows
        texts = _texts(self.field, frame[self.column.column])
        if isinstance(texts, Break):
            return texts
        trimmed = known(_stripped(texts, self.column.strip), self.column.missing)
        wrong = earliest(
            _unfit(self.field, trimmed, texts, self.names),
            _nothing(self.field, trimmed, self.column.missing, self.names),
        )
        return wrong or trimmed


@dataclass(slots=True)
class KeyField(MappedField[KeyColumn]):
    """A field that is a key: of one column, or of several joined.

    Attributes:
        ways: whole numbers with .0 and without, by column.
    """

    ways: dict[str, Ways] = dataclasses.field(default_factory=dict)

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return its keys."""
        parts = [self._part(name, frame[name], rows) for name in self.names]
        if wrong := earliest(*(part for part in parts if isinstance(part, Break))):
            return wrong
        good = [part for part in parts if isinstance(part, pl.Series)]
        if wrong := self._all_absent(good):
            return wrong
        joined = good[0] if len(good) == 1 else _joined(good)
        return _unfit(self.field, joined, joined, self.names) or joined

    def _part(self, name: str, column: pl.Series, rows: pl.Series) -> pl.Series | Break:
        texts = _texts(self.field, column)
        if isinstance(texts, Break):
            return texts
        trimmed = known(_stripped(texts, self.column.strip), self.column.missing)
        if column.dtype.is_numeric():  # nothing but digits
            return (None if self.column.absent == "keep" else absent(trimmed, self.field)) or trimmed
        pointed = trimmed.str.contains(POINT_ZERO).fill_null(value=False)
        wrong = earliest(
            None if self.column.absent == "keep" else absent(trimmed, self.field),
            _unfit(self.field, trimmed, texts, self.names, longest=None),
            _nothing(self.field, trimmed, self.column.missing, self.names),
            broken(
                trimmed.str.contains(EXPONENT).fill_null(value=False),
                self.field,
                "is a number in exponent form, whose last digits are lost",
                texts,
                AS_TEXT,
            ),
            broken(
                pointed
                & (trimmed.str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False).fill_null(BIG) >= EXACT_LIMIT),
                self.field,
                "was stored as a float, which cannot hold so many digits",
                texts,
                AS_TEXT,
            ),
        )
        if wrong is None and not self.alone:
            wrong = self._two_forms(name, trimmed, pointed, rows)
        return wrong or trimmed

    def _all_absent(self, parts: list[pl.Series]) -> Break | None:
        """Return the first row in which no part of the key is known."""
        none = pl.DataFrame([part.is_null().alias(str(number)) for number, part in enumerate(parts)])
        return absent(none.select(pl.when(~pl.all_horizontal(pl.all())).then(1))["literal"], self.field)

    def _two_forms(self, name: str, texts: pl.Series, pointed: pl.Series, rows: pl.Series) -> Break | None:
        """Return the first row that makes one number two keys: 357 is in the column, and so is 357.0."""
        whole = texts.str.contains(_WHOLE).fill_null(value=False)
        found = self.ways.setdefault(name, Ways()).second(pointed, pointed | whole, rows)
        if found is None:
            return None
        index, row = found
        here, there = ("with .0", "without") if pointed.item(index) else ("without .0", "with it")
        rule = f"is a whole number {here}, and in {OTHER} {there}: one key would be two"
        return Break(index, f"{self.field} {rule}, got {shown(texts.item(index))}; {AS_TEXT}", row)


def _texts(field: str, column: pl.Series) -> pl.Series | Break:
    """Return ``column`` as text, exactly as it was written, or as its whole numbers."""
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_integer() or isinstance(kind, (pl.Categorical, pl.Enum)) or _whole_decimal(kind):
        return column.cast(pl.String)
    if kind.is_float():
        return _whole_floats(field, column)
    return wrong_type(field, RULE, column)


def _whole_decimal(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Decimal) and kind.scale == 0


def _whole_floats(field: str, column: pl.Series) -> pl.Series | Break:
    limit = EXACT_LIMIT if column.dtype == pl.Float64 else FLOAT32_EXACT_LIMIT
    fraction = ~(column.floor() == column) | ~column.is_finite()
    wrong = earliest(
        broken(
            fraction.fill_null(value=False),
            field,
            f"{RULE} (the column is of {type_name(column)})",
            column,
            AS_TEXT,
        ),
        broken(
            (column.abs() >= limit).fill_null(value=False),
            field,
            f"must be a text or a whole number: {type_name(column)} cannot tell whole numbers from {limit:,} on apart",
            column,
            AS_TEXT,
        ),
    )
    return wrong or column.cast(pl.Int64).cast(pl.String)


def _stripped(texts: pl.Series, characters: str) -> pl.Series:
    return texts.str.strip_chars(characters) if characters else texts


def known(values: pl.Series, missing: Sequence[str] | None) -> pl.Series:
    """Return ``values``, null where they are one of the words that are ``missing`` ones, in any case of letters."""
    if not missing:
        return values
    texts = values.cast(pl.String)
    texts = texts.str.replace(r"\.0$", "") if values.dtype.is_float() else texts
    words = [word.lower() for word in missing]
    nothing = texts.str.strip_chars().str.to_lowercase().is_in(words).fill_null(value=False)
    return pl.select(pl.when(~nothing).then(values)).to_series().alias(values.name)


def words_for_nothing(*columns: pl.Series) -> tuple[str, ...]:
    """Return the words in ``columns`` that may stand for no value, as they are written, in order."""
    words: set[str] = set()
    for column in columns:
        if column.dtype == pl.String:
            words.update(column.str.strip_chars().unique().drop_nulls().to_list())
    return tuple(sorted(word for word in words if word.lower() in NOTHING))


def _nothing(field: str, texts: pl.Series, missing: Sequence[str] | None, names: tuple[str, ...]) -> Break | None:
    """Return the first text that may stand for no value, where it is not said which do."""
    if missing is not None:
        return None
    index = first(texts.str.to_lowercase().is_in(list(NOTHING)).fill_null(value=False))
    if index is None:
        return None
    word = texts.item(index)
    said: tuple[object, ...] = (word, [])
    ways = [written(field, **columns_written(names), missing=each) for each in said]
    rule = "may be a word for no value, and all rows with it would be taken for one and the same"
    return Break(index, f"{field} {rule}, got {shown(word)}; write {ways[0]} if it is, or {ways[1]} if it is a value")


def _unfit(
    field: str, texts: pl.Series, raw: pl.Series, names: tuple[str, ...], longest: int | None = MAX_NAME
) -> Break | None:
    """Return the first text that is empty, too long, of several lines, or has blanks or what no one sees around it."""
    length = texts.str.len_chars()
    ill = (length < 1) | texts.str.contains(r"[\r\n]")
    ill = ill if longest is None else ill | (length > longest)
    remedy = written(field, **columns_written(names), strip=" ")
    return earliest(
        broken(ill.fill_null(value=False), field, RULE, raw),
        broken(
            texts.str.contains(r"^\s|\s$").fill_null(value=False),
            field,
            "must have no blanks around it: with and without them would be two",
            raw,
            f"write {remedy}, which removes them",
        ),
        broken(
            texts.str.contains(f"^{_INVISIBLE}|{_INVISIBLE}$").fill_null(value=False),
            field,
            "must have no invisible character at its ends: with and without it would be two",
            raw,
            "remove it from the file",
        ),
    )


def _joined(parts: list[pl.Series]) -> pl.Series:
    r"""Return the parts of each row joined with |; a | or \ within a part gets a \ before it, so no two rows meet.

    An absent part is empty, which no part is that is there.
    """
    escaped = [part.str.replace_all(r"([\\|])", r"\${1}").fill_null("") for part in parts]
    return pl.DataFrame([part.alias(str(number)) for number, part in enumerate(escaped)]).select(
        pl.concat_str(pl.all(), separator="|")
    )["0"]
