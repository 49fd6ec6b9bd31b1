"""Commands that run one scenario: ``run`` ends with a verdict, ``demo`` is a thousand transactions."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.console import ModelFolder, Overrides, ScenarioFile


class ClockKind(StrEnum):
    """Which clock a run is on."""

    REAL = "real"
    VIRTUAL = "virtual"


class Tui(StrEnum):
    """Whether the live screen is shown."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def run(
    scenario: ScenarioFile,
    model: ModelFolder = None,
    clock: Annotated[ClockKind | None, typer.Option(help="Overrules the scenario's clock.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Overrules the scenario's seed: another day, the same world.")
    ] = None,
    overrides: Overrides = None,
    duration: Annotated[
        str | None, typer.Option(help="Cut the run short, as in 20s; what would start later is listed as skipped.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run's files; by default a new one under runs/.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="SVG file to write the last picture of the screen to.")] = None,
    tui: Annotated[Tui, typer.Option(help="The live screen: auto shows it in a terminal.")] = Tui.AUTO,
) -> int:
    """Run a scenario and judge it.

    The first run of a world trains its model (about a minute) and keeps it. The run's folder then holds summary.json,
    decisions.jsonl, journal.jsonl and more. Ctrl-C drains and writes the files; a second one stops draining.

    Exit code: 0 pass, 99 fail, 3 inconclusive, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim run burst
    """
    from sim.run.command import Request, run_scenario

    words = list(overrides or ())
    words += [] if clock is None else [f"clock={clock.value}"]
    words += [] if seed is None else [f"seed={seed}"]
    return run_scenario(Request(scenario, model, tuple(words), duration, out, tui.value, picture))


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
