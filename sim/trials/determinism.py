"""Whether a scenario is deterministic: it runs twice on the virtual clock, and every file must be the same."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

import msgspec

from actors.core.errors import InputError, InternalError, MachineError
from actors.core.process_failures import how_ended, was_killed
from sim.exit_codes import FAILED, INCONCLUSIVE, INTERRUPTED, PASS, USAGE
from sim.installation import AGAIN
from sim.report import run_folder as files

HASH_SEEDS = ("1", "2")  # of Python's text hash, which orders sets
COMPLETED = (PASS, FAILED, INCONCLUSIVE)


def run_twice(words: Sequence[str], folders: tuple[Path, Path]) -> int:
    """Run the command ``run`` with ``words`` twice, side by side; return the exit code that both had.

    Args:
        words: the scenario and options; clock, screen and folder are added.
        folders: where the files of the two runs go.

    Raises:
        InputError: the runs refused their input; the text is theirs.
        KeyboardInterrupt: they were interrupted; both have drained.
        MachineError: a run was killed.
        InternalError: a run broke down, or the two ended differently.
    """
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                _start([*words, "--clock", "virtual", "--tui", "off", "--report", "off", "--out", str(folder)], seed)
            )
            for folder, seed in zip(folders, HASH_SEEDS, strict=True)
        ]
        complaints = [child.communicate()[1] for child in children]
    codes = [child.returncode for child in children]
    if INTERRUPTED in codes:
        raise KeyboardInterrupt
    for code, complaint in zip(codes, complaints, strict=True):
        if was_killed(code):
            raise MachineError(f"a run {how_ended(code)}: there is nothing to compare; run it again")
        if code == USAGE:
            raise InputError(complaint.strip())
        if code not in COMPLETED:
            raise InternalError(f"a run ended with {code}: {complaint.strip()}")
    return codes[0]


def _start(words: list[str], hash_seed: str) -> "subprocess.Popen[str]":
    """Start a run by the user's command line, in an interpreter whose hash seed is set before it begins."""
    return subprocess.Popen(
        [sys.executable, "-P", *AGAIN, "run", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


# In the order in which a difference arises: a decision differs before the figures made of it do.
COMPARED = (
    files.SCENARIO,
    files.JOURNAL,
    files.DECISIONS,
    files.DEAD_LETTERS,
    files.UNDELIVERED,
    files.ALERTS,
    files.LATENCY,
    files.SUMMARY,
    files.JUNIT,
)
# Lines of summary.json that say which code ran, not what it did: a commit between two runs is not a difference.
APART: dict[str, tuple[bytes, ...]] = {files.SUMMARY: (b'  "git": ',)}
ENDED = "(the file has ended)"
ABSENT = "(no such file)"


class Difference(msgspec.Struct, frozen=True):
    """Where two runs differ.

    Attributes:
        file: its name, in both folders.
        line: counted from 1; 0 where a file is missing.
        first: the line in the first run.
        second: the line in the second run.
    """

    file: str
    line: int
    first: str
    second: str

    def __str__(self) -> str:
        """Return ``file:line`` and both lines."""
        return f"{self.file}:{self.line}\n  first:  {self.first}\n  second: {self.second}"


def first_difference(first: Path, second: Path) -> Difference | None:
    """Return the first difference of two folders of runs, file by file; None when they are the same."""
    for name in COMPARED:
        found = _in_file(name, first / name, second / name)
        if found is not None:
            return found
    return None


def _in_file(name: str, first: Path, second: Path) -> Difference | None:
    here, there = first.is_file(), second.is_file()
    if not (here and there):
        return None if here == there else Difference(name, 0, *("" if each else ABSENT for each in (here, there)))
    apart = APART.get(name, ())
    with first.open("rb") as ours, second.open("rb") as theirs:
        for number, (one, other) in enumerate(zip_longest(ours, theirs), start=1):
            if one != other and not (one and other and apart and one.startswith(apart) and other.startswith(apart)):
                return Difference(name, number, _text(one), _text(other))
    return None


def _text(line: bytes | None) -> str:
    return ENDED if line is None else line.decode(errors="replace").rstrip("\n")
