"""A progress bar a stage, on the error stream."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.frame import Notice
    from sim.training.progress import Progress


BAR_STEPS = 1_000  # of something whose share is known


def announcing(progress: "Progress") -> "Callable[[Notice], None]":
    """Return what shows notices with a share as a bar of ``progress``."""

    def announce(notice: "Notice") -> None:
        if notice.done_ratio is not None:
            progress(notice.title, int(notice.done_ratio * BAR_STEPS), BAR_STEPS)

    return announce


@contextmanager
def progress_bar(titles: Mapping[str, str], *, lines: bool = True) -> Iterator["Progress"]:
    """Draw a bar a stage; without a terminal print one line a stage.

    Args:
        titles: what a stage is called for people; by its own name where it has none.
        lines: whether it is printed without a terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<44}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks = {}

        def progress(stage: str, done: int, total: int) -> None:
            title = titles.get(stage, stage)
            if stage not in tasks:
                tasks[stage] = bar.add_task(title, total=total or None)
                if lines and not console.is_terminal:
                    typer.echo(title, err=True)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield progress
