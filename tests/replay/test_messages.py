"""Other people's messages are read as rows of a file are, each of them alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actors.adapters.kafka.messages import RefusedMessage
from actors.core.errors import TransactionFileError
from actors.core.transaction import DEAD_LETTER_REASONS, parse, read, to_json
from sim.replay.event_file import EventFile
from sim.replay.messages import MOST_BYTES, MessageMap, lacking, names_in
from sim.replay.spec import EventsSpec
from sim.scenario.events import EventColumns, TimeColumn
from tests.replay.test_written_and_read import Table, tables, write
from tests.support.sim.event_files import column_map

NESTED = column_map(
    {
        "id": "txn.id",
        "event_time": {"column": "txn.at", "unit": "ms"},
        "card": {"columns": ["card.bank", "card.number"]},
        "merchant": "shop",
        "amount": "txn.amount",
        "fraud": None,
        "device": "device",
        "lat": "geo.lat",
    }
)
MESSAGE: dict[str, Any] = {
    "txn": {"id": "a-1", "at": 1_770_000_000_123, "amount": 12.5},
    "card": {"bank": "b", "number": 17},
    "shop": "s",
    "geo": {"lat": 47.5},
}


def translated(message: object, columns: EventColumns = NESTED, timezone: str = "UTC") -> bytes | RefusedMessage:
    """Return what becomes of one message, given as bytes or as what it says."""
    value = message if isinstance(message, bytes) else json.dumps(message).encode()
    (found,) = MessageMap(columns, timezone).translate([value], ["1"])
    return found


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the message with another value under a name; `...` leaves the name out."""
    message: dict[str, Any] = json.loads(json.dumps(MESSAGE))
    *way, last = path.split(".")
    inner = message
    for name in way:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return message


def of_file(table: Table, file: Path) -> bytes | None:
    """Return the transaction that a file of one row gives, None where the file is refused."""
    write(table, file, typed=False)
    spec = EventsSpec(file, column_map(table.columns), timezone=table.timezone)
    try:
        opened = EventFile.open(spec)
        opened.contents()
        ((columns, _),) = opened.columns()
    except TransactionFileError:
        return None
    (line,) = to_json(columns)
    return line


def of_message(table: Table) -> bytes | RefusedMessage:
    """Return what becomes of the same row as a message."""
    return translated(table.cells[0], column_map(table.columns), table.timezone)


def single(table: Table, row: int) -> Table:
    """Return a table of one row of ``table``, whose times say their unit: alone a bare number is none."""
    columns = dict(table.columns)
    if columns["event_time"] == "when" and str(table.cells[row]["when"]).replace(".", "").isdecimal():
        unit = {10: "s", 13: "ms", 16: "us"}[len(str(table.cells[row]["when"]).partition(".")[0])]
        columns["event_time"] = {"column": "when", "unit": unit}
    return replace(table, columns=columns, cells=[table.cells[row]], sort=False)


@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink one takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables())
def test_a_row_of_a_file_and_the_same_message_are_one_transaction(tmp_path: Path, table: Table) -> None:
    """In every form that the column map knows: the same transaction to the last bit, or both are refused."""
    one = single(table, 0)
    expected, found = of_file(one, tmp_path / "one.csv"), of_message(one)
    assert found == expected if isinstance(found, bytes) else expected is None, found


SAID: tuple[object, ...] = (
    MESSAGE,
    changed("txn.at", "yesterday"),
    changed("txn.amount", "1.234"),
    changed("txn.amount", "12.5"),
    changed("txn.amount", -1),
    changed("card.number", "17.0"),
    changed("card.number", ...),
    changed("geo.lat", None),
    changed("geo", {}),
    [],
)
BROKEN = [b"", b"{", b'{"txn": 1}', b'{"shop": "\\ud800"}', b"\xff"]
ODD = st.sampled_from([*(json.dumps(each).encode() for each in SAID), *BROKEN])


@settings(max_examples=20)
@given(st.lists(ODD, min_size=1, max_size=80))
def test_a_message_is_the_same_whoever_is_read_beside_it(values: list[bytes]) -> None:
    """Each stands alone: what others say, right or wrong, changes neither a transaction nor a refusal."""
    ids = [f"0-{number}" for number in range(len(values))]
    together = MessageMap(NESTED).translate(values, ids)
    alone = [MessageMap(NESTED).translate([value], [name])[0] for value, name in zip(values, ids, strict=True)]
    assert together == alone


@settings(max_examples=20)
@given(st.lists(ODD, min_size=1, max_size=20))
def test_what_is_translated_is_read_by_every_pipeline(values: list[bytes]) -> None:
    """A transaction of the map breaks no rule of ours; a refusal has a reason that dead letters have."""
    found = MessageMap(NESTED).translate(values, ["x"] * len(values))
    if good := [each for each in found if isinstance(each, bytes)]:
        assert len(read(good)) == len(good)
    assert {each.reason for each in found if isinstance(each, RefusedMessage)} <= set(DEAD_LETTER_REASONS)


def test_names_within_objects_are_joined_by_dots() -> None:
    """A value may lie at any depth, a key may be joined of several, and what is optional may be absent."""
    found = translated(MESSAGE)
    assert isinstance(found, bytes)
    transaction = parse(found)
    assert (transaction.id, transaction.card, transaction.merchant) == ("a-1", "b|17", "s")
    assert (transaction.event_time, transaction.amount) == (1_770_000_000_123_000, 12.5)
    assert (transaction.lat, transaction.device) == (47.5, None)


def test_a_message_without_an_id_is_called_by_its_place() -> None:
    """Where the map has no id, the transaction has the name that whoever reads the topic gives it."""
    columns = msgspec.structs.replace(NESTED, id=None)
    (found,) = MessageMap(columns).translate([json.dumps(MESSAGE).encode()], ["3-1070"])
    assert isinstance(found, bytes)
    assert parse(found).id == "3-1070"


@pytest.mark.parametrize("amount", [1.234, 1e2, 0, 12])
def test_a_number_of_json_has_its_point_before_its_decimals(amount: float) -> None:
    """Whatever the map says of texts: only a text can be read in two ways."""
    amounts = msgspec.structs.replace(NESTED.amount, decimal=",", thousands=".")
    for columns in (NESTED, msgspec.structs.replace(NESTED, amount=amounts)):
        found = translated(changed("txn.amount", amount), columns)
        assert isinstance(found, bytes)
        assert parse(found).amount == amount


@pytest.mark.parametrize(
    ("message", "reason", "field", "detail"),
    [
        (b"", "not_json", "", "the message has no value"),
        (b"{", "not_json", "", "Input data was truncated"),
        (b"[1]", "wrong_type", "", "a message must be one JSON object"),
        (b"{" + b" " * MOST_BYTES + b"}", "too_large", "", f"over the limit of {MOST_BYTES}"),
        (changed("txn", 5), "wrong_type", "id", "txn must be an object"),
        (changed("txn.id", ...), "missing_field", "id", "has nothing under txn.id"),
        (changed("txn.at", None), "missing_field", "event_time", "has nothing under txn.at"),
        (changed("txn.at", 17), "out_of_range", "event_time", "must lie between 1990 and 2100, got '17'"),
        (changed("txn.at", "soon"), "out_of_range", "event_time", "must be a number of milliseconds"),
        (changed("txn.amount", "1.234"), "out_of_range", "amount", 'decimal: "."'),
        (changed("txn.amount", "-3"), "out_of_range", "amount", "mend or drop the message"),
        (changed("txn.amount", [1]), "wrong_type", "amount", "must be one value, got a list under txn.amount"),
        (changed("txn.amount", {"of": 1}), "wrong_type", "amount", "got an object"),
        (changed("card.bank", " b"), "out_of_range", "card", "must have no blanks around it"),
        (changed("shop", ""), "missing_field", "merchant", "has nothing under shop"),
        (changed("geo.lat", 91), "out_of_range", "lat", "must be degrees from -90 to 90"),
    ],
)
def test_a_refusal_names_its_field_and_its_rule(message: object, reason: str, field: str, detail: str) -> None:
    """In one line, in the words of files."""
    found = translated(message)
    assert isinstance(found, RefusedMessage)
    assert (found.reason, found.field) == (reason, field)
    assert detail in found.detail
    assert "\n" not in found.detail


def test_a_bare_number_is_no_time() -> None:
    """A file tells its unit by all of its rows; one message tells nothing of the next."""
    columns = msgspec.structs.replace(NESTED, event_time=TimeColumn(column="txn.at"))
    found = translated(MESSAGE, columns)
    assert isinstance(found, RefusedMessage)
    remedy = 'write event_time: {column: "txn.at", unit: s}'
    assert found.detail == f"event_time is a number, and needs a unit, got '1770000000123'; {remedy}"


def test_a_name_that_no_message_has_is_told() -> None:
    """Of the fields of a map those are named whose name was in none of the messages."""
    names = names_in(json.dumps(changed("txn.amount", ...)).encode())
    assert list(names) == ["txn.id", "txn.at", "card.bank", "card.number", "shop", "geo.lat"]
    told = lacking(NESTED, list(names))
    assert [line.partition(",")[0] for line in told] == ["no message has txn.amount", "no message has device"]
