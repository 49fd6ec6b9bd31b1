"""The one clear line that says what is wrong with a file of transactions: place, rule, value, remedy."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from actors.errors import TransactionFileError

MAX_SHOWN = 40  # a longer value hides the rest of the line


def problem(file: Path, text: str, *, row: int | None = None, column: str | None = None) -> TransactionFileError:
    """Return the error ``file: row R, column C: text``.

    Args:
        row: counted from 1; a CSV file's header is not counted.
    """
    place = ", ".join(
        part for part in (row is not None and f"row {row}", column is not None and f"column {column}") if part
    )
    return TransactionFileError(f"{file}: {place}: {text}" if place else f"{file}: {text}")


def shown(value: object) -> str:
    """Return ``value`` as the text of an error shows it, on one line."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def listed(names: Iterable[str]) -> str:
    """Return names as prose."""
    return ", ".join(names)


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Return ``; did you mean X?`` for the nearest of ``names``, or nothing when none is near.

    Example:
        >>> did_you_mean("TX_AMMOUNT", ["TX_AMOUNT", "TX_FRAUD"])
        '; did you mean TX_AMOUNT?'
    """
    by_lower = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
