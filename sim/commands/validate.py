"""``validate``: checks scenario files and says everything that is wrong with them."""

from pathlib import Path
from typing import Annotated

import typer

from actors.errors import ScenarioError


def validate(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="SCENARIO")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change a value first, as in phases.burst.rate=2000; repeatable.", metavar="PATH=VALUE"
        ),
    ] = None,
) -> int:
    """Check scenario files without running them.

    Every problem of every file is printed as file:line:column: rule, value; remedy. Data outside the repository
    (external: true) may be absent.

    Exit code: 0 all valid, 2 otherwise.

    Example: python -m sim validate scenarios
    """
    from sim.commands.found import scenario_files
    from sim.scenario.load import load, missing_files

    exit_code = 0
    for path in scenario_files(scenarios):
        try:
            scenario = load(path, overrides or (), files_required=False)
        except ScenarioError as error:
            typer.echo(str(error), err=True)
            exit_code = 2
        else:
            missing = missing_files(scenario)
            absent = f" (data not here: {', '.join(missing)})" if missing else ""
            typer.echo(f"{path}: valid{absent}")
    return exit_code
