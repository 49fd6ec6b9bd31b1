"""The file formats: each reader yields the wanted columns in file order, a bounded number of rows at a time."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec
import polars as pl

from sim.events.fields import AMOUNT, FIELDS, FLAG, LATITUDE, LONGITUDE
from sim.events.problem import listed, problem, shown

FRAME_ROWS = 65_536  # about 10 MB of a frame; larger ones read no faster
SAMPLED_LINES = 100  # JSON lines may leave out what is absent, so one line does not show every column


class Reader(Protocol):
    """A file in one format."""

    def columns(self) -> list[str]:
        """Return the names of the file's columns; raises TransactionFileError when it is not in this format."""
        ...

    def frames(self, names: dict[str, str]) -> Iterator[pl.DataFrame]:
        """Yield the columns ``names`` (field to column), named by field, in file order, at least one row each."""
        ...


class LazyReader:
    """Parquet and CSV, by polars. CSV values stay text, so that each can be judged and shown as it was written."""

    def __init__(self, file: Path, scan: pl.LazyFrame, name: str) -> None:
        self._file = file
        self._scan = scan
        self._name = name

    def columns(self) -> list[str]:
        """Return the names in the file's header or schema."""
        try:
            return self._scan.collect_schema().names()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._unreadable(error) from error

    def frames(self, names: dict[str, str]) -> Iterator[pl.DataFrame]:
        """Yield up to `FRAME_ROWS` rows at a time."""
        wanted = self._scan.select(pl.col(column).alias(field) for field, column in names.items())
        try:
            for frame in wanted.collect_batches(chunk_size=FRAME_ROWS, maintain_order=True):
                if len(frame):
                    yield frame
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> Exception:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return problem(self._file, f"cannot be read as {self._name} ({reason}); give a whole, undamaged file")


class JsonLinesReader:
    """One JSON object a line; blank lines are skipped and not counted as rows."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def columns(self) -> list[str]:
        """Return the keys of the first `SAMPLED_LINES` objects."""
        keys: dict[str, None] = {}
        for row, line in islice(self._lines(), SAMPLED_LINES):
            keys.update(dict.fromkeys(self._object(row, line)))
        return list(keys)

    def frames(self, names: dict[str, str]) -> Iterator[pl.DataFrame]:
        """Yield up to `FRAME_ROWS` rows at a time."""
        decode = msgspec.json.Decoder(_line_type(names)).decode
        lines = self._lines()
        while part := list(islice(lines, FRAME_ROWS)):
            rows = []
            for row, line in part:
                try:
                    rows.append(msgspec.structs.astuple(decode(line)))
                except msgspec.DecodeError as error:
                    raise self._wrong(row, line, error, names) from error
            columns = zip(names, zip(*rows, strict=True), strict=True)
            yield pl.DataFrame([_series(field, values) for field, values in columns])

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self._file.open("rb") as lines:
                yield from enumerate((line for line in lines if not line.isspace()), start=1)
        except OSError as error:
            raise problem(self._file, f"cannot be read ({error.strerror})") from error

    def _object(self, row: int, line: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise problem(self._file, f"must be one JSON object a line ({error})", row=row) from error

    def _wrong(self, row: int, line: bytes, error: msgspec.DecodeError, names: dict[str, str]) -> Exception:
        values = self._object(row, line)
        at = re.search(r"\$\.(.*)`", str(error))
        column = at.group(1) if at else ""
        for field, name in names.items():
            if name == column:
                text = f"{field} {FIELDS[field].rule}, got {shown(values[name])}; mend or drop the row"
                return problem(self._file, text, row=row, column=name)
        return problem(self._file, f"must be one JSON object a line ({error})", row=row)


def reader(file: Path) -> Reader:
    """Return the reader for ``file``, by its ending.

    Raises:
        TransactionFileError: the file is missing, not a file, or its format is not known.
    """
    if not file.exists():
        raise problem(file, "no such file; give the path of a file of transactions in events.file")
    if not file.is_file():
        raise problem(file, "must be a file, but is a folder")
    try:
        file.open("rb").close()
    except OSError as error:
        raise problem(file, f"cannot be read ({error.strerror}); check its permissions") from error
    ending = file.suffix.lower()
    if ending == ".parquet":
        return LazyReader(file, pl.scan_parquet(file, glob=False), "Parquet")
    if ending == ".csv":
        return LazyReader(file, pl.scan_csv(file, glob=False, infer_schema=False), "CSV")
    if ending in (".jsonl", ".ndjson"):
        return JsonLinesReader(file)
    known = listed((".csv", ".jsonl", ".ndjson", ".parquet"))
    raise problem(file, f"format must be one of {known}, got {ending or 'no ending'}; convert or rename the file")


def _line_type(names: dict[str, str]) -> type[msgspec.Struct]:
    fields = [(field, _json_type(field), None) for field in names]
    return msgspec.defstruct("Line", fields, rename=names, gc=False)


def _json_type(field: str) -> Any:  # noqa: ANN401 - a type expression has no type of its own
    kind = FIELDS[field]
    if kind in (AMOUNT, LATITUDE, LONGITUDE):
        return float | None
    return bool | int | None if kind is FLAG else str | int | None


def _series(field: str, values: Sequence[Any]) -> pl.Series:
    if _json_type(field) == float | None:
        return pl.Series(field, values, dtype=pl.Float64)
    if FIELDS[field] is FLAG:
        return pl.Series(field, [None if value is None else int(value) for value in values], dtype=pl.Int64)
    texts = (value if value is None or isinstance(value, str) else str(value) for value in values)
    return pl.Series(field, list(texts), dtype=pl.String)
