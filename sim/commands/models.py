"""Commands about models: ``train`` makes one, ``rollback`` lets a run return to the one before."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.console import Overrides, scenario_argument
from sim.exit_codes import FAILED

FIGURES = {
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "precision_at_recall_70": "precision at recall 0.70",
    "brier_score": "Brier score",
    "brier_skill": "Brier skill",
    "calibration_error": "calibration error",
}
ROWS = {
    "test": "test",
    "test_without_batch_tier": "no batch tier",
    "test_all_cards": "all cards",
}


def train(
    scenario: Annotated[
        Path | None,
        scenario_argument("Scenario whose world or events to train on; without it the default world."),
    ] = None,
    gates: Annotated[
        Path | None, typer.Option(help="YAML file of limits, such as roc_auc: 0.86; replaces the default gates.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Model folder to write; by default the cached one of this world.")
    ] = None,
    overrides: Overrides = None,
) -> int:
    """Train a model, judge it on later data, and keep it if it passes its gates.

    History is replayed through the feature code that serves, each transaction seeing only what was known then. The
    model is judged on the last days, with and without the batch tier. Below its gates it is refused and not written.

    Exit code: 0 passed, 99 refused, 2 input that cannot be used.

    Example: python -m sim train replay_handbook --out handbook --set events.file=handbook.parquet
    """
    from sim.commands.console import announcing, progress_bar, say_once, scenario_or_default
    from sim.gates import read_gates
    from sim.kernel_warm_up import compile_first
    from sim.run.model_choice import STAGES, cached_folder, gates_for, source_of
    from sim.run.preflight import check_scenario
    from sim.scenario.timeline import Cut
    from sim.training.progress import TrainingRefused
    from sim.training.trainer import train as train_model

    with progress_bar({}) as progress:
        settled = check_scenario(Cut(scenario_or_default(scenario, tuple(overrides or ()))), announcing(progress))
    for remark in settled.remarks:
        typer.echo(remark, err=True)
    chosen = settled.shorter.scenario
    limits = gates_for(chosen) if gates is None else read_gates(gates)
    source = source_of(chosen)
    folder = out or cached_folder(source)
    compile_first(say_once())
    try:
        with progress_bar(STAGES) as progress:
            report = train_model(source, folder, gates=limits, progress=progress)
    except TrainingRefused as error:
        _print_figures(error.figures)
        for miss in error.misses:
            typer.echo(f"refused: {miss}", err=True)
        return FAILED
    _print_figures(report.manifest.metrics)
    window = report.manifest.window
    typer.echo(f"trained on {window.train_rows:,} transactions, {window.train_frauds:,} of them fraud")
    typer.echo(f"tested on {window.test_rows:,} later ones, {window.test_frauds:,} of them fraud")
    typer.echo(f"model {report.manifest.digest} in {folder}")
    return 0


def _print_figures(metrics: Mapping[str, Mapping[str, float | None]]) -> None:
    rows = [name for name in ROWS if name in metrics]
    typer.echo(f"{'':26}" + "".join(f"{ROWS[name]:>16}" for name in rows))
    for figure, title in FIGURES.items():
        values = [metrics[name].get(figure) for name in rows]
        shown = "".join(f"{'–' if value is None else format(value, '.4f'):>16}" for value in values)
        typer.echo(f"{title:26}{shown}")


PATIENCE_S = 10.0  # a run looks once a second; a verification that is under way comes first
LOOK_EVERY_MS = 100


def rollback(
    folder: Annotated[Path, typer.Argument(help="Folder of the run, as it was named at its start.", metavar="RUN")],
) -> int:
    """Let a run on the real clock serve the model again that it served before the last release.

    The model before is still in the run's memory and has proved itself, so it serves from the next batch on. The
    request is a file in the run's folder, which the run takes away.

    Exit code: 0 rolled back, 2 it was not, and why.

    Example: python -m sim rollback runs/20260105-120000-burst
    """
    from actors.core.errors import InputError
    from sim.clocks.event_loop import run_interruptibly
    from sim.report.lock import is_held
    from sim.report.run_folder import JOURNAL, ROLLBACK, SCENARIO, SUMMARY

    if not (folder / SCENARIO).is_file():
        raise InputError(f"{folder}: must be the folder of a run, and is not; it is named when the run starts")
    if (folder / SUMMARY).exists():
        raise InputError(f"{folder}: must be of a run that is under way, and this one has ended")
    if not is_held(folder):
        raise InputError(f"{folder}: must be of a run that is under way, and this one was killed: nobody writes there")
    request, before = folder / ROLLBACK, _answers(folder / JOURNAL)
    try:
        request.touch()
    except OSError as error:
        raise InputError(f"{request}: cannot be written: {error.strerror}") from error
    run_interruptibly(asyncio.new_event_loop, partial(_wait_for, request))
    if request.exists():
        request.unlink(missing_ok=True)
        raise InputError(f"{folder}: no run answers within {PATIENCE_S:g} s; it must be on the real clock, and alive")
    answers = _answers(folder / JOURNAL)[len(before) :]
    kind, detail = answers[-1] if answers else ("", "the run ended before it answered")
    if kind != "model_swapped":
        raise InputError(f"{folder}: {detail}")
    typer.echo(f"rolled back: {detail}")
    return 0


async def _wait_for(request: Path) -> None:
    """Return when the run has taken up the request, or patience is at its end."""
    from actors.core.clock import NS_PER_MS, NS_PER_S, RealClock

    clock = RealClock()
    deadline_ns = clock.now_ns() + round(PATIENCE_S * NS_PER_S)
    while request.exists() and clock.now_ns() < deadline_ns:
        await clock.sleep_ns(LOOK_EVERY_MS * NS_PER_MS)
    clock.close()


def _answers(journal: Path) -> list[tuple[str, str]]:
    """Return kind and detail of what came of each request so far."""
    import msgspec

    from sim.journal import JournalEntry
    from sim.report.run_folder import ROLLBACK, read_regular

    entries = []
    with suppress(OSError):
        for line in read_regular(journal)[0].splitlines():
            with suppress(ValueError):  # a line that is being written, or that someone else has changed
                entries.append(msgspec.json.decode(line, type=JournalEntry))
    return [(entry.kind, entry.detail) for entry in entries if entry.name == ROLLBACK]
