"""The repository as the tests see it: its tracked files, its project table and its README."""

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("actors", "dashboard", "riskdrill_pytest", "sim")


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file under version control that still exists; skip in an unpacked archive."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listing = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listing.split("\0") if name and (path := ROOT / name).is_file())


def place(path: Path) -> str:
    """Return the path as the repository knows it."""
    return path.relative_to(ROOT).as_posix()


@cache
def project() -> dict[str, Any]:
    """Return the ``[project]`` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def folders() -> list[Path]:
    """Return every folder of our packages that holds Python files."""
    return sorted({file.parent for package in PACKAGES for file in (ROOT / package).rglob("*.py")})


def scenarios() -> list[Path]:
    """Return the scenario files that are shipped."""
    return [*sorted((ROOT / "scenarios").glob("*.yaml")), *sorted((ROOT / "scenarios" / "drills").glob("*.yaml"))]


def shown_commands(program: str, page: str = "README.md") -> list[str]:
    """Return the lines of a page's fenced blocks that start with ``program``, without prompts and comments."""
    blocks = re.findall(r"^```(?:console|bash|sh)\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ").split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(program)]


def run_python(*arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in the repository with ``arguments``; the exit code is the caller's to judge."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
    )
