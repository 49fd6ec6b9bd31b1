"""A small file of transactions for the tests of `inspect`; any of its columns can be written otherwise."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

ROWS = 240
START = dt.datetime(2024, 2, 20, 8, 1, 9, tzinfo=dt.UTC)
Cell = Callable[[int], str]


def when(number: int) -> dt.datetime:
    """Return when transaction ``number`` was."""
    return START + dt.timedelta(hours=3 * number, seconds=number)


COLUMNS: dict[str, Cell] = {
    "tx_id": lambda number: f"t{number:05}",
    "when": lambda number: f"{when(number):%Y-%m-%d %H:%M:%S}",
    "card": lambda number: f"card-{number % 31:03}",
    "shop": lambda number: f"shop-{number % 7}",
    "amount": lambda number: f"{number % 90 + 0.25:.2f}",
    "fraud": lambda number: str(int(number % 4 == 1)),
}


def write(file: Path, columns: Mapping[str, Cell], separator: str = ",") -> Path:
    """Write a row for each number by the cells of ``columns``."""
    lines = [list(columns), *([cell(number) for cell in columns.values()] for number in range(ROWS))]
    file.write_text("".join(separator.join(line) + "\n" for line in lines))
    return file
