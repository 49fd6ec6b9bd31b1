"""An opened file of transactions: its rows as columns, for training and replay, refused where one breaks a rule."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from actors.arrays import F64, I64, U8
from actors.errors import TransactionFileError
from actors.transaction import REQUIRED_FIELDS, Columns
from sim.events.fields import FIELDS
from sim.events.rows import Break, convert, out_of_order, repeated
from sim.events.spec import ALL_TIME, OPTIONAL_COLUMNS, EventsSpec, Period
from sim.tables.problem import columns_hint, did_you_mean, listed, problem, short
from sim.tables.reader import Reader, reader

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - texts only; every time in a file is UTC


@dataclass(frozen=True, slots=True)
class Contents:
    """What a period of a file holds: counts, and its first and last event time in microseconds since the Unix epoch."""

    rows: int
    frauds: int
    first_us: int
    last_us: int


class EventFile:
    """A file of transactions whose header fits its column map. `open` makes one; it keeps no handle between calls."""

    def __init__(self, spec: EventsSpec, source: Reader) -> None:
        self.spec = spec
        self._source = source
        self._names = {field: spec.columns[field] for field in FIELDS if field in spec.columns}

    @staticmethod
    def open(spec: EventsSpec) -> "EventFile":
        """Return the file, its header checked against the column map.

        Raises:
            TransactionFileError: missing, not readable, of an unknown format, or without a mapped column.
        """
        _check_map(spec)
        source = reader(spec.file, separator=spec.separator, multiline=spec.multiline)
        _check_header(spec, source.columns(set(spec.columns.values())))
        return EventFile(spec, source)

    def columns(self, period: Period = ALL_TIME) -> Iterator[tuple[Columns, U8]]:
        """Yield the transactions of ``period`` with their labels, in file order, up to 65,536 at a time.

        Rows with equal times keep the file's order. Labels are uint8 (n,), 1 for fraud; all 0 when the file has none.
        Repeated ids are not looked for; `contents` does that.

        Raises:
            TransactionFileError: a row of the period breaks a rule, times fall, or the period is empty.
        """
        empty = True
        for _, frame in self._frames(period):
            empty = False
            yield _columns(frame)
        if empty:
            raise self._empty(period)

    def contents(self, period: Period = ALL_TIME) -> Contents:
        """Check every rule on ``period``, unique ids included, and return what it holds.

        Takes 8 bytes a row for the ids, as hashes.

        Raises:
            TransactionFileError: as `columns`, or an id occurs twice.
        """
        hashes: list[pl.Series] = []
        frauds = 0
        edges: list[int] = []
        for _, frame in self._frames(period):
            hashes.append(frame["id"].hash(0))
            frauds += int(frame["fraud"].sum()) if "fraud" in frame.columns else 0
            edges += frame["event_time"].item(0), frame["event_time"].item(-1)
        if not hashes:
            raise self._empty(period)
        every = pl.concat(hashes)
        self._check_unique(every, period)
        return Contents(len(every), frauds, edges[0], edges[-1])

    def times(self, period: Period) -> I64:
        """Return the event times of ``period``, int64 (n,): 8 bytes a row.

        Raises:
            TransactionFileError: as `columns`.
        """
        parts = [frame["event_time"].to_numpy() for _, frame in self._frames(period)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def _frames(self, period: Period) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (number of its first row, checked rows of the period); of earlier rows only the times are checked."""
        for row, times, raw in self._timed(self._names):
            start, stop = map(int, np.searchsorted(times.to_numpy(), [period.from_us, period.to_us]))
            if start < stop:
                yield row + start, self._checked(raw.slice(start, stop - start), row + start)
            if stop < len(raw):
                return

    def _timed(self, names: dict[str, str]) -> Iterator[tuple[int, pl.Series, pl.DataFrame]]:
        """Yield (number of its first row, its event times, rows as read)."""
        row, latest_us = 1, 0
        for frame in self._source.frames(list(dict.fromkeys(names.values()))):
            raw = frame.select(pl.col(column).alias(field) for field, column in names.items())
            times = convert("event_time", raw["event_time"], self.spec.timezone)
            if isinstance(times, Break):
                raise self._refusal("event_time", times, row)
            if wrong := out_of_order(times, latest_us):
                raise self._refusal("event_time", wrong, row)
            yield row, times, raw
            latest_us = times.item(-1)
            row += len(raw)

    def _checked(self, raw: pl.DataFrame, row: int) -> pl.DataFrame:
        results = {field: convert(field, raw[field], self.spec.timezone) for field in self._names}
        breaks = [(field, result) for field, result in results.items() if isinstance(result, Break)]
        if breaks:
            raise self._refusal(*min(breaks, key=lambda each: each[1].index or 0), row)
        return pl.DataFrame([each.alias(field) for field, each in results.items() if isinstance(each, pl.Series)])

    def _check_unique(self, hashes: pl.Series, period: Period) -> None:
        suspects = hashes.filter(hashes.is_duplicated()).unique()
        if not len(suspects):
            return
        found = [  # two ids with one hash are rare, so only the ids themselves tell
            frame.select("id", row=pl.int_range(pl.len()) + row).filter(pl.col("id").hash(0).is_in(suspects.implode()))
            for row, frame in self._frames(period)
        ]
        again = pl.concat(found)
        if wrong := repeated(again["id"], again["row"], self._where):
            file, row = self._source.place(wrong[0])
            raise problem(file, wrong[1], row=row, column=self._names["id"])

    def _where(self, row: int) -> str:
        file, there = self._source.place(row)
        return f"row {there}" if len(self._source.files) == 1 else f"row {there} of {file.name}"

    def _refusal(self, field: str, wrong: Break, row: int) -> TransactionFileError:
        file, at = self._source.place(row + (wrong.index or 0))
        return problem(file, wrong.text, row=None if wrong.index is None else at, column=self._names[field])

    def _empty(self, period: Period) -> TransactionFileError:
        every = self._timed({"event_time": self._names["event_time"]})
        edges = [time for _, times, _ in every for time in (times.item(0), times.item(-1))]
        asked = f"from {_instant(period.from_us)} to {_instant(period.to_us)}"
        held = f"from {_instant(edges[0])} to {_instant(edges[-1])}"
        return problem(self.spec.file, f"has no transaction {asked}; its times run {held}")


def _check_map(spec: EventsSpec) -> None:
    known = (*REQUIRED_FIELDS, *OPTIONAL_COLUMNS)
    for field in spec.columns:
        if field not in known:
            hint = did_you_mean(field, known) or f"; the fields are {listed(known)}"
            raise problem(spec.file, f"events.columns maps {field}, which is no field of a transaction{hint}")
    if missing := [field for field in REQUIRED_FIELDS if field not in spec.columns]:
        raise problem(spec.file, f"events.columns must name a column for {listed(missing)}; add it to the map")


def _check_header(spec: EventsSpec, header: Sequence[str]) -> None:
    for field, column in spec.columns.items():
        if column not in header:
            text = (
                f"has no column {short(column)}, which events.columns gives for {field}{columns_hint(column, header)}"
            )
            raise problem(spec.file, text)


def _columns(frame: pl.DataFrame) -> tuple[Columns, U8]:
    rows = len(frame)
    amount = frame["amount"].to_numpy()

    def texts(field: str) -> list[str | None]:
        return frame[field].to_list() if field in frame.columns else [None] * rows

    def degrees(field: str) -> F64:
        values = frame[field].fill_null(np.nan).to_numpy() if field in frame.columns else np.full(rows, np.nan)
        return values.astype(np.float64, copy=False)

    columns = Columns(
        ids=frame["id"].to_list(),
        event_us=frame["event_time"].to_numpy(),
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


def _instant(event_us: int) -> str:
    try:
        return str(_EPOCH + dt.timedelta(microseconds=event_us))
    except OverflowError:
        return "the end of time"
