"""The JSON Schema of a scenario file."""

import re

import msgspec
import pytest

from sim.scalars import DURATION
from sim.scenario.field_types import fields_of
from sim.scenario.json_schema import attribute_texts, schema, schema_json
from sim.scenario.scenario import Scenario
from sim.units import parse_duration


def test_schema_has_every_key_with_its_default_as_written() -> None:
    """A default stands in the schema as a person would write it."""
    properties = schema()["properties"]
    assert list(properties) == [field.key for field in fields_of(Scenario)]
    assert properties["pipeline"]["default"]["drain_timeout"] == "30s"
    assert schema()["required"] == ["name"]


def test_schema_tells_kinds_apart() -> None:
    """Each kind of fault is an object of its own, named by its constant."""
    outage = schema()["$defs"]["FeatureStoreOutage"]
    assert outage["properties"]["kind"] == {"const": "feature_store_outage"}
    assert outage["required"] == ["kind", "name", "at", "duration"]
    assert not outage["additionalProperties"]


def test_schema_is_json_and_every_reference_leads_somewhere() -> None:
    """The text decodes to the same, and each ``$ref`` names a definition."""
    text = schema_json()
    assert msgspec.json.decode(text) == schema()
    names = {line.split("/")[-1].rstrip('",') for line in text.splitlines() if '"$ref"' in line}
    assert names <= set(schema()["$defs"])


def test_every_key_is_described() -> None:
    """The docstrings of the types describe each key whose name does not say all."""
    texts = attribute_texts(Scenario)
    assert set(texts) >= {field.name for field in fields_of(Scenario)} - {"name"}


@pytest.mark.parametrize(
    "text", ["20s", "+1.5 ms", ".5s", "1e-3h", "0s", "1_000us", "20", "-1s", "1..2s", "s", "5 weeks"]
)
def test_pattern_of_a_duration_takes_what_the_reader_takes(text: str) -> None:
    """An editor that checks with the schema and the reader agree on how a duration is written."""
    if re.search(DURATION.schema["pattern"], text):
        assert parse_duration(text) >= 0
    else:
        with pytest.raises(ValueError, match="must be"):
            parse_duration(text)


def test_duration_that_must_be_more_than_zero_says_so_in_its_pattern() -> None:
    """Nothing is left to validation that a pattern can say."""
    written = schema()["$defs"]["Phase"]["properties"]["duration"]["pattern"]
    assert [bool(re.search(written, text)) for text in ("0s", "0.0e5s", "00s", "0.01s", "10s")] == [False] * 3 + [
        True
    ] * 2


def test_bounds_of_a_world_are_in_the_schema() -> None:
    """A number has the bounds with which it is read."""
    speed = schema()["$defs"]["World"]["properties"]["speed"]
    assert (speed["type"], speed["maximum"]) == ("number", 100_000)
