"""What commands share at the terminal: arguments and options, notices, errors, progress bars."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.frame import Notice
from sim.scenario.shipped import scenario_file
from sim.stdio import without_secrets

if TYPE_CHECKING:
    from sim.metrics_endpoint.address import MetricsAddress
    from sim.report.run_folder import RunFolder
    from sim.scenario.scenario import Scenario
    from sim.training.progress import Progress


def scenario_argument(text: str) -> Any:  # noqa: ANN401 - as typer says of it
    """Return what typer is told of an argument that is a scenario, by its path or its name; ``text`` is its help."""
    return typer.Argument(help=text, metavar="SCENARIO", parser=scenario_file)


ScenarioFile = Annotated[Path, scenario_argument("Scenario file, or name of a shipped one.")]
ScenarioFiles = Annotated[list[Path], scenario_argument("Scenario files, or names of shipped ones.")]
ModelFolder = Annotated[
    Path | None,
    typer.Option(help="Model folder. Without it the cached model of the scenario's world, trained if there is none."),
]
Seed = Annotated[int | None, typer.Option(help="Overrules the scenario's seed: another day, the same world.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a value, as in phases.burst.rate=2000; repeatable.", metavar="PATH=VALUE"),
]
Length = Annotated[
    str | None,
    typer.Option(
        "--duration", help="Cut the run short, as in 20s; what would start later is left out.", metavar="DURATION"
    ),
]
MetricsAddr = Annotated[
    str | None,
    typer.Option(help="Serve figures for Prometheus there, as in 127.0.0.1:9464.", metavar="HOST:PORT"),
]
VIRTUAL = "clock=virtual"  # the override that puts a scenario on the virtual clock
_DEFAULT_WORLD = "version: 1\nname: default-world\nphases: [{name: steady, duration: 1m, rate: 1000}]\n"


def scenario_or_default(path: Path | None, overrides: tuple[str, ...]) -> "Scenario":
    """Return the scenario at ``path``; without a path one that says nothing of its world, so that it is the default."""
    from sim.scenario.loader import load, parse

    return parse(_DEFAULT_WORLD, "the default world", overrides) if path is None else load(path, overrides)


def metrics_address(text: str | None) -> "MetricsAddress | None":
    """Return the address that ``--metrics-addr`` names; None without one.

    Raises:
        InputError: it names none.
    """
    if text is None:
        return None
    from sim.metrics_endpoint.address import MetricsAddress

    return MetricsAddress.parse(text)


def say_once() -> Callable[[Notice], None]:
    """Return what prints the title of each notice the first time it comes: progress is many notices of one title."""
    said: set[str] = set()

    def announce(notice: Notice) -> None:
        if notice.title not in said:
            said.add(notice.title)
            typer.echo(notice.title, err=True)

    return announce


def tell_error(line: str) -> None:
    """Tell why a command ends, whatever that quotes."""
    typer.echo(without_secrets(line), err=True)


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
