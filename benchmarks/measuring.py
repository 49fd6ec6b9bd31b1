"""Measuring fairly on a machine that is not ours alone: interleaved repetitions, medians, and the noise beside them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], int]  # does the work once and returns how many transactions that were
Prepare = Callable[[], Work]  # makes everything ready, unmeasured


@dataclass(frozen=True, slots=True)
class Rates:
    """What one contender reached, one figure a repetition.

    Attributes:
        per_s: transactions a second.
        cores: processor time over wall time: below 1 for a single thread, something else was running.
    """

    per_s: tuple[float, ...]
    cores: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, which a disturbed repetition does not move."""
        return statistics.median(self.per_s)

    def __str__(self) -> str:
        """Return median and spread as a table shows them."""
        return f"{self.median:>12,.0f}/s   ({min(self.per_s):,.0f} .. {max(self.per_s):,.0f})"


def interleaved(contenders: Mapping[str, Prepare], repetitions: int) -> dict[str, Rates]:
    """Run all contenders in turn, ``repetitions`` times after one turn that does not count.

    In turn, because a neighbour on the machine or a hot processor then disturbs all alike, and ratios stay true.
    """
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for repetition in range(repetitions + 1):
        for name, prepare in contenders.items():
            work = prepare()
            gc.collect()
            started_ns, started_cpu_ns = time.perf_counter_ns(), time.process_time_ns()
            count = work()
            took_ns, cpu_ns = time.perf_counter_ns() - started_ns, time.process_time_ns() - started_cpu_ns
            if repetition:
                runs[name].append((count / took_ns * 1e9, cpu_ns / took_ns))
    return {name: Rates(*zip(*each, strict=True)) for name, each in runs.items()}
