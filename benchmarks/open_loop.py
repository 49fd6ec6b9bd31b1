"""Latency under an open load, beside a plain loop.

``python -m benchmarks.open_loop [--model DIR] [--rates 1000,5000]``. Transactions of the default world are due at
instants of a Poisson process, and latency counts from the instant each was due to its decision, whoever was late. The
pipeline and a loop without actors (`benchmarks.plain_loop`) take turns at each rate, with the same transactions due at
the same instants, in one process with the interpreter's settings of a real run. JSON is ready in memory for both; in a
real run another process makes it, and the monitor and the screen look on.

Fails where p50 or p99 of the pipeline is more than twice the loop's and more than 150 µs (p50) or 1 ms (p99) above it.
"""

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from actors.adapters.memory import InMemorySource
from actors.config import PipelineConfig
from actors.core.arrays import I64, U8
from actors.core.batches import ARRIVAL, DECIDED, DecidedBatch
from actors.core.clock import NS_PER_MS, NS_PER_S, NS_PER_US
from benchmarks.end_to_end import EndToEnd, prompt_switches, settle_memory
from benchmarks.measuring import Rates, Work, interleaved
from benchmarks.plain_loop import PlainLoop
from benchmarks.promises import Promise, at_most, judged
from benchmarks.rows import Rows, load_rows

RATES = (1_000, 5_000, 10_000, 20_000)
SPAN_S = 1.25  # of each repetition; the rows last for so long at 20,000/s
SETTLING_NS = NS_PER_S // 4  # at its begin, which does not count: caches and the scorer's measure of its own speed
REPETITIONS = 5
SEED = 7
LOOP, PIPELINE = "plain loop", "pipeline"
TIMES = 2.0
ABOVE_P50_MS, ABOVE_P99_MS = 0.15, 1.0


class Turn(NamedTuple):
    """What one repetition showed, or the medians of several.

    Attributes:
        p50_ms: latency, as the next two.
        batch: transactions scored together.
        processor_us: time of any core, a transaction.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    batch: float
    processor_us: float


class Contender:
    """One of the two at one rate.

    Args:
        due_ns: when transactions are due, since the start.

    Attributes:
        turns: what each repetition showed, the one that does not count included.
        decisions: of the last repetition, uint8 (n,).
    """

    def __init__(self, due_ns: I64) -> None:
        self._counts = due_ns >= SETTLING_NS
        self.turns: list[Turn] = []
        self.decisions: U8 = np.zeros(0, dtype=np.uint8)

    def ready(self, run: Work, decided: list[DecidedBatch]) -> Work:
        """Return ``run``, and what it leaves in ``decided`` looked at; memory is as at the start of a real run."""

        def work() -> int:
            started_ns = time.process_time_ns()
            count = run()
            self._look_at(DecidedBatch.merge(decided), time.process_time_ns() - started_ns)
            return count

        settle_memory()
        return work

    def _look_at(self, decided: DecidedBatch, processor_ns: int) -> None:
        track, self.decisions = decided.batch.track, decided.decision
        latency_ns = (track[:, DECIDED] - track[:, ARRIVAL])[self._counts]
        p50_ms, p95_ms, p99_ms = np.percentile(latency_ns / NS_PER_MS, (50, 95, 99)).tolist()
        batch = len(track) / len(np.unique(track[:, DECIDED]))  # the logger may have joined batches
        self.turns.append(Turn(p50_ms, p95_ms, p99_ms, batch, processor_ns / NS_PER_US / len(track)))

    def medians(self, measured: Rates) -> Turn:
        """Return the middle of each figure, over the repetitions that count."""
        turns = zip(self.turns[1:], measured.repetitions, strict=True)
        counted = [turn for turn, repetition in turns if repetition in measured.counted]
        return Turn(*map(statistics.median, zip(*counted, strict=True)))


def main() -> int:
    """Measure at each rate, print the table, return 0 if every promise is kept."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.open_loop", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    arguments.add_argument("--rates", type=rates, default=RATES, help="transactions a second, with commas between")
    given = arguments.parse_args()
    rows = load_rows(given.model)
    print(f"latency from the intended arrival, ms; medians of {REPETITIONS} repetitions of {SPAN_S} s")
    print(f"{'':22}{'p50':>9}{'p95':>9}{'p99':>9}{'a batch':>10}{'processor µs':>14}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scoring, logging = (stack.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        stack.enter_context(prompt_switches())
        promises = [each for rate in given.rates for each in _compare(rows, rate, folder, scoring, logging)]
    return judged(promises)


def rates(text: str) -> tuple[int, ...]:
    """Return the rates in ``text``; at a higher one than the highest the rows would not last for a repetition.

    Raises:
        ValueError: one is no whole number.
        ArgumentTypeError: one is out of bounds.
    """
    found = tuple(map(int, text.split(",")))
    if not all(RATES[0] <= rate <= RATES[-1] for rate in found):
        raise argparse.ArgumentTypeError(f"rates must be from {RATES[0]:,} to {RATES[-1]:,} a second, got {text}")
    return found


def _compare(rows: Rows, rate: int, folder: Path, scoring: Executor, logging: Executor) -> list[Promise]:
    """Print what both do at ``rate``; return what is promised of the pipeline."""
    due_ns = schedule(rate)
    raws, config = rows.raws[: len(due_ns)], PipelineConfig()
    loop, pipeline = Contender(due_ns), Contender(due_ns)

    def with_loop() -> Work:
        run = PlainLoop(rows, raws, due_ns, folder, config.assembler.max_batch_size)
        return loop.ready(run.run, run.decided)

    def with_pipeline() -> Work:
        run = EndToEnd.over(rows, folder, scoring, logging, InMemorySource.of(raws, due_ns), config)
        return pipeline.ready(run.run, run.caller.decided)

    measured = interleaved({LOOP: with_loop, PIPELINE: with_pipeline}, REPETITIONS)
    assert np.array_equal(loop.decisions, pipeline.decisions), "the same model decides on the same features"
    promises = _report(rate, loop.medians(measured[LOOP]), pipeline.medians(measured[PIPELINE]))
    if not all(each.quiet for each in measured.values()):
        print(f"{'':11}the machine was busy: two threads suffer more than one; run again")
    return promises


def schedule(rate: int) -> I64:
    """Return when transactions are due, ns since the start: a Poisson process, about as long as a repetition."""
    gaps_ns = np.random.default_rng((SEED, rate)).exponential(NS_PER_S / rate, round(rate * SPAN_S))
    return np.cumsum(gaps_ns).astype(np.int64)


def _report(rate: int, loop: Turn, pipeline: Turn) -> list[Promise]:
    for name, turn in ((LOOP, loop), (PIPELINE, pipeline)):
        p50, p95, p99, batch, processor = turn
        print(f"{rate:>8,}/s {name:<11}{p50:>9.3f}{p95:>9.3f}{p99:>9.3f}{batch:>10.1f}{processor:>14.1f}")
    p50, p95, p99, batch, processor = (ours / theirs for ours, theirs in zip(pipeline, loop, strict=True))
    p50_limit_ms = max(TIMES * loop.p50_ms, loop.p50_ms + ABOVE_P50_MS)
    p99_limit_ms = max(TIMES * loop.p99_ms, loop.p99_ms + ABOVE_P99_MS)
    print(f"{'':11}{'ratio':<11}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}{batch:>10.2f}{processor:>14.2f}", flush=True)
    return [
        at_most(f"p50 at {rate:,}/s, {p50:.2f} × the plain loop's", pipeline.p50_ms, p50_limit_ms, "ms"),
        at_most(f"p99 at {rate:,}/s, {p99:.2f} × the plain loop's", pipeline.p99_ms, p99_limit_ms, "ms"),
    ]


if __name__ == "__main__":
    sys.exit(main())
