"""Annotations that tell how a scenario's scalar is written: ``Duration`` is an int of ns, written "20s".

The loader parses with them, the renderer writes with them and the JSON Schema describes with them, so the three agree.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from actors.core.clock import NS_PER
from actors.telemetry.metrics.metric import BYTES_PER
from sim import time_formats, units
from sim.units import Rate

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: typing hashes annotations
class Scalar:
    """One way to write a value.

    Attributes:
        parse: text to value; raises ValueError with "rule; remedy".
        render: value to what YAML should hold.
        schema: its JSON Schema.
        positive: the same of those values that are more than 0, where the text has a pattern.
        as_typed: after ``--set`` it is taken as it was typed, for it may be a sign of YAML's own.
    """

    parse: Callable[[str], Any]
    render: Callable[[Any], Plain]
    schema: dict[str, Any]
    positive: dict[str, Any] | None = None
    as_typed: bool = False


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_NAME_LIMIT = 64


def parse_name(text: str) -> str:
    """Return ``text`` if it can name a thing and stand in an expression.

    Raises:
        ValueError: it cannot.
    """
    if len(text) > _NAME_LIMIT or not _NAME.fullmatch(text):
        rule = (
            f"must be a name of 1 to {_NAME_LIMIT} characters; begin with a letter, then letters, digits, single - or _"
        )
        raise ValueError(rule)
    return text


def parse_timezone(text: str) -> str:
    """Return ``text`` if it names a time zone.

    Raises:
        ValueError: it does not.
    """
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # not found is a KeyError; "../x" a ValueError; a folder an OSError
        rule = "must be a time zone; write one such as UTC or Europe/Brussels"
        raise ValueError(rule) from None
    return text


THOUSANDS_MARKS = (".", ",", " ", "'", "_")  # what people write between thousands


def parse_thousands(text: str) -> str:
    """Return ``text`` if it can stand between thousands.

    Raises:
        ValueError: it cannot.
    """
    if text not in THOUSANDS_MARKS:
        rule = """must be one of . , ' _ or a blank; write it in quotes, as in "." """
        raise ValueError(rule.strip())
    return text


def parse_word(text: str) -> str:
    """Return ``text`` without blanks around it.

    Raises:
        ValueError: nothing is left of it.
    """
    if not text.strip():
        rule = 'must be a word; write it in quotes, as in "Yes"'
        raise ValueError(rule)
    return text.strip()


_UNITS = "|".join(NS_PER)
_NOT_ZERO = "(?=[0-9._]*[1-9])"
_DURATIONS = {"type": "string", "examples": ["20s", "50ms"]}
DURATION = Scalar(
    units.parse_duration,
    units.render_duration,
    _DURATIONS | {"pattern": rf"^\s*\+?{units.UNSIGNED}\s*({_UNITS})\s*$"},
    _DURATIONS | {"pattern": rf"^\s*\+?{_NOT_ZERO}{units.UNSIGNED}\s*({_UNITS})\s*$"},
)
RATE = Scalar(
    units.parse_rate,
    units.render_rate,
    {
        "anyOf": [
            {"const": 0},
            {"type": "number", "minimum": units.MIN_RATE, "maximum": units.MAX_FACTOR},
            {"type": "string", "pattern": rf"^\s*\+?{units.UNSIGNED}(\s*x\s+capacity)?\s*$"},
        ],
        "examples": [1000, "1.5x capacity"],
    },
)
SIZE = Scalar(
    units.parse_size,
    units.render_size,
    {"type": "string", "pattern": rf"^\s*\+?{units.UNSIGNED}\s*({'|'.join(BYTES_PER)})\s*$", "examples": ["500MB"]},
)
_SPEEDS = {"type": "number", "minimum": units.MIN_FACTOR}
SPEED = Scalar(
    units.parse_speed,
    units.render_speed,
    {"anyOf": [_SPEEDS | {"maximum": units.MAX_FACTOR}, {"const": "max"}]},
)
WORLD_SPEED = Scalar(units.parse_world_speed, units.render_speed, _SPEEDS)
MOMENT = Scalar(
    units.parse_moment,
    units.render_moment,
    {"type": "string", "examples": ["2018-07-25", "2018-07-25T06:00:00"]},
)
NAME = Scalar(parse_name, str, {"type": "string", "pattern": f"^{_NAME.pattern}$", "maxLength": _NAME_LIMIT})
TIMEZONE = Scalar(parse_timezone, str, {"type": "string", "examples": ["UTC", "Europe/Brussels"]})

PATH = object()  # marks text that is a path: the loader makes it whole, and it is no part of a digest
FORMAT = Scalar(time_formats.checked, str, {"type": "string", "examples": ["%d/%m/%Y %H:%M:%S", "%m/%d/%y %I:%M %p"]})
THOUSANDS = Scalar(parse_thousands, str, {"enum": list(THOUSANDS_MARKS)})
WORD = Scalar(parse_word, str, {"type": ["string", "number", "boolean"], "examples": ["Yes", "No"]})

Duration = Annotated[int, DURATION]
RateOf = Annotated[Rate, RATE]
Speed = Annotated[float, SPEED]
WorldSpeed = Annotated[float, WORLD_SPEED]
Moment = Annotated[dt.datetime, MOMENT]
Name = Annotated[str, NAME]
Timezone = Annotated[str, TIMEZONE]
FilePath = Annotated[str, PATH]
TimeFormat = Annotated[str, FORMAT]
Thousands = Annotated[str, THOUSANDS]


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: typing hashes annotations
class Variants:
    """One of several structs, chosen by the key ``kind``.

    Attributes:
        kinds: kind to struct type.
        shorthand: the kind alone may stand for a mapping with nothing else in it.
        listed: the command that lists the kinds; "" where they are few enough for an error to name.
    """

    kinds: dict[str, type]
    shorthand: bool = False
    listed: str = ""


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: typing hashes annotations
class Shorthand:
    """A struct that may be written as the value of one of its keys.

    Attributes:
        key: that one.
    """

    key: str


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: typing hashes annotations
class OneOrMore:
    """A list that may be written as its only item."""


Words = Annotated[tuple[Annotated[str, WORD], ...], OneOrMore()]
