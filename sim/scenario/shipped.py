"""The scenarios that riskdrill ships, each known by the name of its file.

One rule tells a name from a path: letters, digits, ``_`` and ``-`` are a name, unless a file of that name is here. So a
path keeps meaning a path, and ``./burst`` is one whatever is shipped.
"""

import os.path
import re
from pathlib import Path
from typing import Final

from actors.core.errors import ScenarioError
from sim.installation import HOME, PROGRAM, seen_from_here
from sim.scenario.problems import remedy_for

_NAME: Final = re.compile(r"\w[\w-]*")


def shipped() -> dict[str, Path]:
    """Return the file of each shipped scenario, by its name."""
    files = [*sorted((HOME / "scenarios").glob("*.yaml")), *sorted((HOME / "scenarios" / "drills").glob("*.yaml"))]
    return {file.stem: seen_from_here(file) for file in files}


def scenario_file(word: str) -> Path:
    """Return the file that ``word`` means: a path, or the name of a shipped scenario.

    A folder here hides no shipped scenario, for the folder of a run is often called like one.

    Raises:
        ScenarioError: it is a name and no scenario has it, or a path that leads nowhere to a file called like one.
    """
    path, known = Path(word), shipped()
    is_name = _NAME.fullmatch(word) is not None
    # os.path answers False where a path is too long or forbidden, and Path raises; who reads the file says what it is.
    if is_name and word in known and not os.path.isfile(word):  # noqa: PTH113
        return known[word]
    if os.path.exists(word):  # noqa: PTH110
        return path
    if is_name:
        remedy = remedy_for(word, known, f"{PROGRAM} list names all")
        raise ScenarioError(f"{word}: must be a file or the name of a shipped scenario; {remedy}")
    if path.stem in known:
        raise ScenarioError(f"{word}: no such file; {path.stem} is the name of the shipped scenario")
    return path
