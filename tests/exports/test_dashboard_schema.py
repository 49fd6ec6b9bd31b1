"""The dashboard is what Grafana's published types of a dashboard say one is."""

import enum
import json
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from sim.exports.dashboard import dashboard

DOCUMENT: dict[str, Any] = json.loads(dashboard())
# The published schema leaves annotations open, as sources of data put their own words there. These two are of the
# Prometheus plugin: how far apart it looks, and what an event is called.
OF_PROMETHEUS = {"step", "titleFormat"}


@pytest.fixture
def read() -> Any:  # noqa: ANN401 - of their types, which are not here where the package is not
    """Return the dashboard as the types that Grafana generates from its schema hold it."""
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk")
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    return Dashboard.from_json(json.loads(dashboard()))


def lost(written: object, again: object, place: str = "") -> Iterator[str]:
    """Yield where ``again`` has not what was ``written``."""
    if isinstance(written, dict) and isinstance(again, dict):
        for key, value in written.items():
            yield from lost(value, again.get(key), f"{place}.{key}")
    elif isinstance(written, list) and isinstance(again, list) and len(written) == len(again):
        for number, (one, other) in enumerate(zip(written, again, strict=True)):
            yield from lost(one, other, f"{place}[{number}]")
    elif written != again:
        yield place


def misfits(value: object, hint: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - a type
    """Yield where ``value`` is not of the type that was declared."""
    if type(hint) in {types.UnionType, type(typing.Optional[int])}:  # noqa: UP045 - theirs are written so
        found = [list(misfits(value, each, place)) for each in typing.get_args(hint)]
        yield from min(found, key=len)
    elif not fits(value, hint):
        yield f"{place} = {value!r}"
    else:
        for name, each, declared in inside(value, hint):
            yield from misfits(each, declared, f"{place}.{name}")


def fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - a type
    """Return whether ``value`` is of that type, whatever is inside."""
    kind = typing.get_origin(hint) or hint
    if not isinstance(kind, type):
        return True
    if issubclass(kind, enum.Enum):
        return value in {each.value for each in kind}
    return isinstance(value, (int, float) if kind is float else kind)


def inside(value: object, hint: Any) -> Iterator[tuple[object, object, Any]]:  # noqa: ANN401 - a type
    """Yield what ``value`` holds: its name, itself, its declared type."""
    of = typing.get_args(hint)[-1:]
    if of and isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        yield from ((name, each, of[0]) for name, each in pairs)
    elif hasattr(value, "to_json"):
        for name, declared in typing.get_type_hints(type(value)).items():
            yield name, getattr(value, name), declared


def test_every_key_is_one_of_the_published_schema(read: Any) -> None:  # noqa: ANN401 - as above
    """Written out again from those types nothing is missing, but two words of the Prometheus plugin."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    missing = set(lost(DOCUMENT, json.loads(JSONEncoder().encode(read))))
    assert missing == {f".annotations.list[{number}].{word}" for number in (0, 1) for word in OF_PROMETHEUS}


def test_every_value_is_of_its_published_type(read: Any) -> None:  # noqa: ANN401 - as above
    """Words of an enumeration are among its members, numbers are numbers, down to what a panel draws."""
    assert list(misfits(read, type(read))) == []
    read.annotations.list_val[0].enable = "yes"
    read.panels[1].type_val = 7
    read.templating.list_val[1].type_val = "nonsense"
    assert len(list(misfits(read, type(read)))) == 3
