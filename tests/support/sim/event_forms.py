"""A file with one column written in a way of its own: what is read of it, or the line with which it is refused."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from actors.core.errors import TransactionFileError
from actors.core.transaction import Columns
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec
from tests.support.sim.event_files import MAP, column_map


def written(folder: Path, name: str, values: Sequence[object] | pl.Series) -> Path:
    """Write a file of usual rows with ``values`` in the column ``name``: text as CSV, a series as Parquet."""
    count = len(values)
    columns: dict[str, Sequence[object] | pl.Series] = {
        "TX": [f"t{number}" for number in range(count)],
        "WHEN": [f"2018-04-01T00:00:{number:02}" for number in range(count)],
        "CUSTOMER": ["c1"] * count,
        "TERMINAL": ["m1"] * count,
        "AMOUNT": ["1.50"] * count,
        "FRAUD": ["0"] * count,
    }
    columns[name] = values
    frame = pl.DataFrame(columns, strict=False)
    if isinstance(values, pl.Series):
        frame.write_parquet(folder / "some.parquet")
        return folder / "some.parquet"
    frame.write_csv(folder / "some.csv")
    return folder / "some.csv"


def read(file: Path, timezone: str = "UTC", /, **fields: object) -> tuple[Columns, list[int]]:
    """Return what is read of ``file`` by the usual map with ``fields`` in place of the usual ones, and its labels."""
    ((columns, fraud),) = EventFile.open(EventsSpec(file, column_map(MAP | fields), timezone=timezone)).columns()
    return columns, fraud.tolist()


def refusal(file: Path, timezone: str = "UTC", /, **fields: object) -> str:
    """Return the text with which ``file`` is refused, without its name."""
    with pytest.raises(TransactionFileError) as caught:
        read(file, timezone, **fields)
    return str(caught.value).removeprefix(f"{file}: ")


def refused(
    folder: Path, name: str, values: Sequence[object] | pl.Series, timezone: str = "UTC", /, **said: str
) -> str:
    """Return why a file with ``values`` in the column ``name`` is refused, which must name it and perhaps a row.

    Args:
        folder: for the file.
        name: of the column.
        values: as of `written`.
        timezone: of times without an offset.
        said: what the column map says of the column besides its name.
    """
    field = next(field for field, column in MAP.items() if column == name)
    told = refusal(written(folder, name, values), timezone, **({field: {"column": name, **said}} if said else {}))
    row, _, _ = told.partition(f"column {name}: ")
    rows = [f"row {number}, " for number in range(1, len(values) + 1)]
    assert row in ("", *rows), f"no place in: {told}"
    return told
