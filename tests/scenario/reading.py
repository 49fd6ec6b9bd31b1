"""Reading a scenario in a test: its errors as plain lines."""

from collections.abc import Sequence

import pytest

from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError, Problem


def problems(text: str, overrides: Sequence[str] = (), *, files_required: bool = True) -> list[Problem]:
    """Return every problem of the scenario in ``text``; it must have one."""
    with pytest.raises(InvalidScenarioError) as caught:
        parse(text, "drill.yaml", overrides, files_required=files_required)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return list(caught.value.problems)


def lines(text: str, overrides: Sequence[str] = (), *, files_required: bool = True) -> list[str]:
    """Return the same as the user sees them."""
    return [str(problem) for problem in problems(text, overrides, files_required=files_required)]
