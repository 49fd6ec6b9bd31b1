"""What is wrong with a scenario file: one located line a problem."""

from collections.abc import Iterable

import msgspec

from actors.core.errors import ScenarioError, nearest


class Problem(msgspec.Struct, frozen=True):
    """One broken rule.

    Attributes:
        place: ``file:line:column``, or the ``--set`` that brought the value.
        path: where in the scenario, as in ``phases[1].ramp_to``; empty for the file itself.
        rule: what must hold, as in "must be positive".
        got: the value that breaks it, as written; empty where there is none.
        remedy: what to do.
    """

    place: str
    path: str
    rule: str
    got: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        """Return ``place: path rule, got value; remedy``."""
        subject = f"{self.path} {self.rule}" if self.path else self.rule
        got = f", got {self.got}" if self.got else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.place}: {subject}{got}{remedy}"


class InvalidScenarioError(ScenarioError):
    """A scenario file breaks one rule or more; its text has a line for each.

    Args:
        problems: at least one, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type, tuple[tuple[Problem, ...]]]:
        """Go to another process, and come back, as what it was made of."""
        return type(self), (self.problems,)


class LateProblemError(ScenarioError):
    """A broken rule that shows only when a scenario's model and its machine are known.

    Whoever has the file gives it its place, by `sim.scenario.loader.placing`.

    Args:
        path: where in the scenario; an item of a list by its name, for a cut may have taken out others before it.
        rule: what must hold.
        got: the value that breaks it.
        remedy: what to do.
    """

    def __init__(self, path: str, rule: str, got: str = "", remedy: str = "") -> None:
        super().__init__(str(Problem("the scenario", path, rule, got, remedy)))
        self.path, self.rule, self.got, self.remedy = path, rule, got, remedy

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        """Go to another process, and come back, as what it was made of."""
        return type(self), (self.path, self.rule, self.got, self.remedy)


def remedy_for(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a remedy that names the closest of ``known``, or all of them when none is close and they are few.

    Example:
        >>> remedy_for("burts", ["baseline", "burst"])
        'did you mean burst?'
    """
    options = sorted(known)
    if (near := nearest(word, options)) is not None:
        return f"did you mean {near}?"
    if otherwise:
        return otherwise
    few = 16
    return f"use one of {', '.join(options)}" if 0 < len(options) <= few else ""
