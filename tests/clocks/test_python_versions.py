"""The virtual loop on every Python that is supported and found on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT

SUPPORTED = ("3.11", "3.12", "3.13")  # each is in docs/virtual_time.md; another one is not claimed
SCRIPT = ROOT / "tests/support/sim/virtual_loop.py"


def candidates(version: str) -> Iterator[Path]:
    """Return where a Python of ``version`` may be: on the path, or among pyenv's."""
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield Path(on_path)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted((root / "versions").glob(f"{version}.*/bin/python"), reverse=True)


def sanity(python: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but the standard library and the repository."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    command = [str(python), "-S", "-W", "error", str(SCRIPT)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def works(python: Path) -> bool:
    """Return whether it starts at all: pyenv puts stubs on the path for versions that are not chosen."""
    return subprocess.run([str(python), "-S", "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_virtual_loop_works_on_each_supported_python(version: str) -> None:
    """What it needs of asyncio's private names is there, and does what it must."""
    found = next(filter(works, candidates(version)), None)
    if found is None:
        pytest.skip(f"no Python {version} on this machine: not tested on it here")
    done = sanity(found)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{version}.")


def test_the_docs_claim_the_tested_versions_and_no_other() -> None:
    """The page on virtual time names each version that the test above covers."""
    text = (ROOT / "docs/virtual_time.md").read_text()
    claimed = next(line for line in text.splitlines() if line.startswith("Tested on Python"))
    assert tuple(re.findall(r"3\.\d+", claimed)) == SUPPORTED
