"""What a score costs on either engine, by the size of the batch: ``python -m benchmarks.engine_speed [MODEL]``.

Covers: both engines on the same rows, a different batch at each call, in processor time of one thread, the call
included; by how much their scores differ, which is nothing; and what it takes to read a model, lay it out and prove it.
Ratios hold on any machine; microseconds do not.
"""

import sys
import time
from pathlib import Path

import numpy as np

from actors.core.arrays import F32
from actors.model.artifact import Artifact
from actors.model.compiled_engine import compile_engine
from actors.model.engine import Engine
from actors.model.lightgbm_engine import LightGBMEngine
from benchmarks.promises import at_least, at_most, judged
from benchmarks.rows import load_rows

SIZES = (1, 4, 16, 64, 256, 1_024, 4_096)
CALLS_ROWS = 8_192  # scored in each repetition, in as many calls as that takes
MOST_CALLS = 2_048
REPETITIONS = 9
PROMISES = {1: 1.0, 16: 3.0, 1_024: 6.0}  # how many times as fast; measured 2, 6 and 14


def us_per_row(engine: Engine, rows: F32, size: int) -> float:
    """Return the processor time for each row, at best, in batches of ``size``."""
    starts = [number * size % (len(rows) - size) for number in range(min(MOST_CALLS, -(-CALLS_ROWS // size)))]
    batches = [rows[start : start + size] for start in starts]
    best_ns = float("inf")
    for _ in range(REPETITIONS):
        started_ns = time.thread_time_ns()
        for batch in batches:
            engine.score(batch)
        best_ns = min(best_ns, time.thread_time_ns() - started_ns)
    return best_ns / 1_000 / (size * len(batches))


def proving_s(artifact: Artifact) -> float:
    """Return how long it takes until the compiled engine has proved itself."""
    started_ns = time.perf_counter_ns()
    artifact.served_by("compiled")
    return (time.perf_counter_ns() - started_ns) / 1e9


def main(model: Path | None) -> int:
    """Measure, print the table, return 0 if the promises are kept."""
    rows = load_rows(model)
    compile_engine()
    print(f"reading, laying out and proving a model: {proving_s(rows.artifact):.2f} s")
    compiled = rows.artifact.served_by("compiled").engine
    engines: dict[str, Engine] = {
        "lightgbm": LightGBMEngine(rows.booster, compiled.n_features),
        "compiled": compiled,
    }
    scores = [engine.score(rows.features) for engine in engines.values()]
    difference = float(np.abs(scores[0] - scores[1]).max())
    print(f"largest difference of {len(rows.features):,} scores: {difference}")
    print(f"{'µs a row in batches of':24}{''.join(f'{size:>8,}' for size in SIZES)}")
    found = {name: [us_per_row(engine, rows.features, size) for size in SIZES] for name, engine in engines.items()}
    for name, times in found.items():
        print(f"{name:24}{''.join(f'{each:>8.2f}' for each in times)}")
    times_as_fast = {
        size: library / ours for size, library, ours in zip(SIZES, found["lightgbm"], found["compiled"], strict=True)
    }
    print(f"{'times as fast':24}{''.join(f'{each:>8.1f}' for each in times_as_fast.values())}")
    return judged(
        [
            at_most("largest difference between the engines' scores", difference, 0.0, ""),
            *(
                at_least(f"compiled, times as fast as LightGBM, batches of {size:,}", times_as_fast[size], least)
                for size, least in PROMISES.items()
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
