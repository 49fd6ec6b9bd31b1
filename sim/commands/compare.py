"""Commands that run a scenario twice: ``twin`` without its faults, ``check-determinism`` the same again."""

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.console import VIRTUAL, Length, ModelFolder, Overrides, ScenarioFile
from sim.exit_codes import FAILED, INCONCLUSIVE, PASS

if TYPE_CHECKING:
    from sim.twin.result import Twin


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

    Example: python -m sim twin feature_store_outage
    """
    from sim.commands.console import begin, say_once, working
    from sim.page.twin_page import twin_page
    from sim.page.writing import unharmed
    from sim.report.run_folder import REPORT, RunFolder
    from sim.scenario.loader import load, placing
    from sim.trials.process_pool import usual_jobs
    from sim.trials.trial import prepare_scenario
    from sim.twin.compare import compare
    from sim.twin.result import RUNS, TWIN, twin_text

    chosen = tuple(overrides or ())
    name = f"{load(scenario, (*chosen, VIRTUAL), needs_model=model is None).name}-twin"
    # Taken first: whoever may not write there learns it before a model is trained for it.
    with RunFolder.create(out, name, own=frozenset({TWIN, REPORT}), folders=frozenset({RUNS})) as folder:
        prepared = prepare_scenario(scenario, chosen, duration, model, say_once())
        begin(folder)
        with (
            placing(prepared.file, prepared.overrides),
            working("running with and without the faults, on the virtual clock"),
        ):
            found = compare(prepared, folder.path, jobs or usual_jobs(2), partial(typer.echo, err=True))
        _print(found)
        typer.echo(f"figures in {folder.write(TWIN, twin_text(found))}")
        unharmed(folder, lambda: twin_page(found))
    touched = [each.touched_count for each in found.windows]
    return INCONCLUSIVE if found.never_injected or 0 in touched else PASS


def _print(found: "Twin") -> None:
    from rich.console import Console

    from sim.twin.result import print_twin

    print_twin(found, Console())


FOLDERS = ("first", "second")  # of the two runs


def check_determinism(
    scenario: ScenarioFile,
    model: ModelFolder = None,
    overrides: Overrides = None,
    duration: Length = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for first/ and second/, the files of the two runs; by default kept if they differ."),
    ] = None,
) -> int:
    """Run a scenario twice on the virtual clock, in fresh processes, and compare the files byte for byte.

    The two processes hash texts differently, as any two Python processes do. Compared are decisions, dead letters,
    journal, alerts, latency.hlog, scenario and summary, except for the summary's git commit. The first difference is
    printed as file:line with both lines.

    Exit code: 0 identical, 99 different, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim check-determinism burst --duration 10s
    """
    from sim.commands.console import begin, say_once
    from sim.kernel_warm_up import compile_first
    from sim.report.run_folder import RunFolder
    from sim.run.command import shorten
    from sim.run.model_choice import find_model
    from sim.scenario.loader import load

    chosen = tuple(overrides or ())
    whole = load(scenario, (*chosen, VIRTUAL), needs_model=model is None)
    shorten(whole, duration)  # refused here, in one line, and not by two processes
    words = [str(scenario)]
    words += [word for each in chosen for word in ("--set", each)]
    words += [] if duration is None else ["--duration", duration]

    def compare(place: Path) -> int:
        # Taken first: whoever may not write there learns it before a model is trained for it.
        with RunFolder(place, own=frozenset(), folders=frozenset(FOLDERS)) as folder:
            announce = say_once()
            words.extend(["--model", str(find_model(whole, model, announce))])
            compile_first(announce)
            begin(folder)
            return _compare(words, place)

    if out is not None:
        return compare(out)
    place, exit_code = Path(tempfile.mkdtemp(prefix="riskdrill-twice-")), PASS
    try:
        exit_code = compare(place)
    finally:
        if exit_code != FAILED:
            shutil.rmtree(place)
    return exit_code


def _compare(words: list[str], place: Path) -> int:
    from sim.commands.console import working
    from sim.report.summary import read_summary
    from sim.trials.determinism import first_difference, run_twice

    folders = place / FOLDERS[0], place / FOLDERS[1]
    with working("running twice on the virtual clock, in processes that hash texts differently"):
        run_twice(words, folders)
    difference = first_difference(*folders)
    if difference is not None:
        typer.echo(f"different: {difference}\nfiles in {place}")
        return FAILED
    summary = read_summary(folders[0])
    what = f"{summary.events_processed:,} transactions, verdict {summary.verdict}"
    typer.echo(f"identical: {what}, trace hash {summary.trace_hash}")
    return PASS
