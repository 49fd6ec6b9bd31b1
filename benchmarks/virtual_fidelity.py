"""Does a run on virtual time tell what the same run on the real clock is like, on this machine?

``python -m benchmarks.virtual_fidelity [--model DIR]``. Runs the steady scenario at 20, 50 and 80 % of the measured
capacity on both clocks, in rounds: job times and pace are measured, then the one run follows the other. A rented
processor may be half as fast a minute later, so that two real runs differ as much. So each round has two virtual runs:
one at the pace that the machine had in the real run itself, which tells whether the model is right, and one at the pace
measured before, as ``calibrate`` would have foretold it. What is compared are medians over the rounds, each with its
range. Fails when p50 or p95 of the first are further from the real ones than the larger of 30 % and 200 µs; ends with 3
where the machine was never quiet enough to tell. p99, and what was foretold, are reported and not judged.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from actors.core.clock import Clock
from actors.core.work import Work
from actors.model.artifact import Artifact
from benchmarks.promises import Promise, at_most, judged
from benchmarks.rows import load_rows
from sim.calibration.calibrate import BUSY_RATIO, Calibrated, calibrate, measured_costs
from sim.calibration.meter import waiting
from sim.calibration.pace import Pacing
from sim.clocks.costs import Costs
from sim.report.run_folder import RunFolder
from sim.report.summary import SpanFigures
from sim.run.capacity import measure_capacity
from sim.run.composition import NO_ATTACHMENTS, Attachments
from sim.run.execution import execute
from sim.run.plan import Plan
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from sim.training.progress import silent

SHARES = (0.2, 0.5, 0.8)
ROUNDS = 5
INCONCLUSIVE = 3
RELATIVE, ABSOLUTE_MS = 0.30, 0.2
COUNTED = 3_000_000  # steps of a loop that does nothing, to tell that speed by; a tenth of a second
SCENARIO = """\
name: steady
seed: 7
phases:
  - {{name: warm-up, duration: 3s, rate: {rate}}}
  - {{name: steady, duration: 6s, rate: {rate}}}
"""
ClockName = Literal["real", "virtual"]
FIGURES: dict[str, Callable[[SpanFigures], float | None]] = {
    "p50": lambda span: span.latency_p50_ms,
    "p95": lambda span: span.latency_p95_ms,
    "p99": lambda span: span.latency_p99_ms,
}
JUDGED = ("p50", "p95")


@dataclass(frozen=True, slots=True)
class Run:
    """The steady phase of one run: latencies in ms, and how long its loop waited for a processor that it wanted."""

    latency_ms: dict[str, float]
    waited_ratio: float


@dataclass(frozen=True, slots=True)
class Round:
    """The same load on both clocks, one after the other.

    Attributes:
        real: the real run.
        virtual: with the job times of just before, at the pace of the real run.
        foretold: with the same, at the pace of just before.
        step_ns: what a step of an empty loop took before and after, ns of processor time.
    """

    real: Run
    virtual: Run
    foretold: Run
    step_ns: tuple[float, float]


def main() -> int:
    """Measure capacity, run, print the table; return 0 if every judged figure is near enough, 3 if no one can tell."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.virtual_fidelity", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    artifact = load_rows(arguments.parse_args().model).artifact
    calibrated = calibrate(_plan(artifact, 1_000.0, "real", Path()), silent)
    _print_calibration(calibrated)
    capacity = statistics.median(_capacity(artifact) for _ in range(ROUNDS))
    print(f"while its traffic is made it can do {capacity:,.0f}/s, the median of {ROUNDS}; shares of that:")
    print(
        f"{'load':>6} {'':5}{'real, ms':>10}{'virtual, ms':>13}{'apart':>8}{'foretold, ms':>14}{'apart':>8}"
        f"   {'real runs':20}{'virtual runs':20}foretold"
    )
    compared = [_compare(artifact, capacity, share) for share in SHARES]
    return judged([each for promises in compared for each in promises]) or (0 if all(compared) else INCONCLUSIVE)


def _capacity(artifact: Artifact) -> float:
    return measure_capacity(_plan(artifact, 1_000.0, "real", Path()))


def _compare(artifact: Artifact, capacity: float, share: float) -> list[Promise]:
    """Print what the two clocks say of one load; return what is promised, nothing where no one can tell."""
    rate = round(share * capacity)
    rounds = [_round(artifact, rate) for _ in range(ROUNDS)]
    calm = _calm(rounds)
    promises = []
    for name in FIGURES:
        runs = [(each.real, each.virtual, each.foretold) for each in calm or rounds]
        each_ms = [[run.latency_ms[name] for run in kind] for kind in zip(*runs, strict=True)]
        real, virtual, foretold = map(statistics.median, each_ms)
        if name in JUDGED:
            limit_ms = max(RELATIVE * real, ABSOLUTE_MS)
            promises.append(at_most(f"{name} at {share:.0%}, the clocks apart", abs(virtual - real), limit_ms, "ms"))
        print(
            f"{share:>6.0%} {name:5}{real:>10.3f}{virtual:>13.3f}{virtual / real - 1:>+8.0%}"
            f"{foretold:>14.3f}{foretold / real - 1:>+8.0%}   {'  '.join(f'{_range(kind):18}' for kind in each_ms)}"
        )
    steps = [step for each in rounds for step in each.step_ns]
    waited = statistics.median(each.real.waited_ratio for each in rounds)
    print(
        f"{'':12}at {rate:,}/s; {len(calm)} of {ROUNDS} rounds were calm: the loop waited for {waited:.0%} of the time"
        f" it wanted a processor, and a step of an empty loop took {min(steps):.0f} to {max(steps):.0f} ns",
        flush=True,
    )
    if not calm:
        print(f"{'':12}run again when the machine is quiet")
        return []
    return promises


def _round(artifact: Artifact, rate: float) -> Round:
    before = _step_ns()
    costs = measured_costs(_plan(artifact, rate, "real", Path()), silent)
    pacing: list[Pacing] = []

    def attend(_: Work, clock: Clock) -> Work:
        pacing.append(Pacing(costs, clock))
        return pacing[-1]

    real = _run(_plan(artifact, rate, "real", Path()), Attachments(work=attend))
    after = _step_ns()
    then = msgspec.structs.replace(costs, pace=tuple(pacing[0].pace))
    virtual, foretold = (_run(_plan(artifact, rate, "virtual", Path(), each)) for each in (then, costs))
    return Round(real, virtual, foretold, (before, after))


def _calm(rounds: list[Round]) -> list[Round]:
    """Return those in which the processor was there when it was wanted."""
    return [each for each in rounds if each.real.waited_ratio <= BUSY_RATIO]


def _range(values: list[float]) -> str:
    return f"{min(values):.2f} .. {max(values):.2f}"


def _step_ns() -> float:
    begun_ns = time.thread_time_ns()
    for _ in range(COUNTED):
        pass
    return (time.thread_time_ns() - begun_ns) / COUNTED


def _plan(artifact: Artifact, rate: float, clock: ClockName, folder: Path, costs: Costs | None = None) -> Plan:
    scenario = parse(SCENARIO.format(rate=rate) + f"clock: {clock}\n", "steady")
    plan = prepare(Cut(scenario), artifact, folder)
    return plan if costs is None else replace(plan, costs=costs)


def _run(plan: Plan, attachments: Attachments = NO_ATTACHMENTS) -> Run:
    with tempfile.TemporaryDirectory(prefix="riskdrill-fidelity-") as folder, waiting() as waited:
        result = execute(replace(plan, folder=Path(folder)), RunFolder(Path(folder)), NullScreen(), attachments)
    span = next(span for span in result.summary.spans if span.name == "steady")
    return Run({name: figure(span) or 0.0 for name, figure in FIGURES.items()}, waited.ratio or 0.0)


def _print_calibration(calibrated: Calibrated) -> None:
    check = calibrated.check
    print(f"on {calibrated.calibration.machine}")
    print(
        f"costs add up to {check.predicted_per_s:,.0f}/s, measured {check.measured_per_s:,.0f}/s"
        f" ({check.error_ratio:+.0%})" + (", on a busy machine" if check.busy else "")
    )


if __name__ == "__main__":
    sys.exit(main())
