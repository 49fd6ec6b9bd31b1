"""How keys, labels and amounts of a file are written, judged by all of its rows."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

import polars as pl

from sim.replay.amounts import SCALES
from sim.replay.converters import FALSE, TRUE, folded
from sim.replay.field import Break
from sim.replay.keys import KeyField
from sim.scenario.events import MINUS, AmountColumn, KeyColumn, LabelColumn

_MOST_SIGNS: Final = 8  # a column with more kinds of signs in it holds no amounts
_NO_NUMBERS: Final = frozenset({"nan", "inf", "infinity", "null", "none", "na", "n/a", "e"})  # e of an exponent
_MINUS: Final = re.escape(MINUS)
_LARGE_CENTS: Final = 1_000  # a median of whole numbers above it may be of cents: few buy for more than 1,000 each time


@dataclass(slots=True)
class Money:
    """Looks at a column of amounts, frame by frame.

    Attributes:
        name: of the column.
        rows: that were looked at.
        negative: how many rows have an amount below zero.
        whole: whether no amount has decimals.
        median: of the first frame, in the column's own unit; NaN where it is no plain number.
    """

    name: str
    rows: int = 0
    negative: int = 0
    whole: bool = True
    median: float = float("nan")
    _signs: set[str] = field(default_factory=set)
    _beside: set[str] = field(default_factory=set)  # what stands beside a number, each as a whole
    _marks: set[str] = field(default_factory=set)
    _begun: bool = False

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        self.rows += len(frame)
        known = frame[self.name].drop_nulls()
        if known.dtype == pl.String:
            self._texts(known)
        elif known.dtype.is_numeric():
            self.negative += int((known < 0).sum())
            self.whole = self.whole and bool((known == known.cast(pl.Int64, strict=False)).all())
        plain = known.cast(pl.Float64, strict=False).median()
        if not self._begun and isinstance(plain, float):
            self.median = plain
        self._begun = True

    def _texts(self, known: pl.Series) -> None:
        numbers = known.str.strip_chars()
        self.negative += int(numbers.str.contains(rf"^[^0-9]*(?:[{_MINUS}][^1-9]*[1-9]|\(.*[1-9].*\))").sum())
        signs = numbers.str.replace_all(rf"[0-9.,+()'’_\s{_MINUS}]", "").unique()
        if len(self._signs) <= _MOST_SIGNS:
            words = {text for text in signs.head(_MOST_SIGNS + 1).to_list() if text.lower() not in _NO_NUMBERS}
            self._beside |= words
            self._signs |= {sign for text in words for sign in text}
        for mark, pattern in _PATTERNS.items():
            if mark not in self._marks and numbers.str.contains(pattern).any():
                self._marks.add(mark)
        self.whole = self.whole and not self._marks & _DECIMALS

    @property
    def column(self) -> AmountColumn:
        """How to write it in a column map."""
        decimal, thousands = self._marks_of()
        return AmountColumn(
            column=self.name,
            decimal=decimal,
            thousands=thousands,
            strip="".join(sorted(self._signs)),
            negative="skip" if self.negative else "refuse",
        )

    def _marks_of(self) -> tuple[Literal[".", ","] | None, str | None]:
        marks = self._marks
        blanks = next((mark for mark in (" ", "'", "_") if mark in marks), None)
        if marks & {"comma last", "comma decimal"}:
            return ",", "." if "comma last" in marks or "points" in marks else blanks
        if marks & {"point last", "commas"}:
            return None, ","
        if "comma three" in marks:
            return None, ","
        if "point three" in marks and "point decimal" not in marks:
            return ".", None
        return None, blanks

    @property
    def doubts(self) -> list[str]:
        """What is not sure about it."""
        found = []
        if 2 * self.negative > self.rows:
            found.append("most amounts are below zero, and skip leaves them out: if they are payments, turn their sign")
        elif self.negative:
            found.append(f"amounts below zero, as of refunds, in {self.negative:,} of the rows: skip leaves them out")
        if len(self._beside) > 1:
            seen = ", ".join(sorted(self._beside - {""}))
            found.append(f"not all have the same beside them ({seen}): are some refunds, or of another currency?")
        if scales := sorted(text for text in self._beside if text.lower() in SCALES):
            found.append(f"{', '.join(scales)} beside an amount may multiply it, and is left out")
        if self.whole and self.median > _LARGE_CENTS:
            found.append("all are whole numbers, and large: if they count cents, add unit: cents")
        if "comma three" in self._marks and not self._marks & {"commas", "point last", "comma decimal", "comma last"}:
            found.append('1,234 is read as thousands; if the comma stands before decimals, write decimal: ","')
        if "point three" in self._marks and not self._marks & {"point decimal", "point last", "comma last", "points"}:
            found.append('1.234 is read as 1 and decimals; if it means thousands, write thousands: "."')
        if len(self._signs) > _MOST_SIGNS:
            found.append("it has other signs in it than digits: it may hold no amounts")
        return found


_PATTERNS: Final = {
    "comma last": r"[0-9][.][0-9]{3},[0-9]+[^0-9]*$",
    "point last": r"[0-9],[0-9]{3}[.][0-9]+[^0-9]*$",
    "points": r"[0-9][.][0-9]{3}[.][0-9]{3}",
    "commas": r"[0-9],[0-9]{3},[0-9]{3}",
    "comma decimal": r"^[^,]*[0-9],(?:[0-9]{1,2}|[0-9]{4,})[^0-9]*$|^[^0-9]*0,[0-9]+[^0-9]*$|^[^,.]*[0-9]{4,},[0-9]",
    "comma three": r"^[^,.]*[0-9]{1,3},[0-9]{3}[^0-9]*$",
    "point decimal": r"^[^.]*[.](?:[0-9]{0,2}|[0-9]{4,})[^0-9]*$|^[^0-9]*0[.][0-9]+[^0-9]*$|^[^.,]*[0-9]{4,}[.][0-9]",
    "point three": r"^[^,.]*[0-9]{1,3}[.][0-9]{3}[^0-9]*$",
    " ": r"[0-9]{1,3}[ \u00a0\u202f][0-9]{3}",
    "'": r"[0-9]{1,3}['’][0-9]{3}",
    "_": r"[0-9]{1,3}_[0-9]{3}",
}
_DECIMALS: Final = frozenset({"comma last", "point last", "comma decimal", "point decimal"})


def looks_like_amounts(known: pl.Series) -> bool:
    """Return whether the values of a column, none of them absent, may be amounts."""
    if known.dtype == pl.String:
        number = r"^[^0-9A-Za-z]{0,5}[A-Z]{0,3}[^0-9A-Za-z]{0,3}[0-9][0-9.,'’_ \u00a0\u202f]*[^0-9]{0,6}$"
        return bool(known.str.contains(number).all()) and not bool(known.str.contains(r"[0-9]:[0-9]|[0-9]-").any())
    return known.dtype.is_numeric()


MOST_WORDS: Final = 12  # a column with more of them is no label
TRUE_WORDS: Final = frozenset({"yes", "y", "t", "fraud", "fraudulent", "bad", "positive", "chargeback", "confirmed"})
FALSE_WORDS: Final = frozenset(
    {"no", "n", "f", "legit", "legitimate", "genuine", "good", "normal", "negative", "nonfraud", "non-fraud", "ok"}
    | {"not fraud", "no fraud", "nofraud", "clean", "valid"}
)


@dataclass(slots=True)
class LabelCounts:
    """Counts the words of a column, frame by frame.

    Attributes:
        name: of the column.
        counts: rows by word, as `folded`.
        absent: rows without one.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    absent: int = 0
    _written: dict[str, str] = field(default_factory=dict)

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        column = frame[self.name]
        self.absent += column.null_count()
        if len(self.counts) > MOST_WORDS:
            return
        words = column.drop_nulls().cast(pl.String)
        for word, count in words.value_counts(sort=True).head(MOST_WORDS + 1).iter_rows():
            self._written.setdefault(folded(word), word.strip())
            self.counts[folded(word)] += count

    @property
    def plain(self) -> bool:
        """Whether the words mean what they mean without being told."""
        return set(self.counts) <= {*TRUE, *FALSE}

    @property
    def fits(self) -> bool:
        """Whether it may be a label at all."""
        return 0 < len(self.counts) <= MOST_WORDS

    def _sides(self) -> tuple[list[str], list[str], list[str]]:
        true = [word for word in self.counts if word in TRUE_WORDS or word in TRUE]
        false = [word for word in self.counts if word in FALSE_WORDS or word in FALSE]
        return true, false, [word for word in self.counts if word not in (*true, *false)]

    @property
    def column(self) -> LabelColumn:
        """How to write it in a column map; words of no known meaning go to the side of no fraud."""
        if self.plain:
            return LabelColumn(column=self.name)
        true, false, unknown = self._sides()
        if not true and unknown:
            true = [min(unknown, key=lambda word: self.counts[word])]  # the rarest
            unknown = [word for word in unknown if word not in true]
        written = self._written
        return LabelColumn(
            column=self.name,
            true=tuple(written[word] for word in true) or ("Yes",),
            false=tuple(written[word] for word in (*false, *unknown)) or ("No",),
        )

    @property
    def frauds(self) -> int:
        """Rows that are fraud, by `column`."""
        true = TRUE if self.plain else tuple(map(folded, self.column.true))
        return sum(self.counts[word] for word in true)

    @property
    def doubts(self) -> list[str]:
        """What is not sure about it."""
        found = []
        if not self.plain and (unknown := self._sides()[2]):
            words = ", ".join(self._written[word] for word in unknown)
            found.append(f"it is not known on which side belong: {words}")
        if 2 * self.frauds > self.counts.total() + self.absent:
            found.append("most rows are fraud by it: it may mean the opposite")
        if self.absent:
            found.append(f"{self.absent:,} rows have no label, and are refused")
        return found


_GATHERED: Final = 1 << 21  # hashes that wait to be made one; 16 MB


@dataclass(slots=True)
class Keys:
    """Looks at a key, frame by frame: whether it can be read, and how many different ones there are.

    Attributes:
        name: of the field.
        column: how it is written in a column map.
        rows: that were looked at.
        refusal: why it cannot be read; empty where it can.
    """

    name: str
    column: KeyColumn
    rows: int = 0
    refusal: str = ""
    _hashes: list[pl.Series] = field(default_factory=list)
    _waiting: int = 0
    _field: KeyField | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        if self.refusal:
            return
        self._field = self._field or KeyField(self.name, self.column)
        keys = self._field.convert(frame, pl.int_range(self.rows + 1, self.rows + 1 + len(frame), eager=True))
        if isinstance(keys, Break):
            self.refusal = keys.after(self.rows)
            return
        self.rows += len(frame)
        self._hashes.append(keys.hash(0).unique())
        self._waiting += len(self._hashes[-1])
        if self._waiting > _GATHERED:
            self._gather()

    def _gather(self) -> None:
        self._hashes = [pl.concat(self._hashes).unique()] if self._hashes else []
        self._waiting = 0

    @property
    def distinct(self) -> int:
        """How many different keys there are."""
        self._gather()
        return len(self._hashes[0]) if self._hashes else 0

    @property
    def unique(self) -> bool:
        """Whether no key comes twice."""
        return not self.refusal and self.distinct == self.rows
