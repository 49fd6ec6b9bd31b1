"""Many variations of a scenario, one after another or side by side, until all are done or someone presses Ctrl-C."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from actors.core.errors import InputError, ScenarioError
from actors.pipeline import Pipeline
from sim.chance import Streams
from sim.explore.attempt import Attempt, attempt
from sim.faults.fault import Fault
from sim.run.composition import NO_ATTACHMENTS
from sim.scalars import DURATION, SIZE
from sim.scenario.field_types import Field, fields_of
from sim.scenario.render import render
from sim.scenario.scenario import SEEDS, Scenario
from sim.scenario.timeline import duration_ns, phase_spans
from sim.trials.process_pool import run_parallel, silent
from sim.trials.trial import PreparedScenario
from sim.units import NS_PER, render_duration

FIXED = ("name", "at", "duration", "jitter", "repeat", "again")
STRETCH = 4.0  # times are at most so much shorter, and half as much longer, than written
TURN = 2.0  # parameters are at most so much smaller or larger
DRAWS = 20  # for one seed, until a variation is valid; the checks of a scenario know rules that draws do not


def check_variable(scenario: Scenario) -> None:
    """Refuse a scenario that cannot be varied.

    Raises:
        ScenarioError: each of its runs would be the same, or no one knows how long they are.
    """
    if scenario.events is not None and not scenario.faults:
        raise ScenarioError(f"{scenario.name}: a replay without faults is the same run for each seed; add a fault")
    if scenario.faults and duration_ns(scenario) is None:
        raise ScenarioError(
            f"{scenario.name}: faults are moved within the run, and how long this one takes is not known before; "
            "give its phases a duration, or cut it with --duration"
        )


def check_seeds(first: int, count: int) -> None:
    """Refuse seeds of which a run may not have one.

    Raises:
        InputError: the last of them is too large.
    """
    if first + count > SEEDS:
        last = f"seeds {first} to {first + count - 1}" if count > 1 else f"seed {first}"
        raise InputError(f"--first-seed {first}: seeds must be below {SEEDS}, got {last}; start lower")


def varied(prepared: PreparedScenario, seed: int, *, anywhere: bool) -> PreparedScenario:
    """Return ``prepared`` with ``seed`` and its faults at other times, of other lengths and strengths.

    The same seed gives the same variation. If no valid one is found, only the seed is another.

    Args:
        prepared: as written.
        seed: of the run.
        anywhere: faults may go anywhere in the run; otherwise each stays within the phases that it touches, so that
            what the scenario expects of its phases still makes sense.
    """
    scenario, chance = prepared.shorter.scenario, Streams(seed)["explore"]
    for _ in range(DRAWS):
        words: list[str] = []
        for fault in scenario.faults:
            words += _fault(fault, _room(scenario, fault, anywhere=anywhere), chance)
        try:
            return prepared.with_overrides([f"seed={seed}", *words])
        except ScenarioError:
            continue
    return prepared.with_overrides([f"seed={seed}"])


def _fault(fault: Fault, room: tuple[int, int], chance: np.random.Generator) -> Iterator[str]:
    """Yield the overrides for one fault, which is to be in within ``room``."""
    if not fault.again:  # such instants are as they are
        yield from _times(fault, room, chance)
    for key in fields_of(type(fault)):
        value = getattr(fault, key.name)
        if key.name not in FIXED and _is_number(key, value):
            yield f"faults.{fault.name}.{key.key}={render(_turned(key, value, chance), key.shape)}"


def _times(fault: Fault, room: tuple[int, int], chance: np.random.Generator) -> Iterator[str]:
    low_ns, high_ns = room
    extent_ns = _last(fault) - fault.at
    if fault.lift_at is not None and fault.repeat is None:  # stretched, a repeated one would run into itself
        factor = math.exp(chance.uniform(-math.log(STRETCH), math.log(STRETCH / 2)))
        span_ns = _even(min((fault.lift_at - fault.at) * factor, high_ns - low_ns - fault.jitter))
        extent_ns = span_ns + fault.jitter
        yield f"faults.{fault.name}.duration={render_duration(span_ns)}"
    at_ns = low_ns + _even(chance.uniform(0.0, max(0.0, high_ns - low_ns - extent_ns)))
    yield f"faults.{fault.name}.at={render_duration(at_ns)}"


def _last(fault: Fault) -> int:
    """Return the last instant at which ``fault`` may be in; one that is over at once has just its injection."""
    return fault.last_at if fault.last_lift_at is None else fault.last_lift_at


def _room(scenario: Scenario, fault: Fault, *, anywhere: bool) -> tuple[int, int]:
    """Return from when to when a fault may be in."""
    end_ns = duration_ns(scenario)
    if end_ns is None:
        raise AssertionError("a run without a length has no room to move faults in; `check_variable` sees to it")
    if anywhere:
        return 0, end_ns
    spans = [(span.start_ns, end_ns if span.end_ns is None else span.end_ns) for span in phase_spans(scenario).values()]
    start_ns = max(start for start, _ in spans if start <= fault.at)
    return start_ns, min(end for _, end in spans if end >= _last(fault))


def _even(span_ns: float) -> int:
    """Return a time rounded down to a whole ms, or to a whole µs where it is short: fit to be read and typed."""
    unit = NS_PER["ms"] if span_ns >= 10 * NS_PER["ms"] else NS_PER["us"]
    return max(int(span_ns) // unit * unit, 0)


def _is_number(field: Field, value: Any) -> bool:  # noqa: ANN401 - of any type a fault has
    """Return whether a value can be turned up and down; what is certain, such as a probability of 1, stays so."""
    if field.shape.kind == "scalar" and field.shape.of not in (DURATION, SIZE):
        return False
    certain = field.name == "probability" and value == 1
    return isinstance(value, int | float) and not isinstance(value, bool) and not certain


def _turned(field: Field, value: float, chance: np.random.Generator) -> float:
    """Return another value of about the same size, within the field's bounds."""
    turned = value * math.exp(chance.uniform(-math.log(TURN), math.log(TURN)))
    for bound in field.shape.bounds:
        turned = min(turned, *(limit for limit in (bound.le, bound.lt) if limit is not None), math.inf)
        turned = max(turned, *(limit for limit in (bound.ge, bound.gt) if limit is not None), -math.inf)
    return round(turned) if isinstance(value, int) else float(f"{turned:.4g}")


@dataclass(frozen=True, slots=True)
class Search:
    """What is tried.

    Attributes:
        prepared: the scenario as written.
        first_seed: of the first run.
        seeds: how many runs; each has the next seed.
        anywhere: as of `sim.explore.search.varied`.
        as_written: whether nothing is varied: one run, of the scenario as it is.
        alter: plants a mistake in the pipeline, for tests; importable, should it go to another process.
    """

    prepared: PreparedScenario
    first_seed: int
    seeds: int
    anywhere: bool = False
    as_written: bool = False
    alter: Callable[[Pipeline], None] = field(default=NO_ATTACHMENTS.alter)

    def attempts(self, jobs: int, tell: Callable[[str], None] = silent) -> Iterator["Tried"]:
        """Yield what came of each run, in the order of the seeds.

        Args:
            jobs: processes.
            tell: hears of each that was killed, whose run is made again.

        Raises:
            InputError: the model cannot be used.
            MachineError: the machine lacks what a run needs.
            KeyboardInterrupt: Ctrl-C; what was yielded stays true.
        """
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        yield from run_parallel(self._try, seeds, jobs, "seed {}".format, tell)

    def _try(self, seed: int) -> "Tried":
        prepared = self.prepared if self.as_written else varied(self.prepared, seed, anywhere=self.anywhere)
        return Tried(seed, prepared, attempt(prepared.shorter, prepared.model, self.alter))


class Tried(NamedTuple):
    """A seed, the variation that it gave, and what came of it."""

    seed: int
    prepared: PreparedScenario
    attempt: Attempt
