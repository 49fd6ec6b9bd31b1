"""``list``: the scenarios with their hypotheses."""

from pathlib import Path
from typing import Annotated

import typer

from actors.errors import ScenarioError, printable
from sim.commands.found import SCENARIOS


def list_scenarios(
    folder: Annotated[Path, typer.Argument(help="Folder of scenario files.")] = SCENARIOS,
) -> int:
    """List the scenarios of a folder: file, length, and the hypothesis that a run is to confirm.

    Exit code: 0; 2 if a file is not valid (`validate` says why).
    """
    from sim.commands.found import scenario_files
    from sim.scenario.load import load
    from sim.scenario.timeline import duration_ns
    from sim.units import render_duration

    if not folder.exists():
        raise ScenarioError(f"{folder}: no such folder; give one with scenario files in it")
    exit_code = 0
    rows: list[tuple[str, str, str]] = []
    for path in scenario_files([folder]):
        try:
            scenario = load(path, files_required=False)
        except ScenarioError as error:
            rows.append((str(path), "-", f"not valid: {len(str(error).splitlines())} problem(s)"))
            exit_code = 2
        else:
            planned_ns = duration_ns(scenario)
            length = "replay" if planned_ns is None else render_duration(planned_ns)
            rows.append((str(path), length, " ".join(scenario.hypothesis.split())))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, how_long, hypothesis in rows:
        typer.echo(printable(f"{name:{widths[0]}}  {how_long:>{widths[1]}}  {hypothesis}").rstrip())
    return exit_code
