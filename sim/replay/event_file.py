"""An opened file of transactions: its rows as columns, for training and replay, refused where one breaks a rule."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from actors.core.arrays import F64, I64, U8
from actors.core.errors import TransactionFileError
from actors.core.transaction import Columns
from sim.replay.amounts import AmountField
from sim.replay.contents import Contents, PeriodCounts, minute
from sim.replay.converters import converters_of
from sim.replay.field import OTHER, Break, Converter
from sim.replay.sorting import Rows, Sorted, Told, out_of_order, repeated, sorted_rows, untold
from sim.replay.spec import ALL_TIME, EventsSpec, Period
from sim.replay.times import TimeField, instant, with_unit
from sim.tables.problem import columns_hint, listed, named, problem
from sim.tables.reader import TableReader, reader

_SORTED: dict[object, Sorted] = {}
"""What this process has sorted, by all that the order depends on."""


class EventFile:
    """A file of transactions whose header fits its column map. `open` makes one; it keeps no handle between calls.

    Attributes:
        spec: what was asked for, with the unit of its times, be it given or told by the numbers.
    """

    def __init__(self, spec: EventsSpec, source: TableReader, told: Told = untold) -> None:
        self._source = source
        self._names = _names(converters_of(spec.columns, spec.timezone).values())
        self._sorted: Sorted | None = None
        self._found = source.found() if spec.found is None else spec.found
        self.spec = replace(spec, found=self._found)
        source.refuse_changed(self._found)
        if spec.sort:
            self._sorted = self._sort(told)
            self.spec = replace(self.spec, sorted_in=self._sorted.folder)

    @staticmethod
    def open(spec: EventsSpec, told: Told = untold) -> "EventFile":
        """Return the file, its header checked against the column map, its rows sorted if that is asked for.

        Args:
            spec: what is asked for.
            told: how far sorting is; a file that this process has sorted before is not sorted again.

        Raises:
            TransactionFileError: missing, not readable, of an unknown format, or without a mapped column; or its times
                are numbers of no unit; or sorting met a time that is refused, or found no room.
        """
        source = reader(spec.file, separator=spec.separator, multiline=spec.multiline)
        wanted = {name for column in spec.columns.mapped().values() for name in column.names}
        _check_header(spec, source.columns(wanted))
        return EventFile(with_unit(spec, source), source, told)

    def columns(self, period: Period = ALL_TIME) -> Iterator[tuple[Columns, U8]]:
        """Yield the transactions of ``period`` with their labels, in order of time, up to 65,536 at a time.

        Rows with equal times keep the file's order. Labels are uint8 (n,), 1 for fraud; all 0 when the file has none.
        Repeated ids are not looked for; `contents` does that.

        Raises:
            TransactionFileError: a row of the period breaks a rule, times fall, or the period is empty.
        """
        empty = True
        for _, frame in self._frames(period):
            if len(frame):
                empty = False
                yield columns_of(frame)
        if empty:
            self._refuse_empty(period)

    def contents(self, period: Period = ALL_TIME) -> Contents:
        """Check every rule on ``period``, unique ids included, and return what it holds.

        Raises:
            TransactionFileError: as `columns`, or an id occurs twice.
        """
        return self.contents_of([period])[0]

    def contents_of(self, periods: Sequence[Period], told: Told = untold) -> list[Contents]:
        """Check every rule from where the first of ``periods`` starts to where the last ends; return what each holds.

        The file is read once. Takes 8 bytes a row for the ids, as hashes.

        Args:
            periods: at least one; they may overlap.
            told: how much of the file has been read.

        Raises:
            TransactionFileError: as `columns`, or an id occurs twice.
        """
        counts = [PeriodCounts(period) for period in periods]
        whole = Period(min(each.from_us for each in periods), max(each.to_us for each in periods))
        hashes: list[pl.Series] = []
        begun = False
        for skipped_us, frame in self._frames(whole):
            hashes.append(frame["id"].hash(0))
            for each in counts:
                each.take(skipped_us, frame)
            if self._sorted is None and self._source.share < 1:
                told(self._source.share)
                begun = True
        if begun:
            told(1.0)  # what lies behind the last period is not read
        if hashes and self.spec.columns.id is not None:
            self._check_unique(pl.concat(hashes), whole)
        held = [each.contents() or self._refuse_empty(each.period) for each in counts]
        return [replace(each, found=self._found) for each in held]

    def times(self, period: Period) -> I64:
        """Return the event times of ``period``, int64 (n,): 8 bytes a row.

        Raises:
            TransactionFileError: as `columns`.
        """
        parts = [frame["event_time"].to_numpy() for _, frame in self._frames(period)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def _frames(self, period: Period) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
        """Yield (times of rows left out, checked rows of the period); of earlier rows only the times are checked."""
        converters = converters_of(self.spec.columns, self.spec.timezone)
        for part in self._timed(converters, self._names):
            start, stop = map(int, np.searchsorted(part.times.to_numpy(), [period.from_us, period.to_us]))
            if start < stop:
                yield self._checked(part.slice(start, stop), converters)
            if stop < len(part.times):
                break
        for converter in converters.values():
            if (wrong := converter.finish()) is not None:
                raise self._problem(converter, *wrong)

    def _timed(self, converters: Mapping[str, Converter], names: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows of the file in order of time, which is checked."""
        if self._sorted is not None:
            yield from self._sorted.frames(names)
            return
        converter = converters["event_time"]
        latest_us = 0
        for part in self._as_they_stand(converter, names):
            local = isinstance(converter, TimeField) and converter.local
            if wrong := out_of_order(part.times, latest_us, local=local):
                raise self._refusal(converter, wrong, part.rows)
            yield part
            latest_us = part.times.item(-1)

    def _as_they_stand(self, converter: Converter, names: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows in the order of the file."""
        row = 1
        for read in self._source.frames(list(names)):
            self._source.refuse_changed(self._found)
            raw = read.cast({pl.Null: pl.String}).with_columns(pl.col(pl.String).replace("", None))  # both are nothing
            rows = pl.int_range(row, row + len(raw), eager=True)
            times = converter.convert(raw, rows)
            if isinstance(times, Break):
                raise self._refusal(converter, times, rows)
            yield Rows(rows, times, raw)
            row += len(raw)

    def _sort(self, told: Told) -> Sorted:
        """Return the sorted rows: those that are there, or new ones."""
        spec = self.spec
        if spec.sorted_in is not None:
            return Sorted(spec.sorted_in, self._names)
        files = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in self._source.files)
        key = (spec.columns, spec.timezone, spec.separator, spec.multiline, files)
        if key not in _SORTED or not _SORTED[key].folder.is_dir():
            rows = self._as_they_stand(converters_of(spec.columns, spec.timezone)["event_time"], self._names)
            _SORTED[key] = sorted_rows(spec.file, rows, lambda: self._source.share, told)
        return _SORTED[key]

    def _checked(self, part: Rows, converters: Mapping[str, Converter]) -> tuple[pl.Series, pl.DataFrame]:
        """Return the times of the rows that are left out, and the fields of the others."""
        money = converters["amount"]
        amounts = money.convert(part.raw, part.rows)
        left_out = part.times.head(0)
        if isinstance(amounts, pl.Series) and isinstance(money, AmountField) and money.skips:
            keep = amounts >= 0
            left_out = part.times.filter(~keep)
            part, amounts = part.filter(keep), amounts.filter(keep)
        results: dict[str, pl.Series | Break] = {"event_time": part.times, "amount": amounts}
        for field, converter in converters.items():
            if field not in results:
                results[field] = converter.convert(part.raw, part.rows)
        breaks = [(field, result) for field, result in results.items() if isinstance(result, Break)]
        if breaks:
            field, wrong = min(breaks, key=lambda each: each[1].index or 0)
            raise self._refusal(converters[field], wrong, part.rows)
        good = [each.alias(field) for field, each in results.items() if isinstance(each, pl.Series)]
        if "id" not in results:
            good.append(part.rows.cast(pl.String).alias("id"))
        return left_out, pl.DataFrame([*good, part.rows.alias("row")])

    def _check_unique(self, hashes: pl.Series, period: Period) -> None:
        suspects = hashes.filter(hashes.is_duplicated()).unique()
        if not len(suspects):
            return
        found = [  # two ids with one hash are rare, so only the ids themselves tell
            frame.select("id", "row").filter(pl.col("id").hash(0).is_in(suspects.implode()))
            for _, frame in self._frames(period)
        ]
        again = pl.concat(found)
        if wrong := repeated(again["id"], again["row"], self._where):
            raise self._problem(converters_of(self.spec.columns, self.spec.timezone)["id"], *wrong)

    def _where(self, row: int) -> str:
        file, there = self._place(row)
        return f"row {there}" if len(self._source.files) == 1 else f"row {there} of {file.name}"

    def _place(self, row: int) -> tuple[Path, int]:
        """Return the file of a row and its number there."""
        if self._sorted is not None and len(self._source.files) > 1:
            for _ in self._source.frames(self._names[:1]):
                pass  # which file has how many rows is known of those that were read
        return self._source.place(row)

    def _refusal(self, converter: Converter, wrong: Break, rows: pl.Series) -> TransactionFileError:
        if wrong.index is None:
            return problem(self.spec.file, wrong.text, column=listed(converter.names))
        text = wrong.text if wrong.other is None else wrong.text.replace(OTHER, self._where(wrong.other))
        return self._problem(converter, rows.item(wrong.index), text)

    def _problem(self, converter: Converter, row: int, text: str) -> TransactionFileError:
        file, there = self._place(row)
        return problem(file, text, row=there, column=listed(converter.names))

    def _refuse_empty(self, period: Period) -> NoReturn:
        converters = converters_of(self.spec.columns, self.spec.timezone)
        every = self._timed(converters, self.spec.columns.event_time.names)
        edges = [time for part in every for time in (part.times.item(0), part.times.item(-1))]
        asked = f"from {instant(period.from_us)} to {instant(period.to_us)}"
        held = f"from {instant(edges[0])} to {instant(edges[-1])}"
        skipped = " that is not skipped" if self.spec.columns.amount.negative == "skip" else ""
        raise problem(self.spec.file, f"has no transaction{skipped} {asked}; its times run {held}")


def _names(converters: Iterable[Converter]) -> list[str]:
    """Return the columns that are read, each once."""
    return list(dict.fromkeys(name for converter in converters for name in converter.names))


def _check_header(spec: EventsSpec, header: Sequence[str]) -> None:
    for field, column in spec.columns.mapped().items():
        for name in column.names:
            if name not in header:
                hint = columns_hint(name, header)
                text = f"has no column {named(name)}, which events.columns gives for {field}{hint}"
                raise problem(spec.file, text)


def columns_of(frame: pl.DataFrame) -> tuple[Columns, U8]:
    """Return converted fields as columns, and the labels, all 0 where there are none."""
    rows = len(frame)
    amount = frame["amount"].to_numpy(writable=True)

    def texts(field: str) -> list[str | None]:
        return frame[field].to_list() if field in frame.columns else [None] * rows

    def degrees(field: str) -> F64:
        values = (
            frame[field].fill_null(np.nan).to_numpy(writable=True) if field in frame.columns else np.full(rows, np.nan)
        )
        return values.astype(np.float64, copy=False)

    columns = Columns(
        ids=frame["id"].to_list(),
        event_us=frame["event_time"].to_numpy(writable=True),
        cards=frame["card"].to_list(),
        merchants=frame["merchant"].to_list(),
        cents=np.rint(amount * 100).astype(np.int64),
        amount=amount,
        currency=texts("currency"),
        category=texts("category"),
        channel=texts("channel"),
        device=texts("device"),
        ip_country=texts("ip_country"),
        card_country=texts("card_country"),
        lat=degrees("lat"),
        lon=degrees("lon"),
    )
    fraud = frame["fraud"].to_numpy().astype(np.uint8) if "fraud" in frame.columns else np.zeros(rows, dtype=np.uint8)
    return columns, fraud


REPLAY = "replay"
HISTORY = "history"


def contents_of_spans(spec: EventsSpec, *, trained: bool, told: Told = untold) -> dict[str, Contents]:
    """Return what is replayed of a file, and of one to train on also its ``train`` and ``test``, by name.

    All is read that the run and the training read, the history before the training included.

    Args:
        spec: the file; with ``train`` and ``test`` if it is to be trained on.
        trained: whether a model is trained on it.
        told: how much of the file has been read.

    Raises:
        TransactionFileError: a row breaks a rule, an id occurs twice, or a span to train or to judge on has no fraud,
            or nothing else.
    """
    periods = {REPLAY: spec.replay}
    if trained and spec.train is not None and spec.test is not None:
        periods |= {"train": spec.train, "test": spec.test, HISTORY: Period(spec.warm_from_us, spec.test.to_us)}
    found = dict(zip(periods, EventFile.open(spec).contents_of(list(periods.values()), told), strict=True))
    found.pop(HISTORY, None)
    for name in (each for each in found if each != REPLAY):
        _check_kinds(spec, name, found[name])
    return found


def _check_kinds(spec: EventsSpec, name: str, contents: Contents) -> None:
    if 0 < contents.frauds < contents.rows:
        return
    what = "no fraud" if contents.frauds == 0 else "nothing but fraud"
    span = f"from {minute(contents.first_us)} to {minute(contents.last_us)}"
    text = f"has {what} in events.{name}, {span}, and a model needs both kinds; choose another span"
    raise problem(spec.file, text)
