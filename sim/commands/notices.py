"""What a command that shows no screen says before and while it works: lines on the error stream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from dashboard.frame import Notice

if TYPE_CHECKING:
    from sim.report.folder import RunFolder


def say_once() -> Callable[[Notice], None]:
    """Return what prints the title of each notice the first time it comes: progress is many notices of one title."""
    said: set[str] = set()

    def announce(notice: Notice) -> None:
        if notice.title not in said:
            said.add(notice.title)
            typer.echo(notice.title, err=True)

    return announce


def begin(folder: "RunFolder") -> None:
    """Say what is replaced in ``folder``, and remove it."""
    for line in folder.notices():
        typer.echo(line, err=True)
    folder.clear()


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say that ``what`` goes on for as long as the context lasts: something moves in a terminal, otherwise a line."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        typer.echo(what, err=True)
        yield
        return
    with console.status(what):
        yield
