"""What the checks look at: the typed scenario, the place of each value, and which values could not be read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sim.scenario.problems import Problem
from sim.scenario.scenario import Scenario
from sim.scenario.yaml_nodes import entries, place, shown
from sim.scenario.yaml_reader import looked_in

_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class View:
    """A scenario under examination.

    Attributes:
        scenario: as read; a broken value has its default, or None where it has none.
        nodes: path to node.
        broken: paths that could not be read.
        home: folder to which the file's own paths are relative.
    """

    scenario: Scenario
    nodes: Mapping[str, yaml.Node]
    broken: frozenset[str]
    home: Path

    def whole(self, *paths: str) -> bool:
        """Return whether everything at and below each of ``paths`` could be read."""
        return not any(_is_at(each, path) for each in self.broken for path in paths)

    def given(self, path: str) -> bool:
        """Return whether the file says anything at ``path``."""
        return path in self.nodes

    def path_of(self, path: str) -> str:
        """Return ``path`` with numbers for names: ``steps[0].trees`` for ``steps[noon].trees``."""
        named = re.fullmatch(r"(\w+)\[([^\]]+)\](.*)", path)
        if named is None:
            return path
        field, name, rest = named.groups()
        return next((f"{at}{rest}" for at, item in self.items(field) if item.name == name), path)

    def written(self, field: str, key: str) -> set[str]:
        """Return what the items of the list ``field`` have under ``key``, as written, readable or not."""
        found: set[str] = set()
        root = self.nodes[""]
        for name, items in entries(root) if isinstance(root, yaml.MappingNode) else ():
            for item in items.value if name.value == field and isinstance(items, yaml.SequenceNode) else ():
                pairs = entries(item) if isinstance(item, yaml.MappingNode) else ()
                found |= {str(value.value) for each, value in pairs if each.value == key}
        return found

    def problem(self, path: str, rule: str, got: str = "", remedy: str = "", column: int | None = None) -> Problem:
        """Return a problem placed at ``path``, or at the nearest thing around it that the file has.

        Args:
            path: where.
            rule: what must hold.
            got: the value; empty takes what is written there.
            remedy: what to do.
            column: characters into the text at which it goes wrong, from 0; None is the value as a whole.
        """
        node = self.nodes.get(path)
        if node is None:
            return Problem(self._near(path), path, rule, got, remedy)
        mark = node.start_mark
        if column is not None and isinstance(node, yaml.ScalarNode) and _on_one_line(node):
            within = column + (1 if node.style else 0)
            mark = yaml.Mark(mark.name, 0, mark.line, mark.column + within, None, 0)
        return Problem(place(mark), path, rule, got or shown(node), remedy)

    def missing(self, path: str, rule: str, remedy: str) -> Problem:
        """Return the problem that what the path at ``path`` names is not there, and where it was looked for."""
        node = self.nodes[path]
        at = place(node.start_mark)
        return self.problem(path, rule, f"{shown(node)}{looked_in(str(node.value), at, self.home)}", remedy)

    def items(self, field: str) -> Iterator[tuple[str, Any]]:
        """Yield path and value of those items of the list ``field`` that are more than broken."""
        for index, item in enumerate(getattr(self.scenario, field)):
            if item is not None:
                yield f"{field}[{index}]", item

    def _near(self, path: str) -> str:
        while path:
            path = re.sub(r"(?:\.?[^.\[\]]+|\[\d+\])$", "", path)
            if path in self.nodes:
                break
        return place(self.nodes[path].start_mark)


def _on_one_line(node: yaml.ScalarNode) -> bool:
    return node.style in (None, *_QUOTES) and node.start_mark.line == node.end_mark.line


def _is_at(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))
