"""``alerts``: how soon each alert sees each fault and how often it rings for nothing, over many seeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.console import VIRTUAL, Length, ModelFolder, Overrides, ScenarioFile
from sim.exit_codes import INTERRUPTED, PASS

if TYPE_CHECKING:
    from rich.console import Console

    from sim.alert_tuning.alert_runs import AlertRuns, Observed

PIPE_WIDTH = 140
TOLD = 10  # lines about how far it is, where there is no terminal


def alerts(
    scenario: ScenarioFile,
    seeds: Annotated[int, typer.Option(help="How many seeds; each is run with the faults and without.", min=1)] = 20,
    first_seed: Annotated[
        int | None, typer.Option(help="Seed of the first runs; by default the scenario's own.", min=0)
    ] = None,
    tune: Annotated[
        str | None,
        typer.Option(help="Show how this alert would do with other thresholds and other waits.", metavar="ALERT"),
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Runs at a time; by default one a core.", min=1)] = None,
    model: ModelFolder = None,
    overrides: Overrides = None,
    duration: Length = None,
) -> int:
    """Tell how the alerts of a scenario do: times to detect, misses and false alarms, with their spread over seeds.

    Each seed is run twice on the virtual clock, with the scenario's faults and without. What counts as detected, missed
    and false is told in docs/monitoring.md. --tune shows how one alert would do with other thresholds and waits, as a
    table and as a picture, from what it read in these runs. Ctrl-C tells what was found so far.

    Exit code: 0, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim alerts feature_store_outage --seeds 5 --tune FeatureStoreMisses
    """
    from sim.alert_tuning.alert_runs import AlertRuns, tunable
    from sim.alert_tuning.thresholds import candidates
    from sim.commands.console import say_once
    from sim.explore.search import check_seeds
    from sim.run.command import shorten
    from sim.run.watch import rules_of
    from sim.scenario.loader import load
    from sim.trials.process_pool import usual_jobs
    from sim.trials.trial import prepare_scenario

    chosen = tuple(overrides or ())
    base = shorten(load(scenario, (*chosen, VIRTUAL), needs_model=model is None), duration).scenario
    first = base.seed if first_seed is None else first_seed
    check_seeds(first, seeds)
    if tune is not None:
        candidates(tunable(base, rules_of(base), tune))
    prepared = prepare_scenario(scenario, chosen, duration, model, say_once())
    runs = AlertRuns(prepared, first, seeds, tune, lost=partial(typer.echo, err=True))
    interrupted = False
    with _progress(runs.count) as runs.tell:
        try:
            runs.run(jobs or usual_jobs(runs.count))
        except KeyboardInterrupt:
            interrupted = True
    _tell(runs)
    return INTERRUPTED if interrupted else PASS


def _tell(runs: "AlertRuns") -> None:
    from sim.alert_tuning.spread import noise, on_faults
    from sim.alert_tuning.tables import detection_table, noise_table

    observed = runs.observed
    if not observed:
        typer.echo("no run was finished: there is nothing to tell")
        return
    console = _console()
    faulty = sum(run.faulty for run in observed)
    typer.echo(f"{len(observed):,} runs: {faulty:,} with faults, {len(observed) - faulty:,} without\n")
    if rows := on_faults(observed):
        console.print(detection_table(rows))
    seen = {row.fault for row in rows if row.seen}
    faults = dict.fromkeys(fault.name for run in observed for fault in run.faults)
    if unseen := [name for name in faults if name not in seen]:
        typer.echo(f"no alert saw: {', '.join(unseen)}")
    typer.echo()
    if loud := noise(observed):
        console.print(noise_table(loud, faulty, len(observed) - faulty))
    else:
        typer.echo("no false alarm and no flap in any run")
    fired = {rule.alert for run in observed for rule in run.grades.rules if rule.fired}
    if silent := [rule.alert for rule in observed[0].rules if rule.alert not in fired]:
        typer.echo(f"never fired: {', '.join(silent)}")
    if runs.tune is not None:
        _tell_tuning(observed, runs.tune)


def _tell_tuning(observed: "list[Observed]", alert: str) -> None:
    from actors.telemetry.alerts.built_in import RECOVERY_S
    from sim.alert_tuning.tables import advice, picture, tuning_table
    from sim.alert_tuning.thresholds import tune
    from sim.run.watch import pace

    rule = next(rule for rule in observed[0].rules if rule.alert == alert)
    tuned = tune(observed, rule, RECOVERY_S * pace(observed[0].scenario))
    typer.echo(f"\n{rule.alert}: {rule.expr} for {rule.for_s:g} s; middle time to detect in {len(observed):,} runs\n")
    _console().print(tuning_table(rule, tuned))
    typer.echo()
    for line in picture(rule, tuned):
        typer.echo(line)
    typer.echo(f"\n{advice(rule, tuned)}")


def _console() -> "Console":
    """Return what prints tables; a pipe is as wide as they need."""
    from rich.console import Console

    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


@contextmanager
def _progress(runs: int) -> Iterator[Callable[[], None]]:
    """Draw a bar on the error stream, without a terminal print a line now and then."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("watching alerts", total=runs)
        done = 0

        def tell() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if not console.is_terminal and done * TOLD // runs > (done - 1) * TOLD // runs:
                typer.echo(f"  {done:,} of {runs:,} runs", err=True)

        yield tell
