"""``--set PATH=VALUE``: values put into the nodes of a scenario before anything is checked."""

import re

import msgspec
import yaml

from sim.scenario.field_types import Shape, fields_of
from sim.scenario.problems import InvalidScenarioError, Problem
from sim.scenario.yaml_nodes import NULL, OVERRIDE, STANDARD_TAGS, compose

TEXTS = frozenset({"str", "path"})  # kinds whose values are text; a name or a duration is a form of its own
LABEL_LIMIT = 100  # characters of an override in an error
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


def apply_override(root: yaml.Node, text: str, struct: type[msgspec.Struct]) -> yaml.Node:
    """Return the tree with one override in it; ``root`` is not changed, nor is what aliases share with it.

    A path is keys joined by dots, with ``[2]`` or a name for an item of a list: ``phases.burst.rate=2000``. The value
    of a key that holds text is taken as it was typed, whatever YAML would make of it; nothing takes the text away. Any
    other value is YAML. A key within what was written by its name alone leaves the name where it is:
    ``events.columns.event_time.unit=s``.

    Args:
        root: of the scenario's tree.
        text: ``PATH=VALUE``.
        struct: what the tree is to become; it says which keys hold text.

    Raises:
        InvalidScenarioError: it is not ``PATH=VALUE``, its value is not YAML, or its path leads nowhere.
    """
    short = text if len(text) <= LABEL_LIMIT else f"{text[:LABEL_LIMIT]}…"
    label = f"{OVERRIDE}{short if short.isprintable() else repr(short)}"
    path, equals, value = text.partition("=")
    steps = _steps(path.strip())
    if not equals or not steps:
        rule = "must be PATH=VALUE" if not equals or not path.strip() else "must have a path of keys, names and numbers"
        remedy = "write it as in pipeline.scorer.deadline=20ms or phases[0].rate=2000"
        raise InvalidScenarioError([Problem(label, "", rule, remedy=remedy)])
    shape = Shape("struct", struct)
    if value and _holds_text(root, steps, shape, value):
        typed = yaml.ScalarNode(STANDARD_TAGS + "str", value, _mark(label), _mark(label))
        return _put(root, steps, typed, label, shape)
    node = compose(value, label)
    if node is None:
        node = yaml.ScalarNode(STANDARD_TAGS + "null", "", _mark(label), _mark(label))
    return _put(root, steps, node, label, shape)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return []
        steps.append(found.group(1) or int(found.group(2)))
        at = found.end()
        if at < len(path) and path[at] == ".":
            at += 1
    return steps


def _holds_text(node: yaml.Node | None, steps: list[str | int], shape: Shape | None, value: str) -> bool:
    """Return whether what ``steps`` lead to from ``node`` is text, or may be and ``value`` is no mapping."""
    if shape is None:
        return False
    if not steps:
        short = _field_shape(shape, [], shape.shorthand) if shape.shorthand and not value.startswith("{") else None
        found = short or shape
        return found.kind in TEXTS or (found.kind == "scalar" and found.of.as_typed)
    step, rest = steps[0], steps[1:]
    if shape.kind == "list":
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        at = _found(items, step)
        return _holds_text(None if at is None else items[at], rest, shape.item, value)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    inner = next((each for key, each in reversed(pairs) if key.value == step), None)
    return _holds_text(inner, rest, _field_shape(shape, pairs, step), value)


def _field_shape(shape: Shape, pairs: list[tuple[yaml.Node, yaml.Node]], step: str | int) -> Shape | None:
    struct = shape.of if shape.kind == "struct" else None
    if shape.kind == "variants":
        kind = next((str(value.value) for key, value in reversed(pairs) if key.value == "kind"), "")
        struct = shape.of.kinds.get(kind)
    return next((field.shape for field in fields_of(struct) if field.key == step), None) if struct else None


def _put(
    node: yaml.Node | None, steps: list[str | int], value: yaml.Node, label: str, shape: Shape | None
) -> yaml.Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(node, yaml.SequenceNode):
        index = _index(node, step, label)
        items = list(node.value)
        items[index] = _put(items[index], rest, value, label, shape.item if shape else None)
        return yaml.SequenceNode(node.tag, items, node.start_mark, node.end_mark, node.flow_style)
    if isinstance(step, int):
        raise InvalidScenarioError([Problem(label, f"[{step}]", "is not in a list", remedy="use a key")])
    pairs = list(node.value) if isinstance(node, yaml.MappingNode) else _spelled_out(node, shape, label)
    before = next((each for key, each in reversed(pairs) if key.value == step), None)
    inner = _field_shape(shape, pairs, step) if shape else None
    pairs = [(each, old) for each, old in pairs if each.value != step]
    pairs.append((_key(step, label), _put(before, rest, value, label, inner)))
    marks = (node.start_mark, node.end_mark) if node else (_mark(label), _mark(label))
    return yaml.MappingNode(STANDARD_TAGS + "map", pairs, *marks)


def _spelled_out(node: yaml.Node | None, shape: Shape | None, label: str) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the keys that a plain value stands for; it gives way to a mapping where it stands for none."""
    if shape and shape.shorthand and isinstance(node, yaml.ScalarNode) and node.tag != NULL:
        return [(_key(shape.shorthand, label), node)]
    return []


def _key(name: str, label: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(STANDARD_TAGS + "str", name, _mark(label), _mark(label))


def _found(items: list[yaml.Node], step: str | int) -> int | None:
    """Return which of ``items`` has the number or the name ``step``."""
    if isinstance(step, int) and step < len(items):
        return step
    for index, item in enumerate(items):
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            if key.value in ("name", "alert") and value.value == step:
                return index
    return None


def _index(node: yaml.SequenceNode, step: str | int, label: str) -> int:
    found = _found(node.value, step)
    if found is not None:
        return found
    rule = f"is not among {len(node.value)} items"
    raise InvalidScenarioError([Problem(label, str(step), rule, remedy="use a number from [0], or an item's name")])


def _mark(label: str) -> yaml.Mark:
    return yaml.Mark(label, 0, 0, 0, None, 0)
