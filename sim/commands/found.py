"""The scenario files that a command's arguments lead to."""

from collections.abc import Sequence
from pathlib import Path

from actors.errors import ScenarioError

SCENARIOS = Path("scenarios")
SUFFIXES = (".yaml", ".yml")


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files among ``paths``, and those directly in the folders among them, each once.

    Raises:
        ScenarioError: a folder has no scenario in it.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
            if not inside:
                raise ScenarioError(f"{path}: no scenario in this folder; give a .yaml file or another folder")
            found += inside
        else:
            found.append(path)
    return list(dict.fromkeys(found))
