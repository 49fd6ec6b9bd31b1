"""Which code and which libraries made a run."""

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim.installation import HOME, is_checkout

LIBRARIES = ("riskdrill", "lightgbm", "msgspec", "numba", "numpy", "uvloop")
_CPU_INFO = Path("/proc/cpuinfo")
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


def machine_name() -> str:
    """Return what this machine is, in words."""
    cpu = platform.machine()
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:  # another system
        lines = []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
