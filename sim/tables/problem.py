"""The one clear line that says what is wrong with a file of transactions: place, rule, value, remedy."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from actors.core import errors
from actors.core.errors import TransactionFileError, nearest

MAX_SHOWN = 40  # a longer value hides the rest of the line
MAX_LISTED = 12  # names; more of them hide it too
NEAREST = 5
MAX_COMPARED = 5_000  # names; each comparison takes microseconds, and a damaged header may have a million


def problem(
    file: Path, text: str, *, row: int | None = None, line: int | None = None, column: str | None = None
) -> TransactionFileError:
    """Return the error ``file: row R, column C: text``, all of it on one line and printable.

    Args:
        row: counted from 1; a CSV file's header and blank lines are not counted.
        line: of the file, counted from 1, where that helps to find the row.
    """
    parts = [
        None if row is None else f"row {row}",
        None if line is None else f"line {line}",
        None if column is None else f"column {named(column)}",
    ]
    place = ", ".join(part for part in parts if part)
    whole = f"{file}: {place}: {text}" if place else f"{file}: {text}"
    return TransactionFileError(printable(whole))


def printable(text: str) -> str:
    r"""Return ``text`` on one line, with escapes in place of what a terminal would obey.

    Example:
        >>> print(printable("two\nlines and \x1b[2J"))
        two\nlines and \x1b[2J
    """
    return errors.printable(text).replace("\n", r"\n")


def shown(value: object) -> str:
    """Return ``value`` as the text of an error shows it, on one line."""
    return short(repr(value))


def short(text: str) -> str:
    """Return ``text``, cut where it would hide the rest of the line."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def named(name: str) -> str:
    """Return a column's ``name``, in quotes where its ends could not be seen otherwise."""
    return short(repr(name) if name != name.strip() or not name else name)


def listed(names: Iterable[str]) -> str:
    """Return names as prose; of many the first, and how many there are besides."""
    every = [named(name) for name in names]
    more = f" and {len(every) - MAX_LISTED} more" if len(every) > MAX_LISTED else ""
    return ", ".join(every[:MAX_LISTED]) + more


def columns_hint(name: str, header: Sequence[str]) -> str:
    """Return which of a file's columns may have been meant: the nearest, or all when they are few.

    Example:
        >>> columns_hint("TX_AMMOUNT", ["TX_AMOUNT", "TX_FRAUD"])
        '; did you mean TX_AMOUNT?'
        >>> columns_hint("price", ["TX", "WHEN", "AMOUNT"])
        '; its columns are TX, WHEN, AMOUNT'
    """
    if (near := nearest(name, header[:MAX_COMPARED])) is not None:
        return f"; did you mean {named(near)}?"
    if len(header) == 1:
        return f"; its only one is {shown(header[0])}: must its first line go, or another separator be told?"
    if len(header) <= MAX_LISTED:
        return f"; its columns are {listed(header)}"
    several = difflib.get_close_matches(name, header[:MAX_COMPARED], n=NEAREST, cutoff=0.0)
    return f"; the nearest of its {len(header):,} columns are {listed(several)}"
