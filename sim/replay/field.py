"""What every field of a transaction shares: how a converter answers, and how a broken rule is told."""

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import polars as pl

from sim.scenario.events import FieldColumn
from sim.tables.problem import shown

UNKNOWN = "must be known in every row, got nothing; fill it or drop the row"
FLOAT32_EXACT_LIMIT = 2**24  # whole numbers beyond it share their 32-bit float with neighbours
MEND = "mend or drop the row"
OTHER = "\0"  # a character that is in none of our texts
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]{4}-[0-9]{2}-[0-9]{2}")  # needs no quotes in YAML
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


ColumnT = TypeVar("ColumnT", bound=FieldColumn)


@dataclass(frozen=True, slots=True)
class Break:
    """The first row of a column that breaks a rule.

    Attributes:
        index: of the row in its frame, from 0; None when the type of the whole column does.
        text: the rule, the value, the remedy; `OTHER` stands for another row.
        other: the number of that row.
    """

    index: int | None
    text: str
    other: int | None = None

    def after(self, rows: int) -> str:
        """Return the text with the number of the row, of a frame before which there are ``rows``."""
        text = self.text.replace(OTHER, f"row {self.other}")
        return text if self.index is None else f"row {rows + self.index + 1}: {text}"


class Converter(Protocol):
    """Makes one field of frames that follow each other in a file; it may remember what earlier ones held."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it reads."""
        ...

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return the field of each row, or the first row that cannot be; ``rows`` are the numbers of the rows."""
        ...

    def finish(self) -> tuple[int, str] | None:
        """Return what can only be said after the last frame: a row and a text, of a column that reads in two ways."""
        ...


@dataclass(slots=True)
class MappedField(Generic[ColumnT]):
    """A converter by its part of the column map, with nothing to say at the end.

    Attributes:
        field: the field.
        column: its part of the column map.
        alone: whether each row is all that is known of how the column is written, as a message of a stream is: nothing
            is learned from one row for another.
    """

    field: str
    column: ColumnT
    alone: bool = dataclasses.field(default=False, kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return self.column.names

    def finish(self) -> tuple[int, str] | None:
        """Return nothing."""
        return None


def first(mask: pl.Series) -> int | None:
    """Return the first index at which ``mask`` is true."""
    return mask.arg_max() if mask.any() else None


def earliest(*breaks: Break | None) -> Break | None:
    """Return the break of the first row; of several in one row the one given first."""
    return min((each for each in breaks if each is not None), key=lambda each: each.index or 0, default=None)


def broken(mask: pl.Series, field: str, rule: str, column: pl.Series, remedy: str = MEND) -> Break | None:
    """Return the break of the first row at which ``mask`` is true, with its value in ``column``."""
    index = first(mask)
    return None if index is None else Break(index, f"{field} {rule}, got {shown(column.item(index))}; {remedy}")


def wrong_type(field: str, rule: str, column: pl.Series) -> Break:
    """Return the break of a column whose type holds no such field."""
    return Break(None, f"{field} {rule}, got a column of {type_name(column)}; convert the column")


def type_name(column: pl.Series) -> str:
    """Return what people call the type of ``column``."""
    return re.sub(r"\(.*", "", str(column.dtype), flags=re.DOTALL)


def absent(column: pl.Series, field: str) -> Break | None:
    """Return the first row without a value."""
    index = first(column.is_null())
    return None if index is None else Break(index, f"{field} {UNKNOWN}")


def written(field: str, **keys: object) -> str:
    """Return ``events.columns.FIELD`` as YAML that can be pasted into the column map.

    Example:
        >>> written("event_time", column="ts", unit="s")
        'event_time: {column: ts, unit: s}'
        >>> print(written("fraud", column="Is Fraud?", true="Yes"))
        fraud: {column: "Is Fraud?", true: "Yes"}
    """
    return f"{field}: {{{', '.join(f'{key}: {_flow(value)}' for key, value in keys.items())}}}"


def _flow(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML
    return text if plain else json.dumps(text, ensure_ascii=False)


def columns_written(names: tuple[str, ...]) -> dict[str, object]:
    """Return the keys that name ``names`` in a column map."""
    return {"column": names[0]} if len(names) == 1 else {"columns": list(names)}


@dataclass(slots=True)
class Ways:
    """The two ways in which a column may be written, of which it must keep to one, over all frames of a file.

    Attributes:
        seen: the number of the first row written in each way that has been met.
    """

    seen: dict[bool, int] = dataclasses.field(default_factory=dict)

    def second(self, way: pl.Series, known: pl.Series, rows: pl.Series) -> tuple[int, int] | None:
        """Return where the column is first written in the other way: its index here, and the number of an earlier row.

        Args:
            way: of the rows of this frame, true or false.
            known: which of them are written in either way.
            rows: their numbers.
        """
        found = {each: first(known & (way == each)) for each in (True, False)}
        here = sorted((index, each) for each, index in found.items() if index is not None)
        for index, each in here:
            if each not in self.seen and (not each) in self.seen:
                return index, self.seen[not each]
            self.seen.setdefault(each, rows.item(index))
        return None
