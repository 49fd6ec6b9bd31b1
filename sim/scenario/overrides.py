"""``--set PATH=VALUE``: values put into the nodes of a scenario before anything is checked."""

import re

import msgspec
import yaml

from sim.scenario.positions import OVERRIDE, STANDARD_TAGS, compose
from sim.scenario.problems import InvalidScenarioError, Problem
from sim.scenario.shapes import Shape, fields_of

TEXTS = frozenset({"str", "path"})  # kinds whose values are text; a name or a duration is a form of its own
LABEL_LIMIT = 100  # characters of an override in an error
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


def apply_override(root: yaml.Node, text: str, struct: type[msgspec.Struct]) -> yaml.Node:
    """Return the tree with one override in it; ``root`` is not changed, nor is what aliases share with it.

    A path is keys joined by dots, with ``[2]`` or a name for an item of a list: ``phases.burst.rate=2000``. The value
    of a key that holds text is taken as it was typed, whatever YAML would make of it; nothing takes the text away. Any
    other value is YAML.

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
        remedy = "write it as in pipeline.scorer.deadline=20ms"
        raise InvalidScenarioError([Problem(label, "", "must be PATH=VALUE", remedy=remedy)])
    if value and _holds_text(root, steps, Shape("struct", struct)):
        return _put(root, steps, yaml.ScalarNode(STANDARD_TAGS + "str", value, _mark(label), _mark(label)), label)
    node = compose(value, label)
    if node is None:
        node = yaml.ScalarNode(STANDARD_TAGS + "null", "", _mark(label), _mark(label))
    return _put(root, steps, node, label)


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


def _holds_text(node: yaml.Node | None, steps: list[str | int], shape: Shape | None) -> bool:
    """Return whether what ``steps`` lead to from ``node`` is text."""
    if shape is None:
        return False
    if not steps:
        return shape.kind in TEXTS
    step, rest = steps[0], steps[1:]
    if shape.kind == "list":
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        at = _found(items, step)
        return _holds_text(None if at is None else items[at], rest, shape.item)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    inner = next((each for key, each in reversed(pairs) if key.value == step), None)
    return _holds_text(inner, rest, _field_shape(shape, pairs, step))


def _field_shape(shape: Shape, pairs: list[tuple[yaml.Node, yaml.Node]], step: str | int) -> Shape | None:
    struct = shape.of if shape.kind == "struct" else None
    if shape.kind == "variants":
        kind = next((str(value.value) for key, value in reversed(pairs) if key.value == "kind"), "")
        struct = shape.of.kinds.get(kind)
    return next((field.shape for field in fields_of(struct) if field.key == step), None) if struct else None


def _put(node: yaml.Node | None, steps: list[str | int], value: yaml.Node, label: str) -> yaml.Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(node, yaml.SequenceNode):
        index = _index(node, step, label)
        items = list(node.value)
        items[index] = _put(items[index], rest, value, label)
        return yaml.SequenceNode(node.tag, items, node.start_mark, node.end_mark, node.flow_style)
    if isinstance(step, int):
        raise InvalidScenarioError([Problem(label, f"[{step}]", "is not in a list", remedy="use a key")])
    pairs = list(node.value) if isinstance(node, yaml.MappingNode) else []  # a plain value gives way to a mapping
    before = next((each for key, each in reversed(pairs) if key.value == step), None)
    key = yaml.ScalarNode(STANDARD_TAGS + "str", step, _mark(label), _mark(label))
    pairs = [(each, old) for each, old in pairs if each.value != step]
    pairs.append((key, _put(before, rest, value, label)))
    marks = (node.start_mark, node.end_mark) if node else (_mark(label), _mark(label))
    return yaml.MappingNode(STANDARD_TAGS + "map", pairs, *marks)


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
