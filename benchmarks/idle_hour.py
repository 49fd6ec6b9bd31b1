"""What an hour costs in which nothing happens: on virtual time it should cost next to nothing.

``python -m benchmarks.idle_hour [--model DIR]``. The pipeline alone, all four actors waiting for one transaction that
comes after an hour, must take under 10 ms. A whole run of an hour without load is reported beside it: its monitor goes
on looking at the pipeline, and each look has its price.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from actors.core.clock import NS_PER_S
from actors.pipeline import Pipeline
from actors.source import Arrivals
from benchmarks.end_to_end import CONFIG, EndToEnd
from benchmarks.promises import at_most, judged
from benchmarks.rows import Rows, load_rows
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.report.run_folder import RunFolder
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut

HOUR_S = 3_600
MOST_MS = 10.0
REPETITIONS = 5
IDLE = """\
name: idle
clock: virtual
world: {{cards: 4000, merchants: 400}}
phases: [{{name: idle, duration: {seconds}s, rate: 0.0001, arrivals: constant}}]
"""


class OneLate:
    """A source with one transaction, due after an hour."""

    def __init__(self, raw: bytes) -> None:
        self._raws = [raw]

    async def take(self) -> Arrivals | None:
        """Return it, then nothing."""
        raws, self._raws = self._raws, []
        return Arrivals(raws, np.array([HOUR_S * NS_PER_S])) if raws else None

    def due_count(self, elapsed_ns: int) -> int | None:
        """Return 1 from the hour on."""
        return int(elapsed_ns >= HOUR_S * NS_PER_S)


def main() -> int:
    """Measure, print, return 0 if the promise is kept."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.idle_hour", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    rows = load_rows(arguments.parse_args().model)
    pipeline_ms = [_pipeline_ms(rows) for _ in range(REPETITIONS)]
    session_ms = [_session_ms(rows, HOUR_S) - _session_ms(rows, 1) for _ in range(REPETITIONS)]
    print(f"the pipeline, waiting for an hour   {_shown(pipeline_ms)}")
    print(f"a whole run of an hour, more than a run of a second   {_shown(session_ms)}")
    return judged([at_most("an idle hour on virtual time, the pipeline", min(pipeline_ms), MOST_MS, "ms")])


def _shown(times_ms: list[float]) -> str:
    return f"{statistics.median(times_ms):,.2f} ms   ({min(times_ms):,.2f} .. {max(times_ms):,.2f})"


def _pipeline_ms(rows: Rows) -> float:
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(1) as scoring,
        ThreadPoolExecutor(1) as logging,
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
    ):
        run = EndToEnd.over(rows, Path(folder), scoring, logging)
        took_ms = runner.run(_wait(run, rows.raws[0]))
        run.output.close()
    return took_ms


async def _wait(run: EndToEnd, raw: bytes) -> float:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("an idle hour of real time takes an hour")
    around = replace(run.around, source=OneLate(raw), clock=VirtualClock(loop))
    pipeline = Pipeline(CONFIG, around)
    started_ns = time.perf_counter_ns()
    pipeline.start()
    await pipeline.finished()
    took_ns = time.perf_counter_ns() - started_ns
    assert around.telemetry.ledger.logged == 1
    assert loop.now_ns >= HOUR_S * NS_PER_S
    return took_ns / 1e6


def _session_ms(rows: Rows, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        plan = prepare(Cut(parse(IDLE.format(seconds=seconds), "idle")), rows.artifact, Path(folder))
        started_ns = time.process_time_ns()
        execute(plan, RunFolder(Path(folder)), NullScreen())
        return (time.process_time_ns() - started_ns) / 1e6


if __name__ == "__main__":
    sys.exit(main())
