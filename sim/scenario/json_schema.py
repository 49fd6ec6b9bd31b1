"""The JSON Schema of a scenario file, from the same types that read it."""

import inspect
import re
from typing import Any

import msgspec

from sim.scenario.render import render
from sim.scenario.scenario import Scenario
from sim.scenario.shapes import Field, Shape, fields_of

Schema = dict[str, Any]
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string", "path": "string"}


def schema_json() -> str:
    """Return the schema as JSON text; name it in an editor to have scenarios completed and checked while typing."""
    raw = msgspec.json.encode(schema())
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def schema() -> Schema:
    """Return the schema."""
    named: dict[str, Schema] = {}
    root = _struct(Scenario, named)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "riskdrill scenario",
        **root,
        "$defs": dict(sorted(named.items())),
    }


def _struct(struct: type[msgspec.Struct], named: dict[str, Schema], kind: str | None = None) -> Schema:
    texts = attribute_texts(struct)
    properties = {field.key: _field(field, texts.get(field.name, ""), named) for field in fields_of(struct)}
    required = [field.key for field in fields_of(struct) if field.required]
    if kind is not None:
        properties = {"kind": {"const": kind}, **properties}
        required = ["kind", *required]
    summary = (inspect.getdoc(struct) or "").partition("\n")[0]
    found: Schema = {"type": "object", "description": summary, "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _field(field: Field, text: str, named: dict[str, Schema]) -> Schema:
    found = dict(_shape(field.shape, named))
    if text:
        found["description"] = text
    if not field.required and field.default is not None:
        found["default"] = render(field.default, field.shape)
    return found


def _shape(shape: Shape, named: dict[str, Schema]) -> Schema:
    if shape.kind == "struct":
        return _struct_shape(shape, named)
    if shape.kind == "variants":
        options = [_reference(each, named, kind) for kind, each in shape.of.kinds.items()]
        names: list[Schema] = [{"enum": list(shape.of.kinds)}] if shape.of.shorthand else []
        return {"anyOf": names + options}
    if shape.kind in ("list", "pair") and shape.item is not None:
        size = {"minItems": 2, "maxItems": 2} if shape.kind == "pair" else {}
        item = _shape(shape.item, named)
        items: Schema = {"type": "array", "items": item, **size}
        return {"anyOf": [item, items]} if shape.single else items
    if shape.kind == "literal":
        return {"enum": list(shape.of)}
    limits = _limits(shape)
    if shape.kind == "scalar":
        positive = shape.of.positive if limits.get("exclusiveMinimum") == 0 else None
        written = positive or shape.of.schema
        return {**written, **limits} if written.get("type") == "number" else dict(written)
    return {"type": _TYPES[shape.kind], **limits}


def _limits(shape: Shape) -> Schema:
    """Return the bounds of ``shape``; a text cannot be bounded, and validation tells those."""
    limits = {word: getattr(meta, name) for meta in shape.bounds for name, word in _BOUNDS.items()}
    return {word: limit for word, limit in limits.items() if limit is not None}


def _struct_shape(shape: Shape, named: dict[str, Schema]) -> Schema:
    reference = _reference(shape.of, named)
    if not shape.shorthand:
        return reference
    short = next(field.shape for field in fields_of(shape.of) if field.key == shape.shorthand)
    return {"anyOf": [_shape(short, named), reference]}


def _reference(struct: type[msgspec.Struct], named: dict[str, Schema], kind: str | None = None) -> Schema:
    if struct.__name__ not in named:
        named[struct.__name__] = {}  # taken, should it contain itself
        named[struct.__name__] = _struct(struct, named, kind)
    return {"$ref": f"#/$defs/{struct.__name__}"}


def attribute_texts(struct: type) -> dict[str, str]:
    """Return what the docstrings of ``struct`` and its bases say of each attribute."""
    texts: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        section = inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")[2]
        for name, text in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE):
            texts[name] = " ".join(text.split())
    return texts
