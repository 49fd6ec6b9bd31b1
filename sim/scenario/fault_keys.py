"""The keys of a fault as a reader wants them: what may stand there, what stands there otherwise, what it means."""

from typing import Any, NamedTuple

from sim.faults.fault import Fault, LastingFault
from sim.scenario.json_schema import schema

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
