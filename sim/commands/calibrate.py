"""``calibrate``: measures what each job costs on this machine, for runs on the virtual clock."""

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from sim.commands.console import ModelFolder, Overrides, scenario_argument
from sim.exit_codes import INCONCLUSIVE, PASS

if TYPE_CHECKING:
    from sim.calibration.calibrate import Calibrated, Check
    from sim.run.plan import Plan

STAGES = {
    "measure": "measuring batches of 1 to 1,024",
    "pace": "timing them in a running pipeline",
    "check": "holding the sum against the whole pipeline",
}


def calibrate(
    scenario: Annotated[
        Path | None,
        scenario_argument("Scenario whose world and model to measure; without it the default world."),
    ] = None,
    model: ModelFolder = None,
    overrides: Overrides = None,
) -> int:
    """Measure what each job costs on this machine, by the size of its batch, and how evenly the machine works.

    The real code works on batches of all sizes, one at a time, then under load: how much longer everything takes in a
    running pipeline, and how evenly. Both are kept beside the model, in calibration.json, and runs on the virtual clock
    take them from there. In the end they must predict within 10 % what the whole pipeline can do here; on a busy
    machine they may not. It takes half a minute.

    Exit code: 0 the costs add up, 3 they do not, 2 input that cannot be used.

    Example: python -m sim calibrate
    """
    from sim.calibration.calibrate import calibrate as measure_all
    from sim.clocks.calibration_file import check_place, digest
    from sim.commands.console import progress_bar

    plan = _plan(scenario, model, tuple(overrides or ()))
    check_place(plan.artifact.folder)
    with progress_bar(STAGES) as progress:
        done = measure_all(plan, progress)
    _print_costs(done)
    _print_check(done.check)
    file = done.calibration.write(plan.artifact.folder)
    typer.echo(f"calibration {digest(done.calibration.costs)} in {file}")
    return PASS if done.check.agrees else INCONCLUSIVE


def _plan(path: Path | None, model: Path | None, overrides: tuple[str, ...]) -> "Plan":
    from actors.core.errors import ScenarioError
    from sim.commands.console import say_once, scenario_or_default
    from sim.kernel_warm_up import compile_first
    from sim.run.model_choice import choose_model
    from sim.run.plan import Plan, load_of
    from sim.run.planning import GUESS_PER_S

    scenario = scenario_or_default(path, (*overrides, "clock=real"))
    if scenario.events is not None:
        text = "has a file of transactions, and costs are measured on synthetic ones; write them into machine.costs"
        raise ScenarioError(f"{path}: {text}")
    announce = say_once()
    artifact = choose_model(scenario, model, announce)
    compile_first(announce)
    artifact = artifact.served_by(scenario.pipeline.scorer.engine)
    return Plan(
        scenario=scenario,
        artifact=artifact,
        clock="real",
        load=load_of(scenario, GUESS_PER_S),
        folder=artifact.folder,
    )


def _print_costs(done: "Calibrated") -> None:
    costs = msgspec.structs.asdict(done.calibration.costs)
    pace = costs.pop("pace")
    sizes = sorted({rows for cost in costs.values() for rows, _ in cost.measured})
    typer.echo(f"{'µs for a batch of':18}{''.join(f'{size:>8,}' for size in sizes)}  each further")
    for name, cost in costs.items():
        times = dict(cost.measured)
        shown = "".join(f"{format(times[size], ',.0f') if size in times else '–':>8}" for size in sizes)
        typer.echo(f"{name.replace('_', ' '):18}{shown}{cost.per_row_us:>14.2f}")
    twentieths = statistics.quantiles(pace, n=20)
    typer.echo(
        f"in a running pipeline {statistics.mean(pace):.2f} times as long,"
        f" {twentieths[0]:.2f} to {twentieths[-1]:.2f} for nine tenths of the time"
    )
    typer.echo(f"on {done.calibration.machine}")


def _print_check(check: "Check") -> None:
    verdict = "they agree" if check.agrees else "they do not agree"
    typer.echo(
        f"the costs add up to {check.predicted_per_s:,.0f} transactions/s, the pipeline did"
        f" {check.measured_per_s:,.0f}: {check.error_ratio:+.0%}, {verdict} (within 10 %)"
    )
    if check.busy:
        typer.echo(
            f"the machine is busy: others had the processor for {check.waited_ratio:.0%} of the time the pipeline"
            f" wanted it, or it would have done about {check.unhindered_per_s:,.0f}/s; run it again when it is quiet"
        )
    elif not check.agrees:
        typer.echo("the machine was quiet: take figures of virtual runs near capacity with care")
