"""``inspect``: looks at a file of transactions and proposes the section that replays it."""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    file: Annotated[
        Path, typer.Argument(help="File of transactions, folder of such files, or pattern in quotes.", metavar="FILE")
    ],
    separator: Annotated[
        str | None, typer.Option(help="Between the columns of CSV: comma, semicolon, tab, pipe; found out without.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Of times without an offset, as in Europe/Brussels.")] = "UTC",
    *,
    multiline: Annotated[
        bool, typer.Option("--multiline", help="A field may have several lines even where they look like rows.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every column of a file with many.")] = False,
    yaml: Annotated[
        bool, typer.Option("--yaml", help="Print a whole scenario that replays the file, and nothing else.")
    ] = False,
) -> int:
    """Look at a file of transactions: columns, times, fraud, and a section that replays it.

    The whole file is read, twice. The column map is a guess by names and values, and says what is unsure; no run ever
    guesses. Numbers that may be those of cards are shown by their last four digits.

    Exit code: 0; 2 if the file cannot be read.

    Example: python -m sim inspect transactions.csv --yaml > mine.yaml
    """
    from sim.commands.console import progress_bar
    from sim.inspection.inspection import Asked, inspected

    asked = Asked(file, _separator(separator), multiline, _timezone(timezone))
    titles = {"read": f"reading {file.name}", "try": "trying it as a replay would"}
    with progress_bar(titles, lines=False) as progress:
        found = inspected(asked, progress)
    if yaml:
        typer.echo(found.scenario.encode(), nl=False)
        return 0
    from rich.console import Console

    from sim.inspection.printing import print_inspection

    print_inspection(found, Console(), every=every)
    return 0


def _separator(text: str | None) -> str | None:
    from actors.core.errors import InputError
    from sim.tables.files import parse_separator

    try:
        return None if text is None else parse_separator(text)
    except ValueError as error:
        raise InputError(f"--separator {error}") from error


def _timezone(text: str) -> str:
    from actors.core.errors import InputError
    from sim.scalars import parse_timezone

    try:
        return parse_timezone(text)
    except ValueError as error:
        raise InputError(f"--timezone {error}") from error
