"""``check-determinism``: runs a scenario twice on the virtual clock and compares every byte."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.options import VIRTUAL, Length, ModelFolder, Overrides, ScenarioFile

DIFFERENT = 99
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

    Example: python -m sim check-determinism scenarios/burst.yaml --duration 10s
    """
    from sim.commands.notices import begin, say_once
    from sim.first_use import compile_first
    from sim.report.folder import RunFolder
    from sim.run.command import shorten
    from sim.run.model_choice import find_model
    from sim.scenario.load import load

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
    place, exit_code = Path(tempfile.mkdtemp(prefix="riskdrill-twice-")), 0
    try:
        exit_code = compare(place)
    finally:
        if exit_code != DIFFERENT:
            shutil.rmtree(place)
    return exit_code


def _compare(words: list[str], place: Path) -> int:
    from sim.commands.notices import working
    from sim.determinism.difference import first_difference
    from sim.determinism.twice import run_twice
    from sim.report.summary import read_summary

    folders = place / FOLDERS[0], place / FOLDERS[1]
    with working("running twice on the virtual clock, in processes that hash texts differently"):
        run_twice(words, folders)
    difference = first_difference(*folders)
    if difference is not None:
        typer.echo(f"different: {difference}\nfiles in {place}")
        return DIFFERENT
    summary = read_summary(folders[0])
    what = f"{summary.events_processed:,} transactions, verdict {summary.verdict}"
    typer.echo(f"identical: {what}, trace hash {summary.trace_hash}")
    return 0
