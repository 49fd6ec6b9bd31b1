"""Commands about scenario files: ``list`` names them, ``validate`` checks them, ``schema`` describes them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actors.core.errors import InputError, ScenarioError, printable
from sim.commands.console import Overrides, tell_error
from sim.exit_codes import PASS, USAGE
from sim.scenario.shipped import scenario_file, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.run.preflight import Preflight


def validate(
    scenarios: Annotated[
        list[str],
        typer.Argument(help="Scenario files, names of shipped ones, or folders.", metavar="SCENARIO"),
    ],
    model: Annotated[
        Path | None, typer.Option(help="Model folder that they would be run with, as `run` takes it.")
    ] = None,
    overrides: Overrides = None,
) -> int:
    """Check scenario files without running them, and say how long each would take.

    Whatever `run` would refuse is found: a file of transactions is read to its end, the spans to train and to judge on
    must hold fraud and honest transactions, and a model must be there or be possible to train. Every problem is printed
    as file:line:column: rule, value; remedy. Data outside the repository (external: true) may be absent.

    Exit code: 0 all valid, 2 otherwise.

    Example: python -m sim validate burst
    """
    exit_code = PASS
    found: list[Path] = []
    for word in scenarios:
        try:
            found += scenario_files(scenario_file(word))
        except ScenarioError as error:
            tell_error(str(error))
            exit_code = USAGE
    for path in dict.fromkeys(found):
        try:
            for line in _checked(path, model, tuple(overrides or ())):
                typer.echo(printable(line))
        except InputError as error:
            tell_error(str(error))
            exit_code = USAGE
    return exit_code


def _checked(path: Path, model: Path | None, overrides: tuple[str, ...]) -> "Iterator[str]":
    """Yield what to say of a valid scenario.

    Raises:
        InputError: it is not; with every problem that can be found at once.
    """
    from sim.commands.console import announcing, progress_bar
    from sim.run.preflight import check_scenario, preflight
    from sim.scenario.loader import load, missing_files, placing
    from sim.scenario.timeline import Cut

    scenario = load(path, overrides, files_required=False, needs_model=model is None)
    if missing := missing_files(scenario):
        yield f"{path}: valid (data not here: {', '.join(missing)})"
        return
    with placing(path, overrides), progress_bar({}, lines=False) as progress:
        settled = check_scenario(Cut(scenario), announcing(progress))
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


SUFFIXES = (".yaml", ".yml")


def scenario_files(path: Path) -> list[Path]:
    """Return the files directly in the folder at ``path``, or ``path`` itself if it is none.

    Raises:
        ScenarioError: the folder has no scenario in it.
    """
    if not path.is_dir():
        return [path]
    inside = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
    if not inside:
        raise ScenarioError(f"{path}: no scenario in this folder; give a .yaml file or another folder")
    return inside


def list_scenarios(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of scenario files; without it the shipped ones, by their names.")
    ] = None,
) -> int:
    """List scenarios: name or file, length, and the hypothesis that a run is to confirm.

    Exit code: 0; 2 if a file is not valid (`validate` says why).

    Example: python -m sim list
    """
    from sim.scenario.loader import load
    from sim.scenario.timeline import duration_ns
    from sim.units import render_duration

    exit_code = PASS
    rows: list[tuple[str, str, str]] = []
    for name, path in (shipped() if folder is None else _files_of(folder)).items():
        try:
            scenario = load(path, files_required=False)
        except ScenarioError as error:
            rows.append((name, "-", f"not valid: {len(str(error).splitlines())} problem(s)"))
            exit_code = USAGE
        else:
            planned_ns = duration_ns(scenario)
            length = "replay" if planned_ns is None else render_duration(planned_ns)
            rows.append((name, length, " ".join(scenario.hypothesis.split())))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for listed, how_long, hypothesis in rows:
        typer.echo(printable(f"{listed:{widths[0]}}  {how_long:>{widths[1]}}  {hypothesis}").rstrip())
    return exit_code


def _files_of(folder: Path) -> dict[str, Path]:
    if not folder.exists():
        raise ScenarioError(f"{folder}: no such folder; give one with scenario files in it")
    return {str(path): path for path in scenario_files(folder)}


class Of(StrEnum):
    """What there is a schema of."""

    SCENARIO = "scenario"
    SUMMARY = "summary"
    TWIN = "twin"
    EXPLORE = "explore"
    DEBRIEF = "debrief"


def schema(of: Annotated[Of, typer.Argument(help="What the schema describes.")] = Of.SCENARIO) -> int:
    """Print a JSON Schema.

    With the schema of scenarios an editor completes and checks a scenario while you type; those of summary, twin,
    explore and debrief describe each key of summary.json, twin.json, explore.json and debrief.json.

    Example: python -m sim schema > scenario.schema.json
    """
    if of is Of.SUMMARY:
        from sim.report.summary import summary_schema

        typer.echo(summary_schema(), nl=False)
    elif of is Of.TWIN:
        from sim.twin.result import twin_schema

        typer.echo(twin_schema(), nl=False)
    elif of is Of.EXPLORE:
        from sim.explore.exploration import exploration_schema

        typer.echo(exploration_schema(), nl=False)
    elif of is Of.DEBRIEF:
        from sim.drill.debrief import debrief_schema

        typer.echo(debrief_schema(), nl=False)
    else:
        from sim.scenario.json_schema import schema_json

        typer.echo(schema_json().encode(), nl=False)
    return PASS
