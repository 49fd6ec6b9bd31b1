"""Commands that run one scenario: ``run`` ends with a verdict, ``demo`` is a thousand transactions."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actors.core.errors import InputError
from sim.commands.console import MetricsAddr, ModelFolder, Overrides, ScenarioFiles, Seed, metrics_address
from sim.commands.stream import Discard, StreamConfig, StreamOptions, Yes, stream_request

if TYPE_CHECKING:
    from sim.report.run_folder import RunFolder
    from sim.run.command import Elsewhere
    from sim.run.execution import Result
    from sim.run.plan import Plan
    from sim.scenario.scenario import Scenario


class ClockKind(StrEnum):
    """Which clock a run is on."""

    REAL = "real"
    VIRTUAL = "virtual"


class Switch(StrEnum):
    """Whether something is done."""

    OFF = "off"
    ON = "on"


class Tui(StrEnum):
    """Whether the live screen is shown."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def run(  # noqa: PLR0913, PLR0917 - an argument an option
    scenarios: ScenarioFiles,
    model: ModelFolder = None,
    clock: Annotated[ClockKind | None, typer.Option(help="Overrules the scenario's clock.")] = None,
    seed: Seed = None,
    overrides: Overrides = None,
    duration: Annotated[
        str | None, typer.Option(help="Cut the run short, as in 20s; what would start later is listed as skipped.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run's files; by default a new one under runs/.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="SVG file to write the last picture of the screen to.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Asciicast of the screen, with markers at phases, faults and alerts.")
    ] = None,
    tui: Annotated[Tui, typer.Option(help="The live screen: auto shows it in a terminal.")] = Tui.AUTO,
    report: Annotated[
        Switch | None,
        typer.Option(help="report.html, the run as a page: written unless several run.", show_default=False),
    ] = None,
    repeat: Annotated[
        int, typer.Option(help="Run each so often and say what share passed; on the real clock.", min=1, max=1_000)
    ] = 1,
    ci: Annotated[  # noqa: FBT002 - an option gets its value so
        bool, typer.Option("--ci", help="Annotate failures for GitHub, and write a summary of the job in Markdown.")
    ] = False,
    metrics_addr: MetricsAddr = None,
    stream: Annotated[
        str | None,
        typer.Option(help="Let workers on a stream decide, as in kafka://127.0.0.1:19092/riskdrill.", metavar="URL"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(help="Where those keep windows and features, as in redis://127.0.0.1:16379.", metavar="URL"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many to start; by default those that run already are used.", min=1, max=256)
    ] = None,
    stream_config: StreamConfig = None,
    discard: Discard = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Run scenarios and judge them.

    The first run of a world trains its model (about a minute) and keeps it. The run's folder then holds report.html,
    summary.json, junit.xml, decisions.jsonl and more. Ctrl-C drains and writes the files; a second one stops draining.

    Several run one after another, each in a process of its own, and end with a table, batch.json, junit.xml and the
    worst of their exit codes: 1, 130, 2, 99, 3, 0 in this order. With --out their folders are in runs/ of that folder.

    With --ci a job on GitHub shows each failure at its line of the scenario: docs/ci.md.

    With --metrics-addr other systems read its figures while it lasts: docs/metrics.md.

    With --stream and --store its pipeline are workers on Kafka and Redis: docs/scale_out.md.

    Exit code: 0 pass, 99 fail, 3 inconclusive, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim run burst
    """
    from sim.page.writing import report_of
    from sim.run.command import Request, run_scenario

    metrics = metrics_address(metrics_addr)
    options = StreamOptions(stream, store, stream_config, workers, discard, agreed=yes, metrics=metrics)
    words = list(overrides or ())
    words += [] if clock is None else [f"clock={clock.value}"]
    words += [] if seed is None else [f"seed={seed}"]
    if len(scenarios) > 1 or repeat > 1:
        for name, value in (("--picture", picture), ("--record", record)):
            if value is not None:
                raise InputError(f"{name} {value}: is for one run; leave it out where several run")
        given = [] if model is None else ["--model", str(model)]
        given += [] if duration is None else ["--duration", duration]
        given += [word for each in words for word in ("--set", each)]
        if metrics is not None:
            metrics.check_free()
            given += ["--metrics-addr", str(metrics)]
        given += ["--report", (report or Switch.OFF).value]
        said = (*given, "--tui", tui.value, *options.as_written())
        several = partial(_run_several, scenarios, repeat, tuple(words), said, out, needs_model=model is None, ci=ci)
        return _told(several, ci=ci)
    elsewhere = partial(_elsewhere, options)
    request = Request(
        *(scenarios[0], model, tuple(words), duration, out, tui.value, picture, record),
        elsewhere=elsewhere,
        metrics=metrics,
        report=None if report is Switch.OFF else report_of,
    )
    if ci:
        request = replace(request, afterwards=partial(_tell, scenarios[0]))
    return _told(partial(run_scenario, request), ci=ci)


def _told(work: Callable[[], int], *, ci: bool) -> int:
    """Return the exit code of ``work``; tell a CI job what kept it from beginning."""
    if not ci:
        return work()
    from sim.commands.ci import annotated

    with annotated():
        return work()


def _tell(file: Path, _: "Plan", result: "Result", folder: "RunFolder") -> int:
    """Tell a CI job what a run came to; return its exit code."""
    from sim.commands.ci import tell_run

    tell_run(file, result.summary, folder)
    return result.exit_code


def _run_several(
    files: list[Path],
    repeat: int,
    words: tuple[str, ...],
    said: tuple[str, ...],
    out: Path | None,
    *,
    needs_model: bool,
    ci: bool,
) -> int:
    """Run all of them, one after another; return the worst exit code.

    Raises:
        InputError: one of them cannot be used, or repeating it would show the same; nothing has run.
    """
    from rich.console import Console

    from sim.commands.console import begin
    from sim.report.run_folder import JOB_SUMMARY, JUNIT, RunFolder
    from sim.trials.batch import BATCH, RUNS, Batch, batch_text, junit_of_all, run_all, table, terminal_width, worst

    own = frozenset({BATCH, JUNIT, JOB_SUMMARY})

    batch = Batch(tuple(files), repeat, words, said, needs_model)
    names = batch.names()
    outcomes = []
    with RunFolder.create(out, "batch", own=own, folders=frozenset({RUNS})) as folder:
        begin(folder)
        for outcome in run_all(batch, names, folder):
            outcomes.append(outcome)
            folder.write(BATCH, batch_text(outcomes))
        folder.write(JUNIT, junit_of_all(outcomes, folder))
        Console(width=terminal_width()).print(table(outcomes, len(files) * repeat))
        typer.echo(f"figures in {folder.file(BATCH)}")
        if ci:
            from sim.commands.ci import tell_batch

            tell_batch(outcomes, folder)
    return worst(outcomes)


def _elsewhere(options: StreamOptions, scenario: "Scenario") -> "Elsewhere | None":
    """Return what has a run carried out by workers on a stream; None where neither side names one.

    Raises:
        InputError: an address is missing or cannot be used, or is another machine's and nobody has agreed.
    """
    request = stream_request(options, scenario)
    if request is None:
        return None
    from sim.coordinator.request import StreamPlace

    return StreamPlace(request)


RESULTS = Path("results")
DEMO = """
version: 1
name: demo
hypothesis: A thousand card transactions are scored in milliseconds, and most of the fraud among them is stopped.
phases:
  - {name: stream, duration: 1s, rate: 1000, arrivals: constant}
expect:
  - {name: median, expr: "latency.p50 < 10ms"}
  - {name: tail,   expr: "latency.p95 < 50ms"}
  - {name: errors, expr: "error_ratio < 0.1%"}
  - {name: books,  expr: "ledger.balanced == 1"}
"""


def demo() -> int:
    """Train a model if there is none, stream 1,000 transactions at 1,000/s, write results/summary.json.

    Before that it measures what the pipeline can do: capacity_events_per_sec in the summary.

    Exit code: as of `run`.

    Example: python -m sim demo
    """
    from sim.run.command import Request, run_cut
    from sim.scenario.loader import parse
    from sim.scenario.timeline import Cut

    exit_code = run_cut(Cut(parse(DEMO, "the demo")), Request(Path("demo"), out=RESULTS, tui="off", with_capacity=True))
    typer.echo(f"figures in {RESULTS / 'summary.json'}")
    return exit_code
