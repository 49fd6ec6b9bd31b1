"""The first place where two folders of runs differ."""

from itertools import zip_longest
from pathlib import Path

import msgspec

from sim.report import folder as files

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
