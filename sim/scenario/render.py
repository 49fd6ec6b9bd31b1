"""A scenario back to YAML, and its digest."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sim.scalars import Plain
from sim.scenario.field_types import Shape, fields_of
from sim.scenario.scenario import Scenario

DIGEST_DIGITS = 12
PathWriter = Callable[[str], str]


def resolved(scenario: Scenario) -> str:
    """Return YAML that loads back to ``scenario``, every default written out."""
    return yaml.safe_dump(plain(scenario), sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)


def digest(scenario: Scenario) -> str:
    """Return a short name of everything in ``scenario``: equal scenarios have equal digests.

    Of a path only its last part counts: the same files elsewhere make the same experiment.
    """
    raw = msgspec.json.encode(plain(scenario, lambda path: Path(path).name))
    return hashlib.sha256(raw).hexdigest()[:DIGEST_DIGITS]


def plain(struct: msgspec.Struct, written: PathWriter = str) -> dict[str, Plain]:
    """Return a struct of a scenario as what YAML can hold; what is None by default and is None is left out.

    Args:
        struct: of the scenario, or all of it.
        written: how its paths are written; by default in full.
    """
    values = ((field, getattr(struct, field.name)) for field in fields_of(type(struct)))
    return {
        field.key: render(value, field.shape, written)
        for field, value in values
        if value is not None or field.default is not None
    }


def render(value: Any, shape: Shape, written: PathWriter = str) -> Plain:  # noqa: ANN401 - of any type a scenario has
    """Return one value as what YAML can hold, with its paths as `plain` has them."""
    if value is None:
        return None
    if shape.kind == "scalar":
        scalar: Plain = shape.of.render(value)
        return scalar
    if shape.kind in ("list", "pair") and shape.item is not None:
        items = [render(item, shape.item, written) for item in value]
        return items[0] if shape.single and len(items) == 1 else items
    if shape.kind == "variants":
        kind = next(name for name, struct in shape.of.kinds.items() if struct is type(value))
        return {"kind": kind, **plain(value, written)}
    if shape.kind == "struct":
        return _short(value, shape) if shape.shorthand else plain(value, written)
    same: Plain = written(value) if shape.kind == "path" else value
    return same


def _short(value: msgspec.Struct, shape: Shape) -> Plain:
    """Return ``value`` as its one key where nothing more is said of it, else what is said."""
    said = {
        field.key: render(getattr(value, field.name), field.shape)
        for field in fields_of(shape.of)
        if getattr(value, field.name) != field.default
    }
    return said[shape.shorthand] if said.keys() == {shape.shorthand} else dict(said)
