"""``explore``: runs a scenario many times, each time otherwise, and looks for what breaks."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.console import VIRTUAL, Length, ModelFolder, Overrides, ScenarioFile
from sim.exit_codes import FAILED, INCONCLUSIVE, INTERRUPTED, PASS, USAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.explore.exploration import Counterexample, Exploring, Shrunk
    from sim.explore.search import Tried
    from sim.report.run_folder import RunFolder

    Tell = Callable[[Tried, Counterexample | None], None]

TOLD = 10  # how often it says how far it is, where no terminal shows a bar


def explore(  # noqa: PLR0913 - each is an option
    scenario: ScenarioFile,
    seeds: Annotated[int, typer.Option(help="How many runs; each has the next seed.", min=1)] = 200,
    first_seed: Annotated[
        int | None, typer.Option(help="Seed of the first run; by default the scenario's own.", min=0)
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Runs at a time; by default one a core.", min=1)] = None,
    *,
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Reduce the first failure to the fewest faults and shortest times.")
    ] = False,
    anywhere: Annotated[
        bool,
        typer.Option("--anywhere", help="Let faults go anywhere in the run, not only within the phases they touch."),
    ] = False,
    as_written: Annotated[
        bool, typer.Option("--as-written", help="Vary nothing: run the scenario once, as it is, and check it.")
    ] = False,
    model: ModelFolder = None,
    overrides: Overrides = None,
    duration: Length = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for explore.json and what was shrunk; by default a new one under runs/.")
    ] = None,
) -> int:
    """Run a scenario many times on the virtual clock, and look for a run in which something breaks.

    Each run has another seed, and its faults at other times, of other lengths and strengths. Checked are the ledger;
    invariants that hold whatever fails (each transaction decided once, cards in order, nothing scored after its
    deadline, faults lifted); and what the scenario expects. Each failure is told with one line that repeats it.
    Ctrl-C keeps what was found so far. Thin the scenario first: with 150 transactions in it, 200 runs take a minute.

    A run in which some faults touched something and others nothing is listed apart from one that proves nothing.

    Exit code: 0 nothing found, 99 a counterexample, 3 nothing found and no run proves anything, 2 input that cannot be
    used, 130 interrupted.

    Example: python -m sim explore feature_store_outage --seeds 20 --anywhere --shrink
    """
    from sim.commands.console import begin, say_once
    from sim.explore.exploration import FILES, Exploring
    from sim.explore.search import Search, check_seeds, check_variable
    from sim.report.run_folder import RunFolder
    from sim.run.command import shorten
    from sim.scenario.loader import load
    from sim.trials.process_pool import usual_jobs
    from sim.trials.trial import digest_of, prepare_scenario

    chosen = tuple(overrides or ())
    base = shorten(load(scenario, (*chosen, VIRTUAL), needs_model=model is None), duration).scenario
    first, count = base.seed if first_seed is None else first_seed, 1 if as_written else seeds
    check_seeds(first, count)
    if not as_written:
        check_variable(base)
    # Taken first: whoever may not write there learns it before a model is trained for it.
    with RunFolder.create(out, f"{base.name}-explore", own=FILES) as folder:
        prepared = prepare_scenario(scenario, chosen, duration, model, say_once())
        search = Search(prepared, first, count, anywhere=anywhere, as_written=as_written)
        exploring = Exploring(search, digest_of(prepared.model), model)
        begin(folder)
        return _explore(exploring, folder, jobs or usual_jobs(search.seeds), shrink=shrink)


def _explore(exploring: "Exploring", folder: "RunFolder", jobs: int, *, shrink: bool) -> int:
    from sim.scenario.loader import placing

    search = exploring.search
    last = search.first_seed + search.seeds - 1
    typer.echo(f"seeds {search.first_seed} to {last}" if last > search.first_seed else f"seed {last}")
    exploring.lost = partial(typer.echo, err=True)
    prepared = search.prepared
    with placing(prepared.file, prepared.overrides), _progress(search.seeds) as exploring.tell:
        exploring.run(jobs)
    shrunk = exploring.shrink_first(folder) if shrink else None
    return _conclude(exploring, folder, shrunk)


def _conclude(exploring: "Exploring", folder: "RunFolder", shrunk: "Shrunk | None") -> int:
    from sim.page.explore_page import explore_page
    from sim.page.writing import unharmed

    found = exploring.result()
    if shrunk is not None:
        length = "" if shrunk.duration_s is None else f" of {shrunk.duration_s:g} s"
        faults = ", ".join(shrunk.faults) or "no fault"
        typer.echo(f"seed {found.failures[0].seed} shrunk to a run{length} with {faults}: {folder.file(shrunk.file)}")
    typer.echo(
        f"{found.done:,} of {found.seeds:,} runs: {found.passed:,} passed, {len(found.failures):,} failed, "
        f"{found.held:,} held under part of their faults, {found.inconclusive - found.held:,} proved nothing"
    )
    if found.idle:
        idle = ", ".join(f"{name} in {runs:,}" for name, runs in found.idle.items())
        typer.echo(f"{found.faults_bit:,} of {found.faults:,} faults bit; touched nothing: {idle}")
    typer.echo(f"figures in {exploring.write(folder)}")
    unharmed(folder, lambda: explore_page(found))
    if exploring.lacking:
        typer.echo(f"{exploring.lacking}; what was found until then is kept", err=True)
    if found.interrupted:
        return INTERRUPTED
    if found.failures:
        return FAILED
    if exploring.lacking:
        return USAGE
    return PASS if found.passed or found.held else INCONCLUSIVE


@contextmanager
def _progress(seeds: int) -> Iterator["Tell"]:
    """Draw a bar on the error stream, without a terminal print a line now and then; print each failure when found."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("exploring", total=seeds)
        done = 0

        def tell(tried: "Tried", failure: "Counterexample | None") -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if not console.is_terminal and done * TOLD // seeds > (done - 1) * TOLD // seeds:
                typer.echo(f"  {done:,} of {seeds:,} runs", err=True)
            if failure is not None:
                broken = "; ".join(map(str, tried.attempt.broken))
                typer.echo(f"seed {tried.seed}: {broken}\n  {failure.command}")

        yield tell
