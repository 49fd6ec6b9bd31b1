"""``--set PATH=VALUE``: values put into the nodes of a scenario before anything is checked."""

import re

import yaml

from sim.scenario.positions import STANDARD_TAGS, compose
from sim.scenario.problems import InvalidScenarioError, Problem

LABEL_LIMIT = 100  # characters of an override in an error
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


def apply_override(root: yaml.Node, text: str) -> yaml.Node:
    """Return the tree with one override in it; ``root`` is not changed, nor is what aliases share with it.

    A path is keys joined by dots, with ``[2]`` or a name for an item of a list: ``phases.burst.rate=2000``.

    Raises:
        InvalidScenarioError: it is not ``PATH=VALUE``, its value is not YAML, or its path leads nowhere.
    """
    short = text if len(text) <= LABEL_LIMIT else f"{text[:LABEL_LIMIT]}…"
    label = f"--set {short if short.isprintable() else repr(short)}"
    path, equals, value = text.partition("=")
    steps = _steps(path.strip())
    if not equals or not steps:
        remedy = "write it as in pipeline.scorer.deadline=20ms"
        raise InvalidScenarioError([Problem(label, "", "must be PATH=VALUE", remedy=remedy)])
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


def _index(node: yaml.SequenceNode, step: str | int, label: str) -> int:
    if isinstance(step, int) and step < len(node.value):
        return step
    for index, item in enumerate(node.value):
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            if key.value in ("name", "alert") and value.value == step:
                return index
    rule = f"is not among {len(node.value)} items"
    raise InvalidScenarioError([Problem(label, str(step), rule, remedy="use a number from [0], or an item's name")])


def _mark(label: str) -> yaml.Mark:
    return yaml.Mark(label, 0, 0, 0, None, 0)
