"""What a command that shows no screen says before and while it works: lines on the error stream."""

from collections.abc import Callable

import typer

from dashboard.frame import Notice


def say_once() -> Callable[[Notice], None]:
    """Return what prints the title of each notice the first time it comes: progress is many notices of one title."""
    said: set[str] = set()

    def announce(notice: Notice) -> None:
        if notice.title not in said:
            said.add(notice.title)
            typer.echo(notice.title, err=True)

    return announce
