"""How fast virtual time goes: a drill with its model, and the loop alone beside SimPy 4 on the same queue.

``python -m benchmarks.virtual_speed [--model DIR] [--duration 20s]``. Processor time is what counts, so a neighbour on
the machine costs only what it takes from the caches. Fails when the loop is slower than SimPy; the drill's speed, whose
promise is 15,000 simulated transactions a second of processor time, is reported.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import simpy

from actors.core.arrays import I64
from actors.model.artifact import Artifact
from benchmarks.promises import at_least, judged
from benchmarks.rows import load_rows
from sim.chance import Streams
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.report.run_folder import RunFolder
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import load
from sim.scenario.timeline import Cut, cut
from sim.units import parse_duration

BURST = Path("scenarios/burst.yaml")
MESSAGES = 40_000
REPETITIONS = 7
MEAN_GAP_NS, MEAN_SERVICE_NS = 125_000, 100_000  # ρ = 0.8


def main() -> int:
    """Measure, print the table, return 0 if the loop is at least as fast as SimPy."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.virtual_speed", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    arguments.add_argument("--duration", help="how much of the drill; absent: all of it")
    given = arguments.parse_args()
    ratio = _compare_loops()
    _drill(load_rows(given.model).artifact, given.duration)
    return judged([at_least("steps a second, virtual loop ÷ SimPy", ratio, 1.0)])


def _drill(artifact: Artifact, duration: str | None) -> None:
    scenario = load(BURST, ("clock=virtual",))
    part = Cut(scenario) if duration is None else cut(scenario, parse_duration(duration))
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder.create(Path(name) / "run", "burst")
        plan = prepare(part, artifact, folder.path)
        started_s = time.process_time()
        summary = execute(plan, folder, NullScreen()).summary
        took_s = time.process_time() - started_s
    count = summary.events_processed
    print(f"{BURST.name}: {count:,} transactions in {took_s:.1f} s of processor time, start and files included")
    print(f"  {count / took_s:,.0f} simulated transactions a second, {took_s / count * 1e6:.0f} µs each")


def _compare_loops() -> float:
    """Print both rates on one M/M/1 queue; return how many times as fast as SimPy the virtual loop is."""
    streams = Streams(7)
    gaps, services = (
        np.rint(streams[name].exponential(mean_ns, MESSAGES)).astype(np.int64)
        for name, mean_ns in (("gaps", MEAN_GAP_NS), ("services", MEAN_SERVICE_NS))
    )
    contenders: dict[str, Callable[[I64, I64], int]] = {"virtual loop": _on_the_loop, "SimPy": _in_simpy}
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    sojourns: set[int] = set()
    for _ in range(REPETITIONS):
        for name, run in contenders.items():
            started_s = time.process_time()
            sojourns.add(run(gaps, services))
            rates[name].append(MESSAGES / (time.process_time() - started_s))
    assert len(sojourns) == 1, "both simulate the same queue"
    medians = {name: statistics.median(each) for name, each in rates.items()}
    for name, median in medians.items():
        print(f"  {name:<13} {median:>9,.0f} messages a second through M/M/1")
    ratio = medians["virtual loop"] / medians["SimPy"]
    print(f"  the virtual loop is {ratio:.2f} times as fast as SimPy {simpy.__version__} (at least 1)")
    return ratio


def _on_the_loop(gaps: I64, services: I64) -> int:
    """Return the sum of the times in the system, ns."""

    async def queue() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock, waiting, sojourn_ns = VirtualClock(loop), asyncio.Queue[int](), 0

        async def arrive() -> None:
            for gap_ns in gaps.tolist():
                await clock.sleep_ns(gap_ns)
                waiting.put_nowait(clock.now_ns())

        async def serve() -> None:
            nonlocal sojourn_ns
            for service_ns in services.tolist():
                arrived_ns = await waiting.get()
                await clock.sleep_ns(service_ns)
                sojourn_ns += clock.now_ns() - arrived_ns

        await asyncio.gather(arrive(), serve())
        return sojourn_ns

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(queue())


def _in_simpy(gaps: I64, services: I64) -> int:
    """Return the sum of the times in the system, ns."""
    environment = simpy.Environment()
    waiting, sojourn_ns = simpy.Store(environment), 0

    def arrive() -> Generator[simpy.Event, None, None]:
        for gap_ns in gaps.tolist():
            yield environment.timeout(gap_ns)
            yield waiting.put(environment.now)

    def serve() -> Generator[simpy.Event, int, None]:
        nonlocal sojourn_ns
        for service_ns in services.tolist():
            arrived_ns = yield waiting.get()
            yield environment.timeout(service_ns)
            sojourn_ns += int(environment.now) - arrived_ns

    environment.process(arrive())
    environment.run(environment.process(serve()))
    return sojourn_ns


if __name__ == "__main__":
    sys.exit(main())
