"""What benchmarks promise: a figure, the limit that it keeps to, and the table that `make bench` ends with."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

GATHERED_IN: Final = "RISKDRILL_PROMISES"  # a file for the benchmarks of one call, a line of JSON for each promise


class Promise(msgspec.Struct, frozen=True):
    """A figure and its limit.

    Attributes:
        what: was measured, in words.
        figure: what it came to.
        limit: that it keeps to, in the same unit.
        unit: × for a ratio.
        least: whether the limit is the least that is promised, and not the most.
    """

    what: str
    figure: float
    limit: float
    unit: str = "×"
    least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the figure keeps to the limit."""
        return self.figure >= self.limit if self.least else self.figure <= self.limit

    def row(self) -> str:
        """Return the promise as a line of a table."""
        limit = f"{'at least' if self.least else 'at most'} {_shown(self.limit)} {self.unit}".rstrip()
        figure = f"{_shown(self.figure)} {self.unit}".rstrip()
        return f"{self.what:<58} {figure:>14}   {limit:<20} {'kept' if self.kept else 'NOT KEPT'}"


def at_least(what: str, figure: float, limit: float, unit: str = "×") -> Promise:
    """Return the promise that ``figure`` is ``limit`` or more."""
    return Promise(what, float(figure), limit, unit, least=True)


def at_most(what: str, figure: float, limit: float, unit: str = "×") -> Promise:
    """Return the promise that ``figure`` is ``limit`` or less."""
    return Promise(what, float(figure), limit, unit)


def judged(promises: Sequence[Promise]) -> int:
    """Print ``promises``, leave them for the table of all benchmarks, and return 0 if all are kept, else 1."""
    print()
    for each in promises:
        print(each.row(), flush=True)
    if name := os.environ.get(GATHERED_IN):
        with Path(name).open("ab") as file:
            file.writelines(msgspec.json.encode(each) + b"\n" for each in promises)
    return int(not all(each.kept for each in promises))


def gathered(file: Path) -> list[Promise]:
    """Return what the benchmark that ``file`` was given to has left; nothing if it did not come that far."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    return [msgspec.json.decode(line, type=Promise) for line in lines]


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
