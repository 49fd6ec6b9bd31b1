"""Whether a value is what a JSON Schema says, for as much of JSON Schema as ours is written in."""

import re
from collections.abc import Iterator
from typing import Any

from sim.scenario.json_schema import Schema

KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "anyOf", "enum"),
    *("const", "pattern", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "$ref"),
    *("description", "default", "examples", "title", "$schema", "$defs"),
}


def faults_of(value: Any, fragment: Schema, named: dict[str, Schema], path: str = "") -> Iterator[str]:  # noqa: ANN401
    """Yield what of ``value`` is not as ``fragment`` says; ``named`` are the schema's definitions."""
    assert set(fragment) <= KNOWN, f"{path}: {set(fragment) - KNOWN} is not looked at here"
    if "$ref" in fragment:
        yield from faults_of(value, named[fragment["$ref"].rsplit("/", 1)[1]], named, path)
    if "anyOf" in fragment and all(any(faults_of(value, each, named, path)) for each in fragment["anyOf"]):
        yield f"{path} is none of those allowed: {value!r}"
    if value not in fragment.get("enum", [value]) or value != fragment.get("const", value):
        yield f"{path} is not one of those named: {value!r}"
    match fragment.get("type"), value:
        case (None, _) | ("boolean", bool()):
            pass
        case "object", dict():
            yield from _of_mapping(value, fragment, named, path)
        case "array", list():
            yield from _of_list(value, fragment, named, path)
        case ("string", str()) | ("integer", int()) | ("number", int() | float()) if not isinstance(value, bool):
            if not _as_bounded(value, fragment):
                yield f"{path} is out of bounds: {value!r}"
        case kind, _:
            yield f"{path} is not of type {kind}: {value!r}"


def _of_mapping(value: dict[str, Any], fragment: Schema, named: dict[str, Schema], path: str) -> Iterator[str]:
    yield from (f"{path}.{key} is missing" for key in fragment.get("required", ()) if key not in value)
    for key, inner in value.items():
        if key in fragment["properties"]:
            yield from faults_of(inner, fragment["properties"][key], named, f"{path}.{key}")
        else:
            yield f"{path}.{key} is not a key"


def _of_list(value: list[Any], fragment: Schema, named: dict[str, Schema], path: str) -> Iterator[str]:
    if not fragment.get("minItems", 0) <= len(value) <= fragment.get("maxItems", len(value)):
        yield f"{path} has {len(value)} items"
    for index, item in enumerate(value):
        yield from faults_of(item, fragment["items"], named, f"{path}[{index}]")


def _as_bounded(value: float | str, fragment: Schema) -> bool:
    if isinstance(value, str):
        fits = re.search(fragment.get("pattern", ""), value) is not None
        return fits and len(value) <= fragment.get("maxLength", len(value))
    return bool(
        fragment.get("minimum", value) <= value <= fragment.get("maximum", value)
        and fragment.get("exclusiveMinimum", value - 1) < value < fragment.get("exclusiveMaximum", value + 1)
    )
