"""Which code and which libraries made a run."""

import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from sim.installation import HOME, is_checkout

LIBRARIES = ("riskdrill", "lightgbm", "msgspec", "numba", "numpy", "uvloop")
GIT_TIMEOUT_S = 2.0  # a repository on a slow network drive must not hold up a run's end


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decisions depend on; absent ones are left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def git_commit() -> str | None:
    """Return the commit of the code, with ``-dirty`` where it was changed since; None outside a checkout."""
    git = shutil.which("git")
    if git is None or not is_checkout():  # an environment may lie in the repository of something else
        return None
    command = [git, "-C", str(HOME), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
