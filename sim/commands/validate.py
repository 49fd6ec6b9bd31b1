"""``validate``: checks scenario files, and the transactions they name, and says everything that is wrong with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actors.errors import InputError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.run.preflight import Preflight


def validate(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="SCENARIO")],
    model: Annotated[
        Path | None, typer.Option(help="Model folder that they would be run with, as `run` takes it.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change a value first, as in phases.burst.rate=2000; repeatable.", metavar="PATH=VALUE"
        ),
    ] = None,
) -> int:
    """Check scenario files without running them, and say how long each would take.

    Whatever `run` would refuse is found: a file of transactions is read to its end, the spans to train and to judge on
    must hold fraud and honest transactions, and a model must be there or be possible to train. Every problem is printed
    as file:line:column: rule, value; remedy. Data outside the repository (external: true) may be absent.

    Exit code: 0 all valid, 2 otherwise.

    Example: python -m sim validate scenarios
    """
    from sim.commands.found import scenario_files

    exit_code = 0
    for path in scenario_files(scenarios):
        try:
            for line in _checked(path, model, tuple(overrides or ())):
                typer.echo(printable(line))
        except InputError as error:
            typer.echo(str(error), err=True)
            exit_code = 2
    return exit_code


def _checked(path: Path, model: Path | None, overrides: tuple[str, ...]) -> "Iterator[str]":
    """Yield what to say of a valid scenario.

    Raises:
        InputError: it is not; with every problem that can be found at once.
    """
    from sim.commands.bar import announcing, progress_bar
    from sim.run.preflight import preflight, settle
    from sim.scenario.cut import Cut
    from sim.scenario.load import load, missing_files, placing

    scenario = load(path, overrides, files_required=False, needs_model=model is None)
    if missing := missing_files(scenario):
        yield f"{path}: valid (data not here: {', '.join(missing)})"
        return
    with placing(path, overrides), progress_bar({}, lines=False) as progress:
        settled = settle(Cut(scenario), announcing(progress))
        ready = preflight(settled.shorter, model, announcing(progress))
    first = ", after a model is trained" if ready.artifact is None else ""
    yield f"{path}: valid; {ready.length}{first}"
    yield from (f"  {line}" for line in (*settled.remarks, *_told(ready)))


def _told(ready: "Preflight") -> "Iterator[str]":
    from sim.run.plan import FileLoad

    if isinstance(ready.load, FileLoad):
        yield f"replays  {ready.load.contents}"
    for name, contents in ready.spans.items():
        yield f"{name:<8} {contents}"
