"""A progress bar a stage, on the error stream."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sim.training.progress import Progress


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
