"""Where riskdrill stands on this machine: its own files, the models it keeps, and the name it was called by."""

import sys
from functools import cache
from pathlib import Path
from typing import Final

from actors.core.errors import OutputError
from actors.core.user_cache import NO_CACHE, user_cache

HOME: Final = Path(__file__).resolve().parents[1]
"""The folder of the packages: the root of a checkout, or a `site-packages`."""

SCRIPT: Final = "riskdrill"
MODULE: Final = "python -m sim"
PROGRAM: Final = SCRIPT if Path(sys.argv[0]).stem == SCRIPT else MODULE
"""What the user typed, for texts that say what to type next. A process that was spawned has its parent's."""

AGAIN: Final = ("-m", "sim") if PROGRAM == MODULE else (sys.argv[0],)
"""What an interpreter is given to be this program, called by the same name."""


@cache
def is_checkout() -> bool:
    """Return whether the packages lie in a checkout: beside them is the ``pyproject.toml`` that builds riskdrill."""
    try:
        return f'\nname = "{SCRIPT}"\n' in (HOME / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, ValueError):  # an installed copy has none
        return False


def model_cache() -> Path:
    """Return the folder of cached models, which need not exist: a checkout's ``models``, or one in the user's cache.

    Raises:
        OutputError: there is no checkout, and no folder of the user either.
    """
    if is_checkout():
        return seen_from_here(HOME / "models")
    folder = user_cache()
    if folder is None:
        raise OutputError(f"no model can be kept: {NO_CACHE}; set one of them, or name a model with --model")
    return folder / "models"


def seen_from_here(path: Path) -> Path:
    """Return ``path`` relative to the working directory if it lies in it, otherwise as it is."""
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path
