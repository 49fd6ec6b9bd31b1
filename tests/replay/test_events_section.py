"""From a scenario's section to plain values."""

import datetime as dt
from pathlib import Path

import msgspec

from actors.core.clock import US_PER_DAY
from actors.core.transaction import Transaction
from sim.replay.events_section import events_spec
from sim.replay.spec import ALL_TIME, Period
from sim.scenario.events import EventColumns, Events
from tests.support.sim.event_files import column_map

COLUMNS = column_map(
    {"id": "a", "event_time": "b", "card": "c", "merchant": "d", "amount": "e", "fraud": "f", "lat": "g"}
)


def day(number: int) -> dt.datetime:
    """Return midnight of a day in July 2018, without an offset."""
    return dt.datetime(2018, 7, number)  # noqa: DTZ001 - as a scenario gives it


def test_a_section_becomes_plain_values() -> None:
    """Only mapped fields are in the map; spans become half-open periods; durations and instants microseconds."""
    spec = events_spec(
        Events(
            file="some.csv",
            columns=COLUMNS,
            speed=60.0,
            train=(day(1), day(7)),
            test=(day(15), day(21)),
            warm_from=day(1),
            known_card_filter=True,
        )
    )
    assert spec.file == Path("some.csv")
    assert spec.columns == COLUMNS
    assert spec.train == Period.of("2018-07-01", "2018-07-07")
    assert spec.test == spec.replay == Period.of("2018-07-15", "2018-07-21")
    assert spec.label_delay_us == 7 * US_PER_DAY
    assert spec.warm_from_us == Period.of("2018-07-01", "2018-07-01").from_us
    assert (spec.speed, spec.known_card_filter) == (60.0, True)


def test_a_short_section_means_everything_at_full_speed() -> None:
    """Without spans a run replays the whole file, as fast as it goes."""
    spec = events_spec(Events(file="some.csv", columns=COLUMNS))
    assert spec.replay == ALL_TIME
    assert spec.speed is None
    assert spec.labelled


def test_columns_are_the_fields_of_a_transaction_and_its_label() -> None:
    """What a file may bring is what a transaction has, in its order; of what is required only the id may be absent."""
    fields = {each.name: each.required for each in msgspec.structs.fields(Transaction)}
    required = [name for name, needed in fields.items() if needed]
    wanted = {**dict.fromkeys(required, True), "fraud": False, **fields}
    given = {each.name: each.required for each in msgspec.structs.fields(EventColumns)}
    assert given == wanted | {"id": False}
    assert list(given) == list(wanted)
