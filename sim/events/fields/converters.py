"""The converter of each field that a column map has."""

from actors.transaction import MAX_LATITUDE, MAX_LONGITUDE
from sim.events.fields.amounts import AmountField
from sim.events.fields.degrees import DegreesField
from sim.events.fields.field import Converter
from sim.events.fields.keys import KeyField, TextField
from sim.events.fields.labels import LabelField
from sim.events.fields.times import TimeField
from sim.scenario.column_map import (
    AmountColumn,
    EventColumns,
    FieldColumn,
    KeyColumn,
    LabelColumn,
    PlainColumn,
    TextColumn,
    TimeColumn,
)

_LIMITS = {"lat": MAX_LATITUDE, "lon": MAX_LONGITUDE}


def converters_of(columns: EventColumns, timezone: str) -> dict[str, Converter]:
    """Return a new converter for each mapped field, by field, in the order of a transaction."""
    return {field: _converter(field, column, timezone) for field, column in columns.mapped().items()}


def _converter(field: str, column: FieldColumn, timezone: str) -> Converter:
    match column:
        case TimeColumn():
            return TimeField(field, column, timezone)
        case AmountColumn():
            return AmountField(field, column)
        case LabelColumn():
            return LabelField(field, column)
        case KeyColumn():
            return KeyField(field, column)
        case TextColumn():
            return TextField(field, column)
        case PlainColumn():
            return DegreesField(field, column, _LIMITS[field])
    raise TypeError(f"no converter for {column!r}")
