"""What the checks look at: the typed scenario, the place of each value, and which values could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from sim.scenario.positions import place, shown
from sim.scenario.problems import Problem
from sim.scenario.scenario import Scenario

_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class View:
    """A scenario under examination.

    Attributes:
        scenario: as read; a broken value has its default, or None where it has none.
        nodes: path to node.
        broken: paths that could not be read.
    """

    scenario: Scenario
    nodes: Mapping[str, yaml.Node]
    broken: frozenset[str]

    def whole(self, *paths: str) -> bool:
        """Return whether everything at and below each of ``paths`` could be read."""
        return not any(_is_at(each, path) for each in self.broken for path in paths)

    def given(self, path: str) -> bool:
        """Return whether the file says anything at ``path``."""
        return path in self.nodes

    def problem(self, path: str, rule: str, got: str = "", remedy: str = "", column: int = 0) -> Problem:
        """Return a problem placed at ``path``, or at the nearest thing around it that the file has.

        Args:
            path: where.
            rule: what must hold.
            got: the value; empty takes what is written there.
            remedy: what to do.
            column: characters into the text at which it goes wrong, from 0.
        """
        node = self.nodes.get(path)
        if node is None:
            return Problem(self._near(path), path, rule, got, remedy)
        mark = node.start_mark
        if node.style not in ("|", ">") and "\n" not in str(node.value):
            mark = yaml.Mark(
                mark.name, 0, mark.line, mark.column + column + (node.style in _QUOTES) * bool(column), None, None
            )
        return Problem(place(mark), path, rule, got or shown(node), remedy)

    def _near(self, path: str) -> str:
        while path:
            path = re.sub(r"(?:\.?[^.\[\]]+|\[\d+\])$", "", path)
            if path in self.nodes:
                break
        return place(self.nodes[path].start_mark)


def _is_at(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))
