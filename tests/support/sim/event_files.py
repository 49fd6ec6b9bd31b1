"""Small files of transactions for the tests of replays."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import yaml

from sim.replay.spec import EventsSpec
from sim.scenario.events import EventColumns
from sim.scenario.loader import parse

MAP = {
    "id": "TX",
    "event_time": "WHEN",
    "card": "CUSTOMER",
    "merchant": "TERMINAL",
    "amount": "AMOUNT",
    "fraud": "FRAUD",
}
HANDBOOK_MAP = {
    "id": "TRANSACTION_ID",
    "event_time": "TX_DATETIME",
    "card": "CUSTOMER_ID",
    "merchant": "TERMINAL_ID",
    "amount": "TX_AMOUNT",
    "fraud": "TX_FRAUD",
}
Row = dict[str, object]


def row(number: int, **values: object) -> Row:
    """Return transaction ``number``, one a minute from 2018-04-01, with ``values`` in place of the usual ones."""
    usual: Row = {
        "TX": number,
        "WHEN": f"2018-04-01T{number // 60:02}:{number % 60:02}:00",
        "CUSTOMER": number % 3,
        "TERMINAL": number % 5,
        "AMOUNT": 10.25 + number,
        "FRAUD": int(number % 4 == 0),
    }
    return usual | values


def write(file: Path, rows: Sequence[Row]) -> Path:
    """Write ``rows`` in the format of the file's ending; a value None is left empty."""
    if file.suffix == ".jsonl":
        lines = ({name: value for name, value in one.items() if value is not None} for one in rows)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return file
    if file.suffix == ".csv":
        names = list(rows[0])
        texts = ([("" if one[name] is None else str(one[name])) for name in names] for one in rows)
        file.write_text("\n".join(",".join(cells) for cells in [names, *texts]) + "\n")
        return file
    frame = pl.DataFrame(rows, strict=False)
    if frame.schema["WHEN"] == pl.String:
        frame = frame.with_columns(pl.col("WHEN").str.to_datetime(strict=False))
    frame.write_parquet(file)
    return file


def column_map(fields: Mapping[str, object]) -> EventColumns:
    """Return the column map of ``fields`` as a scenario has them: a name or a mapping each; None leaves a field out."""
    given = {field: column for field, column in fields.items() if column is not None}
    scenario = {"name": "some", "external": True, "events": {"file": "nowhere.csv", "columns": given}}
    events = parse(yaml.safe_dump(scenario), "some.yaml", files_required=False).events
    assert events is not None
    return events.columns


def spec(file: Path, **columns: object) -> EventsSpec:
    """Return a spec for ``file`` with the usual map and ``columns`` in place of the usual ones."""
    return EventsSpec(file, column_map(MAP | columns))
