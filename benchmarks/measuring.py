"""Measuring fairly on a machine that is not ours alone: interleaved repetitions, medians, and the noise beside them."""

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

Work = Callable[[], int]  # does the work once and returns how many transactions that were
Prepare = Callable[[], Work]  # makes everything ready, unmeasured

QUIET_CORES = 0.15  # used by others, below which a repetition counts as undisturbed
LEAST_UNDISTURBED = 3  # fewer make no median
PATIENCE_S = 3.0  # spent waiting for a quiet moment before each repetition


@dataclass(frozen=True, slots=True)
class Repetition:
    """One run of one contender: transactions a second, and how many cores other processes used meanwhile."""

    per_s: float
    others_cores: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What one contender reached.

    A neighbour on the machine takes nothing from a contender that needs one core of two, and half from one that needs
    both. So where enough repetitions were undisturbed, only they count.
    """

    repetitions: tuple[Repetition, ...]

    @property
    def undisturbed(self) -> tuple[Repetition, ...]:
        """The repetitions during which no other process mattered."""
        return tuple(each for each in self.repetitions if each.others_cores < QUIET_CORES)

    @property
    def quiet(self) -> bool:
        """Whether enough of them were undisturbed."""
        return len(self.undisturbed) >= LEAST_UNDISTURBED

    @property
    def counted(self) -> tuple[Repetition, ...]:
        """Those that count."""
        return self.undisturbed if self.quiet else self.repetitions

    @property
    def median(self) -> float:
        """The middle one of those that count."""
        return statistics.median(each.per_s for each in self.counted)

    def __str__(self) -> str:
        """Return the median, the spread of all, and how many were undisturbed, as a table shows them."""
        rates = [each.per_s for each in self.repetitions]
        spread = f"{min(rates):,.0f} .. {max(rates):,.0f}"
        return f"{self.median:>10,.0f}/s   ({spread}; {len(self.undisturbed)} of {len(rates)} undisturbed)"


def interleaved(contenders: Mapping[str, Prepare], repetitions: int) -> dict[str, Rates]:
    """Run all contenders in turn, ``repetitions`` times after one turn that does not count.

    In turn, so that what changes slowly, such as the processor's clock, is the same for all; every other turn goes
    backwards, so that none always follows the same one.
    """
    runs: dict[str, list[Repetition]] = {name: [] for name in contenders}
    for turn in range(repetitions + 1):
        for name, prepare in list(contenders.items())[:: -1 if turn % 2 else 1]:
            work = prepare()
            gc.collect()
            _wait_for_quiet()
            measured = _measure(work)
            if turn:
                runs[name].append(measured)
    return {name: Rates(tuple(each)) for name, each in runs.items()}


def _measure(work: Work) -> Repetition:
    everyone_s, own_s, started_ns = _busy_s(), time.process_time(), time.perf_counter_ns()
    count = work()
    took_s = (time.perf_counter_ns() - started_ns) / 1e9
    others_s = (_busy_s() - everyone_s) - (time.process_time() - own_s)
    return Repetition(count / took_s, max(0.0, others_s / took_s))


def _busy_s() -> float:
    """Return the seconds that all processes together have computed."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _wait_for_quiet() -> None:
    waited_until = time.perf_counter() + PATIENCE_S
    while psutil.cpu_percent(0.15) > 100 * QUIET_CORES / (os.cpu_count() or 1) and time.perf_counter() < waited_until:
        pass
