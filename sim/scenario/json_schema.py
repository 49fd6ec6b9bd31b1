"""The JSON Schema of a scenario file, from the types that read it; a fault's keys in words."""

import inspect
import re
from typing import Any, NamedTuple

import msgspec

from sim.faults.fault import Fault, LastingFault
from sim.scenario.field_types import Field, Shape, fields_of
from sim.scenario.render import render
from sim.scenario.scenario import Scenario

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


SHARED = frozenset(LastingFault.__struct_fields__)  # told once, for all kinds
_GIVEN = {"name": "it", "at": "10s", "duration": "5s", "a time": "300ms"}  # what an example has where a key is needed


class FaultKey(NamedTuple):
    """One key of a fault.

    Attributes:
        name: as written.
        takes: what may stand there, with its limits.
        default: what it is where it is left out; "" for one that must be given.
        means: what it does.
    """

    name: str
    takes: str
    default: str
    means: str


def fault_keys(fault: type[Fault], *, own: bool) -> list[FaultKey]:
    """Return the keys of ``fault`` in the order of its type; ``own``: only those that not every kind has."""
    found = schema()["$defs"][fault.__name__]
    return [
        FaultKey(name, _takes(value), _default(value, name in found["required"]), _means(value))
        for name, value in found["properties"].items()
        if name != "kind" and not (own and name in SHARED)
    ]


def example(fault: type[Fault]) -> str:
    """Return a line for a scenario with a fault of this kind, and every key that must be given."""
    needed = [key for key in fault_keys(fault, own=False) if not key.default]
    words = {key.name: _GIVEN.get(key.name) or _GIVEN.get(key.takes) or key.takes.split(" | ")[0] for key in needed}
    words = {"name": words.pop("name"), "kind": fault.kind, **words}
    return f"- {{{', '.join(f'{name}: {value}' for name, value in words.items())}}}"


def _means(value: dict[str, Any]) -> str:
    text: str = value.get("description", "")
    return text.removesuffix(".").replace("``", "`")


def _takes(value: dict[str, Any]) -> str:
    """Return in words what the JSON Schema of a key allows."""
    if "enum" in value:
        return " | ".join(map(str, value["enum"]))
    if value.get("type") == "array":
        return f"a list of {_takes(value['items'])}"
    if "$ref" in value:
        return "{count, every}"
    if value.get("type") == "string":
        return "a time" if "examples" in value else "a name"
    low, above, high = (value.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    least = [f"above {above:g}"] if above is not None else [] if low is None else [f"{low:g}"]
    kind = "a whole number" if value.get("type") == "integer" else "a number"
    return ", ".join([kind, *([" to ".join([*least, f"{high:,}"])] if high is not None else least)])


def _default(value: dict[str, Any], needed: bool) -> str:  # noqa: FBT001 - a yes or no of the schema
    default = value.get("default", "none")
    if needed:
        return ""
    return f"[{', '.join(map(str, default))}]" if isinstance(default, list) else str(default)
