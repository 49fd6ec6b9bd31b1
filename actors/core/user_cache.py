"""The user's cache: where what can be made again is kept from one process to the next.

A module of its own, since both who keep something there start otherwise: one imports numba, the other must not.
"""

import os
from pathlib import Path
from typing import Final

APPLICATION: Final = "riskdrill"
NO_CACHE: Final = "neither HOME nor XDG_CACHE_HOME names a folder"


def user_cache() -> Path | None:
    """Return this program's folder in the user's cache, which need not exist; None if the environment names no place.

    Source: XDG Base Directory Specification 0.8.
    """
    named, home = os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", "")
    if Path(named).is_absolute():  # the specification says to ignore any other
        return Path(named, APPLICATION)
    if Path(home).is_absolute():
        return Path(home, ".cache", APPLICATION)
    return None
