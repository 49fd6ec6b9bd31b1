"""``demo``: trains a model if there is none, streams 1,000 transactions at 1,000/s, writes results/summary.json."""

from pathlib import Path

import typer

RESULTS = Path("results")
SCENARIO = """
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
    from sim.scenario.cut import Cut
    from sim.scenario.load import parse

    exit_code = run_cut(
        Cut(parse(SCENARIO, "the demo")), Request(Path("demo"), out=RESULTS, tui="off", with_capacity=True)
    )
    typer.echo(f"figures in {RESULTS / 'summary.json'}")
    return exit_code
