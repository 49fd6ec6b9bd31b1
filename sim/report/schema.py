"""The JSON Schema of a file of figures, each key described by the docstrings of its type."""

from collections.abc import Iterator
from typing import Any

import msgspec

from sim.scenario.json_schema import attribute_texts


def schema_of(root: type[msgspec.Struct]) -> bytes:
    """Return the JSON Schema of ``root`` as text, with what the docstrings say of each key."""
    structs = {each.__name__: each for each in _structs(root, set())}
    found: dict[str, Any] = msgspec.json.schema(root)
    for name, definition in found["$defs"].items():
        for key, text in attribute_texts(structs[name]).items():
            if key in definition["properties"]:
                definition["properties"][key]["description"] = text
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def indented(document: msgspec.Struct) -> bytes:
    """Return ``document`` as JSON for people and programs: indented, keys in their order."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _structs(root: type[msgspec.Struct], known: set[type]) -> Iterator[type[msgspec.Struct]]:
    """Yield ``root`` and every struct that its fields lead to."""
    if root in known:
        return
    known.add(root)
    yield root
    for each in msgspec.structs.fields(root):
        yield from _within(msgspec.inspect.type_info(each.type), known)


def _within(info: msgspec.inspect.Type, known: set[type]) -> Iterator[type[msgspec.Struct]]:
    if isinstance(info, msgspec.inspect.StructType):
        yield from _structs(info.cls, known)
    for name in ("types", "item_types"):
        for inner in getattr(info, name, ()):
            yield from _within(inner, known)
    for name in ("item_type", "key_type", "value_type"):
        inner = getattr(info, name, None)
        if inner is not None:
            yield from _within(inner, known)
