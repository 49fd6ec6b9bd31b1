"""What it costs the pipeline to be watched.

`python -m benchmarks.telemetry_speed` prints, best of several repetitions:

- recording: nanoseconds a transaction for each kind of record, at batches of 1, 16, 64, 256 and 1,024, against one
  `HdrHistogram.record_value` a transaction;
- reading: microseconds for a snapshot (wanted: under 300) and for a whole tick of the monitor with the built-in alerts.
"""

import sys
from collections.abc import Callable
from timeit import repeat

import msgspec
import numpy as np
from hdrh.histogram import HdrHistogram

from actors.core.arrays import F32, F64, I64, U8
from actors.core.clock import RealClock
from actors.telemetry.alerts.built_in import built_in_rules
from actors.telemetry.alerts.engine import AlertEngine
from actors.telemetry.drift import Reference, bins_of
from actors.telemetry.histogram_counts import HIGHEST_US
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.monitor import Monitor, ResidentMemory
from actors.telemetry.snapshot import ActorGauge, Gauges, MailboxGauge
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from benchmarks.promises import at_most, judged

FEATURES = 30
BATCHES = (1, 16, 64, 256, 1_024)
SNAPSHOT_LIMIT_US = 300.0
GAUGES = Gauges(
    Waiting(),
    tuple(MailboxGauge(name, 10, 5_000) for name in ("assembler", "scorer", "logger")),
    tuple(ActorGauge(name, "running") for name in ("producer", "assembler", "scorer", "logger")),
    batch_age_s=60.0,
)


def best_ns(call: Callable[[], object], times: int) -> float:
    """Nanoseconds a call, the best of seven rounds: neighbours only ever add."""
    return min(repeat(call, number=times, repeat=7)) / times * 1e9


def make_telemetry(rng: np.random.Generator) -> Telemetry:
    """One with a reference of as many features as the real model has."""
    rows = rng.normal(size=(5_000, FEATURES))
    edges = [np.quantile(rows[:, column], np.arange(1, 10) / 10) for column in range(FEATURES)]
    bins = {f"feature_{at}": bins_of(rows[:, at], edge) for at, edge in enumerate(edges)}
    return Telemetry(Reference(bins, score_mean=0.01, score_std=0.08))


def recorders(telemetry: Telemetry, rng: np.random.Generator, size: int) -> dict[str, Callable[[], object]]:
    """Every record that an actor makes of a batch of ``size``."""
    latencies: I64 = rng.lognormal(6, 1, size).astype(np.int64)
    modes: U8 = np.zeros(size, dtype=np.uint8)
    scores: F64 = rng.random(size)
    rows: F32 = rng.normal(size=(size, FEATURES)).astype(np.float32)
    hdr = HdrHistogram(1, HIGHEST_US, 3)
    listed = latencies.tolist()
    return {
        "record_value": lambda: [hdr.record_value(value) for value in listed],
        "record": lambda: telemetry.stages[Stage.LATENCY].record(latencies),
        "record_span": lambda: telemetry.stages[Stage.PARSE].record_span(77, size),
        "decide": lambda: telemetry.ledger.decide(modes, modes),
        "scores": lambda: telemetry.observe_scores(scores),
        "features": lambda: telemetry.observe_features(rows),
        "busy": lambda: telemetry.busy("scorer", 1_000, size),
    }


def print_recording(telemetry: Telemetry, rng: np.random.Generator) -> None:
    """Print the cost of recording, a row a batch size."""
    names = list(recorders(telemetry, rng, 1))
    print("ns a transaction" + "".join(f"{name:>14}" for name in names))
    for size in BATCHES:
        costs = [best_ns(call, 200) / size for call in recorders(telemetry, rng, size).values()]
        print(f"batch {size:>10,}" + "".join(f"{cost:>14,.0f}" for cost in costs))


def fill(telemetry: Telemetry, rng: np.random.Generator, count: int) -> None:
    """Fill every stage as a minute of a busy run does: medians of 10 µs to 10 ms, a spread of half a magnitude."""
    for stage, centre in zip(Stage, np.linspace(2.3, 9.2, len(Stage)), strict=True):
        telemetry.stages[stage].record(rng.lognormal(centre, 0.5, count).astype(np.int64))


def print_reading(telemetry: Telemetry, rng: np.random.Generator) -> int:
    """Print the cost of reading; return 0 if a snapshot is as cheap as promised."""
    monitor = Monitor(
        telemetry, RealClock(), lambda: GAUGES, AlertEngine(built_in_rules()), memory=ResidentMemory().sample
    )
    monitor.tick()
    fill(telemetry, rng, 20_000)
    full = monitor.tick()

    def busy(read: Callable[[], object]) -> None:
        """Read after each stage has got a value: an idle stage costs nothing."""
        for histogram in telemetry.stages.values():
            histogram.record_span(77, 2)
        read()

    snapshot_us = best_ns(lambda: busy(lambda: telemetry.snapshot(0, GAUGES)), 100) / 1e3
    tick_us = best_ns(lambda: busy(monitor.tick), 50) / 1e3
    used = sum(len(counts.indexes) // 2 for counts in full.stages.values())
    print(f"snapshot {snapshot_us:,.0f} µs, {used:,} counters in use")
    print(f"monitor tick with {len(built_in_rules())} alert rules {tick_us:,.0f} µs")
    sizes = [len(msgspec.msgpack.encode(one)) for one in (full, full.light())]
    print(f"encoded {sizes[0]:,} bytes, without histograms {sizes[1]:,}")
    return judged([at_most("a snapshot of the telemetry", snapshot_us, SNAPSHOT_LIMIT_US, "µs")])


def main() -> int:
    """Measure and print; return 0 if a snapshot is as cheap as promised."""
    rng = np.random.default_rng(7)
    telemetry = make_telemetry(rng)
    print_recording(telemetry, rng)
    return print_reading(make_telemetry(rng), rng)


if __name__ == "__main__":
    sys.exit(main())
