"""The JSON Schema of a scenario file."""

import msgspec

from sim.scenario.json_schema import attribute_texts, schema, schema_json
from sim.scenario.scenario import Scenario
from sim.scenario.shapes import fields_of


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
