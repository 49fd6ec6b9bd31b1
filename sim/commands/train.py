"""``train``: trains a model and says how good it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sim.scenario.scenario import Scenario

REFUSED = 99
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
DEFAULT = "version: 1\nname: default-world\nphases: [{name: steady, duration: 1s, rate: 1000}]\n"


def train(
    scenario: Annotated[
        Path | None,
        typer.Argument(help="Scenario whose world or events to train on; without it the default world."),
    ] = None,
    gates: Annotated[
        Path | None, typer.Option(help="YAML file of limits, such as roc_auc: 0.86; replaces the default gates.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Model folder to write; by default the cached one of this world.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value of the scenario first; repeatable.", metavar="PATH=VALUE"),
    ] = None,
) -> int:
    """Train a model, judge it on later data, and keep it if it passes its gates.

    History is replayed through the feature code that serves, each transaction seeing only what was known then. The
    model is judged on the last days, with and without the batch tier. Below its gates it is refused and not written.

    Exit code: 0 passed, 99 refused, 2 input that cannot be used.

    Example: python -m sim train scenarios/replay_handbook.yaml --out models/handbook
    """
    from sim.commands.bar import announcing, progress_bar
    from sim.commands.notices import say_once
    from sim.first_use import compile_first
    from sim.gates import read_gates
    from sim.run.model_choice import STAGES, cached_folder, gates_for, source_of
    from sim.run.preflight import settle
    from sim.scenario.cut import Cut
    from sim.training.refusal import TrainingRefused
    from sim.training.trainer import train as train_model

    with progress_bar({}) as progress:
        settled = settle(Cut(_scenario(scenario, tuple(overrides or ()))), announcing(progress))
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
        return REFUSED
    _print_figures(report.manifest.metrics)
    window = report.manifest.window
    typer.echo(f"trained on {window.train_rows:,} transactions, {window.train_frauds:,} of them fraud")
    typer.echo(f"tested on {window.test_rows:,} later ones, {window.test_frauds:,} of them fraud")
    typer.echo(f"model {report.manifest.digest} in {folder}")
    return 0


def _scenario(path: Path | None, overrides: tuple[str, ...]) -> "Scenario":
    from sim.scenario.load import load, parse

    return parse(DEFAULT, "the default world", overrides) if path is None else load(path, overrides)


def _print_figures(metrics: Mapping[str, Mapping[str, float | None]]) -> None:
    rows = [name for name in ROWS if name in metrics]
    typer.echo(f"{'':26}" + "".join(f"{ROWS[name]:>16}" for name in rows))
    for figure, title in FIGURES.items():
        values = [metrics[name].get(figure) for name in rows]
        shown = "".join(f"{'–' if value is None else format(value, '.4f'):>16}" for value in values)
        typer.echo(f"{title:26}{shown}")
