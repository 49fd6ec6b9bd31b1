"""``twin``: runs a scenario with and without its faults and says what they caused, in decisions and in dollars."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.options import VIRTUAL, Length, ModelFolder, Overrides, ScenarioFile

if TYPE_CHECKING:
    from sim.twin.result import Twin

INCONCLUSIVE = 3


def twin(
    scenario: ScenarioFile,
    model: ModelFolder = None,
    overrides: Overrides = None,
    duration: Length = None,
    jobs: Annotated[
        int | None, typer.Option(help="Runs at a time, a process each; by default both at once on two cores.", min=1)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for twin.json and the runs; by default a new one under runs/.")
    ] = None,
) -> int:
    """Run a scenario with and without its faults, and say what the faults caused.

    Both runs are on the virtual clock, with the same seed, so that they have the same transactions. They are compared
    by transaction id. Each fault has a window: from its injection until, for a second of arrivals, both runs agree
    again in mode, decision and latency class. For each window the table and twin.json say which decisions flipped,
    how much fraud was let through, how many good customers were blocked, and the dollars that this caused. Faults
    whose windows overlap are each left out alone in a further run.

    Exit code: 0 compared, 3 a fault touched nothing, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim twin scenarios/feature_store_outage.yaml
    """
    from sim.commands.notices import begin, say_once, working
    from sim.report.folder import RunFolder
    from sim.scenario.load import load, placing
    from sim.trials.settled import settle
    from sim.trials.side_by_side import usual_jobs
    from sim.twin.compare import compare
    from sim.twin.result import RUNS, TWIN, twin_text

    chosen = tuple(overrides or ())
    name = f"{load(scenario, (*chosen, VIRTUAL), needs_model=model is None).name}-twin"
    # Taken first: whoever may not write there learns it before a model is trained for it.
    with RunFolder.create(out, name, own=frozenset({TWIN}), folders=frozenset({RUNS})) as folder:
        settled = settle(scenario, chosen, duration, model, say_once())
        begin(folder)
        with (
            placing(settled.file, settled.overrides),
            working("running with and without the faults, on the virtual clock"),
        ):
            found = compare(settled, folder.path, jobs or usual_jobs(2), partial(typer.echo, err=True))
        _print(found)
        typer.echo(f"figures in {folder.write(TWIN, twin_text(found))}")
    touched = [each.touched_count for each in found.windows]
    return INCONCLUSIVE if found.never_injected or 0 in touched else 0


def _print(found: "Twin") -> None:
    from rich.console import Console

    from sim.twin.table import print_twin

    print_twin(found, Console())
