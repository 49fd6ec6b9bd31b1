"""One pass over a whole file, which gathers all that a column map depends on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl

from actors.core.errors import TransactionFileError
from sim.inspection.columns import OWNERS, PARTLY, Column, columns_of, letters_of, ranked, score
from sim.inspection.times import TimeForms, best_forms
from sim.inspection.values import MOST_WORDS, Keys, LabelCounts, Money, looks_like_amounts
from sim.replay.converters import DegreesField
from sim.replay.field import Break
from sim.replay.keys import TextField, words_for_nothing
from sim.scenario.events import DegreesColumn, KeyColumn, TextColumn
from sim.tables.files import COMMA, NO_STDIN, SEPARATOR_WORDS, STDIN, TAB, ending_of, full_ending, parts_of
from sim.tables.problem import problem
from sim.tables.reader import TableReader, reader
from sim.training.progress import Progress

READING: Final = "read"
STEPS: Final = 1_000  # of the progress of reading a file
KEYS: Final = ("id", "card", "merchant")
TEXTS: Final = ("currency", "category", "channel", "device", "ip_country", "card_country")
DEGREES: Final = {"lat": 90.0, "lon": 180.0}
STATED: Final = {".csv": COMMA, ".tsv": TAB}  # what goes without saying
CARD_PARTS: Final = ("card1", "card2", "card3", "card4", "card5", "card6", "addr1")
_FEW: Final = 20  # cards that one person may have


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that is opened.

    Attributes:
        path: as it was named.
        format: CSV, JSON lines or Parquet.
        separator: to be written in a scenario; None where it goes without saying.
        reader: of its rows.
    """

    path: Path
    format: str
    separator: str | None
    reader: TableReader


@dataclass(slots=True)
class Survey:
    """What all of the rows of a file say.

    Attributes:
        source: the file.
        columns: what each column looks like, by the first rows.
        looked_at: how many rows that were.
        rows: of the file.
        moments: its times.
        money: its amounts; None: no column may hold them.
        labels: its labels; None: no column may hold them.
        keys: by field, what may tell cards, merchants and transactions apart; the likelier first.
        plain: by field, how a text or degrees are written in a column map.
    """

    source: OpenedFile
    columns: list[Column]
    looked_at: int
    rows: int
    moments: TimeForms
    money: Money | None
    labels: LabelCounts | None
    keys: dict[str, list[Keys]]
    plain: dict[str, TextColumn | DegreesColumn] = field(default_factory=dict)


def opened(path: Path, *, separator: str | None, multiline: bool) -> OpenedFile:
    """Return the file at ``path``; where no separator is given, the one is taken that makes the most columns.

    Raises:
        TransactionFileError: it is not there, of no known format, or cannot be read.
    """
    if str(path) == STDIN:
        raise problem(path, "; ".join(NO_STDIN))
    first = parts_of(path)[0]
    ending = ending_of(first, separator or ",")
    if ending.format != "CSV" or separator is not None:
        return OpenedFile(path, ending.format, separator, reader(path, separator=separator, multiline=multiline))
    stated = STATED.get(full_ending(first).removesuffix(".gz"))
    counted = {each: _columns(path, each, multiline=multiline) for each in SEPARATOR_WORDS.values()}
    best = max(counted, key=lambda each: (counted[each], each == stated))
    chosen = None if best == stated else best
    return OpenedFile(path, ending.format, chosen, reader(path, separator=chosen, multiline=multiline))


def _columns(path: Path, separator: str, *, multiline: bool) -> int:
    try:
        return len(reader(path, separator=separator, multiline=multiline).columns())
    except TransactionFileError:
        return 0


def surveyed(source: OpenedFile, timezone: str, progress: Progress) -> Survey:
    """Return what all rows of ``source`` say.

    Raises:
        TransactionFileError: the file cannot be read to its end.
    """
    names = source.reader.columns()
    head = next(iter(source.reader.frames(names)))
    columns = columns_of(head)
    survey = Survey(
        source=source,
        columns=columns,
        looked_at=len(head),
        rows=0,
        moments=TimeForms(best_forms(head, timezone), timezone),
        money=_money(head),
        labels=_labels(head, columns),
        keys={},
    )
    survey.keys = _keys(head, columns, survey)
    plain = _plain(head, survey)
    _read(survey, plain, progress)
    return survey


def _read(survey: Survey, plain: dict[str, "_Trial"], progress: Progress) -> None:
    takers: list[Callable[[pl.DataFrame], None]] = [survey.moments.take]
    takers += [each.take for each in (survey.money, survey.labels) if each is not None]
    takers += [key.take for keys in survey.keys.values() for key in keys]
    takers += [trial.take for trial in plain.values()]
    wanted = [name for name in (column.name for column in survey.columns) if name in _wanted(survey, plain)]
    for frame in survey.source.reader.frames(wanted or [survey.columns[0].name]):
        for take in takers:
            take(frame)
        survey.rows += len(frame)
        progress(READING, round(survey.source.reader.share * STEPS), STEPS)
    survey.plain = {field: trial.converter.column for field, trial in plain.items() if trial.fits}


def _wanted(survey: Survey, plain: dict[str, "_Trial"]) -> set[str]:
    names = {name for form in survey.moments.forms for name in form.column.names}
    names |= {each.name for each in (survey.money, survey.labels) if each is not None}
    names |= {name for keys in survey.keys.values() for key in keys for name in key.column.names}
    return names | {trial.name for trial in plain.values()}


def _money(head: pl.DataFrame) -> Money | None:
    names = ranked("amount", head.columns)
    good = [name for name in names if looks_like_amounts(head[name].drop_nulls())]
    called = [name for name in names if score("amount", name) > PARTLY]  # told why it cannot be read, should it not be
    return next((Money(name) for name in (*good, *called)), None)


def _labels(head: pl.DataFrame, columns: Sequence[Column]) -> LabelCounts | None:
    few = {column.name for column in columns if 0 < column.distinct <= MOST_WORDS}
    good = [name for name in ranked("fraud", head.columns) if name in few]
    return LabelCounts(good[0]) if good else None


def _keys(head: pl.DataFrame, columns: Sequence[Column], survey: Survey) -> dict[str, list[Keys]]:
    """Return what may be the keys: the clearest names that are no time, amount or label and can be read as keys."""
    taken = _wanted(survey, {})
    by_name = {column.name: column for column in columns}
    found: dict[str, list[Keys]] = {}
    for field_name in KEYS:
        names = [name for name in ranked(field_name, head.columns) if name not in taken]
        good = [key for key in (_key(field_name, (name,), head) for name in names) if key is not None]
        if field_name == "card" and good:
            good = [*_of_several(good[0], names, by_name, head), *good]
        found[field_name] = good[:2] or [Keys(field_name, KeyColumn(column=name)) for name in names[:1]]
    return found


def _of_several(first: Keys, names: Sequence[str], by_name: dict[str, Column], head: pl.DataFrame) -> list[Keys]:
    """Return a key of several columns where the one is too little to tell cards apart."""
    parts = tuple(name for name in CARD_PARTS if name in by_name)
    if CARD_PARTS[0] in by_name and len(parts) > 1:
        key = _key("card", parts, head, absent="keep")
        return [] if key is None else [key]
    (only,) = first.column.names
    owners = [name for name in names if name != only and letters_of(name) in OWNERS]
    if not owners or not _counts_cards(head[only]):
        return []
    key = _key("card", (owners[0], only), head)
    return [] if key is None else [key]


def _counts_cards(column: pl.Series) -> bool:
    """Return whether the values are small numbers: which of their owner's cards it was."""
    numbers = column.cast(pl.Int64, strict=False)
    largest = numbers.max()
    return numbers.null_count() == column.null_count() and isinstance(largest, int) and largest < _FEW


def _key(
    field_name: str, names: tuple[str, ...], head: pl.DataFrame, absent: Literal["refuse", "keep"] = "refuse"
) -> Keys | None:
    """Return the key of ``names``, blanks around its values stripped if there are any; None if it is none."""
    missing = words_for_nothing(*(head[name] for name in names)) or None
    for strip in ("", " "):
        column = (
            KeyColumn(column=names[0], strip=strip, missing=missing)
            if len(names) == 1
            else KeyColumn(columns=names, strip=strip, absent=absent, missing=missing)
        )
        trial = Keys(field_name, column)
        trial.take(head)
        if not trial.refusal:
            return Keys(field_name, column)
    return None


@dataclass(slots=True)
class _Trial:
    """Whether a column of text or degrees can be read, frame by frame."""

    name: str
    converter: TextField | DegreesField
    fits: bool = True

    def take(self, frame: pl.DataFrame) -> None:
        if self.fits:
            rows = pl.int_range(len(frame), eager=True)
            self.fits = not isinstance(self.converter.convert(frame, rows), Break)


def _plain(head: pl.DataFrame, survey: Survey) -> dict[str, _Trial]:
    taken = _wanted(survey, {})
    found: dict[str, _Trial] = {}
    for field_name in (*TEXTS, *DEGREES):
        for name in ranked(field_name, head.columns):
            missing = words_for_nothing(head[name])
            converter: TextField | DegreesField = (
                DegreesField(field_name, DegreesColumn(column=name, missing=missing), DEGREES[field_name])
                if field_name in DEGREES
                else TextField(field_name, TextColumn(column=name, missing=missing or None))
            )
            trial = _Trial(name, converter)
            if name not in taken:
                trial.take(head)
                if trial.fits:
                    found[field_name] = trial
                    taken.add(name)
                    break
    return found
