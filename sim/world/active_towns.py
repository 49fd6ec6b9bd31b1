"""The active towns of a run: which copies of the town are active when, which one a transaction is from.

Active towns follow the rate: at twice the rate twice as many cards pay, each as often as before. Towns become active
whole and ahead of need, so that cards, merchants and devices are never busier than in training; until the next town is
needed they are a little less busy, by one part in the number of active towns at most.

A town that becomes active has paid nothing before. So that its cards do not look idle, it begins with the training
world's state, moved in time to its activation (`PooledTown.activated_us`). A town that was inactive for more than an
hour of event time does not become active again while the pool may still grow: its cards would show the gap.

Swings that pass within an hour of event time (on-off bursts, short sines) do not change the active towns: over the
windows of the features cards are then as busy as the mean rate says, which is as in training.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import NS_PER_US, US_PER_HOUR
from sim.chance import Streams
from sim.world.arrivals import Pieces, mean_pieces, modulation, pieces
from sim.world.episode_schedule import EpisodeSchedule
from sim.world.fraud import Compromises
from sim.world.history import past_of
from sim.world.phases import OnOff, RatedPhase, Sine
from sim.world.town import Town
from sim.world.transactions import Rows

MOST_TOWNS = 128  # 512,000 cards; beyond it cards get busier instead
_UNSEEN_US = US_PER_HOUR  # a pause this short shows in no feature but the gap
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PooledTown:
    """A copy of the town in a run's pool.

    Attributes:
        index: 0 is the training world itself.
        activated_us: event time at which it first becomes active; its past ends there.
    """

    index: int
    activated_us: int


@dataclass(frozen=True, slots=True)
class Step:
    """The towns that are active from one instant on.

    Attributes:
        from_ns: from the start of the run.
        active: int64 (n,), indexes of the towns, at least one.
    """

    from_ns: int
    active: I64


class Pool:
    """The schedule of active towns over a run.

    Args:
        phases: the load.
        towns_at: towns needed for one transaction a second.
        streams: those of the run.
        start_us: event time at the start.
        speed: event seconds for each second of the run.
    """

    def __init__(
        self, phases: tuple[RatedPhase, ...], towns_at: float, streams: Streams, start_us: int, speed: float
    ) -> None:
        self._start_us, self._speed = start_us, speed
        demand = list(_demand(phases, towns_at, streams, speed))
        self._knots_us: F64 = np.array([self.event_us(each.at_ns) for each in demand], dtype=np.float64)
        self._needed: F64 = np.array([each.towns for each in demand])
        self.steps: tuple[Step, ...] = tuple(self._schedule(demand))
        self._counts: I64 = np.array([len(step.active) for step in self.steps])
        self._steps_us: I64 = np.array([self.event_us(step.from_ns) for step in self.steps])

    def event_us(self, run_ns: float) -> int:
        """Return the event time at an instant of the run."""
        return self._start_us + int(run_ns * self._speed) // NS_PER_US

    def event_times(self, run_ns: I64) -> I64:
        """Return the event time at instants of the run, int64 (n,), as the run's own event clock tells it."""
        return self._start_us + (run_ns * self._speed).astype(np.int64) // NS_PER_US

    @property
    def towns(self) -> tuple[PooledTown, ...]:
        """Every town of the run in order of its index."""
        activated: dict[int, int] = {}
        for step in self.steps:
            for index in step.active.tolist():
                activated.setdefault(index, self.event_us(step.from_ns))
        return tuple(PooledTown(index, activated[index]) for index in sorted(activated))

    def load(self, event_us: I64) -> F64:
        """Return how busy the active towns are at each instant, relative to training, 0 to 1."""
        needed = np.interp(event_us.astype(np.float64), self._knots_us, self._needed)
        at = np.maximum(np.searchsorted(self._steps_us, event_us, side="right") - 1, 0)
        return np.minimum(needed / self._counts[at], 1.0)

    def _schedule(self, demand: list["_Knot"]) -> Iterator[Step]:
        towns = _LastInFirstOut()
        for from_ns, count in _counts(demand):
            changed = towns.resize(min(count, MOST_TOWNS), self.event_us(from_ns))
            if changed:
                yield Step(int(from_ns), np.array(towns.active, dtype=np.int64))


class _LastInFirstOut:
    """Active towns, the last one in being the first one out."""

    def __init__(self) -> None:
        self.active: list[int] = []
        self._silent: list[tuple[int, int]] = []  # (since_us, index), latest last
        self._made = 0

    def resize(self, count: int, now_us: int) -> bool:
        """Have ``count`` towns active from ``now_us`` on; return whether that changes anything."""
        before = len(self.active)
        while len(self.active) > count:
            self._silent.append((now_us, self.active.pop()))
        while len(self.active) < count:
            self.active.append(self._next(now_us))
        return len(self.active) != before

    def _next(self, now_us: int) -> int:
        if self._silent and now_us - self._silent[-1][0] <= _UNSEEN_US:
            return self._silent.pop()[1]
        if self._made < MOST_TOWNS:
            self._made += 1
            return self._made - 1
        return self._silent.pop(0)[1]


@dataclass(frozen=True, slots=True)
class _Knot:
    """Towns needed at an instant; in between it is a straight line."""

    at_ns: float
    towns: float


def _demand(phases: tuple[RatedPhase, ...], towns_at: float, streams: Streams, speed: float) -> Iterator[_Knot]:
    start_ns = 0
    for number, phase in enumerate(phases):
        for part in _visible(phase, number, streams, speed):
            ends = zip(
                *(each.tolist() for each in (part.from_ns, part.until_ns, part.from_rate, part.until_rate)), strict=True
            )
            for from_ns, until_ns, from_rate, until_rate in ends:
                yield _Knot(start_ns + from_ns, from_rate * towns_at)
                yield _Knot(start_ns + until_ns, until_rate * towns_at)
        start_ns += phase.duration_ns


def _visible(phase: RatedPhase, number: int, streams: Streams, speed: float) -> Iterator[Pieces]:
    """Yield the pieces of ``phase``, without swings that are too short for features to see."""
    swing = phase.arrivals
    unseen_ns = _UNSEEN_US * NS_PER_US / speed
    short_burst = isinstance(swing, OnOff) and swing.on_ns + swing.off_ns < unseen_ns
    short_sine = isinstance(swing, Sine) and swing.period_ns < unseen_ns
    if short_burst or short_sine:
        yield mean_pieces(phase)
    else:
        yield from pieces(phase, modulation(streams, number))


def _counts(demand: list[_Knot]) -> Iterator[tuple[float, int]]:
    """Yield from when on how many towns are needed, rounded up; changes beyond the most there can be are left out."""
    for left, right in zip(demand[::2], demand[1::2], strict=True):
        yield left.at_ns, _rounded_up(left.towns)
        rise = right.towns - left.towns
        if rise == 0:
            continue
        low, high = sorted((left.towns, right.towns))
        crossed = range(math.ceil(min(low, MOST_TOWNS + 1)), math.floor(min(high, MOST_TOWNS)) + 1)
        for whole in crossed if rise > 0 else reversed(crossed):
            at_ns = left.at_ns + (whole - left.towns) / rise * (right.at_ns - left.at_ns)
            yield at_ns, max(1, whole + 1 if rise > 0 and whole < right.towns else whole)


def _rounded_up(towns: float) -> int:
    return max(1, math.ceil(min(towns, MOST_TOWNS) - _ROUNDING))


class ActiveTowns:
    """Follows the pool through a run. Calls must be in order of time.

    Args:
        pool: when which towns are active.
        town: the profiles.
        streams: those of the run.
        busy: transactions of a card relative to training.
    """

    def __init__(self, pool: Pool, town: Town, streams: Streams, busy: float) -> None:
        self._pool = pool
        self._past = past_of(town)
        self._episode_schedule = EpisodeSchedule(town, streams, busy=busy)
        self._shift_us: I64 = np.array([each.activated_us for each in pool.towns]) - town.spec.end_us
        self._from_ns: I64 = np.array([step.from_ns for step in pool.steps])
        self._entered = 0  # steps
        self._known: set[int] = set()  # towns that were active before; never iterated

    @property
    def compromises(self) -> Compromises:
        """The compromised merchants of all towns."""
        return self._episode_schedule.compromises

    def copies(self, due_ns: I64, draw: F64) -> I64:
        """Return the town of each transaction, any active one being as likely.

        Args:
            due_ns: int64 (n,), in order, none before the last call's.
            draw: float64 (n,) in [0, 1).
        """
        step_of = np.searchsorted(self._from_ns, due_ns, side="right") - 1
        while self._entered <= step_of[-1]:
            self._enter(self._pool.steps[self._entered])
            self._entered += 1
        copy = np.empty(len(due_ns), dtype=np.int64)
        bounds = np.flatnonzero(np.diff(step_of, prepend=-1, append=len(self._from_ns)))
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            active = self._pool.steps[step_of[first]].active
            copy[first:last] = active[(draw[first:last] * len(active)).astype(np.int64)]
        return copy

    def town_us(self, copy: I64, event_us: I64) -> I64:
        """Return each instant in the time of its town."""
        return event_us - self._shift_us[copy]

    def interrupt(self, rows: Rows) -> None:
        """Let the planned transactions take the place of the purchases next to them in time.

        The schedule says how many transactions there are, so an episode replaces purchases and adds none. What finds
        no place waits for the next block.
        """
        event_us = rows["event_us"].copy()
        until_us = int(event_us[-1]) + 1
        self._episode_schedule.plan_until(until_us, self._pool.load)
        planned = self._episode_schedule.due(until_us)
        order = np.arange(len(planned))
        place = np.maximum.accumulate(np.searchsorted(event_us, planned["event_us"]) - order) + order
        place = place[place < len(rows)]
        rows[place] = planned[: len(place)]
        rows["event_us"] = event_us
        self._episode_schedule.drop(len(place))

    def _enter(self, step: Step) -> None:
        before = set(self._pool.steps[self._entered - 1].active.tolist()) if self._entered else set()
        active = set(step.active.tolist())
        for copy in sorted(before - active):
            self._episode_schedule.close(copy)
        for copy in sorted(active - before):
            self._open(copy, self._pool.event_us(step.from_ns), int(self._shift_us[copy]))

    def _open(self, copy: int, at_us: int, shift_us: int) -> None:
        """Begin to plan for a town.

        The past left some merchants compromised, and whoever knows the past knows which: so they are in every town. The
        short episodes under way are each town's own, for a burst would otherwise begin with forty times the same thief.
        """
        if copy not in self._known:
            self._known.add(copy)
            self._episode_schedule.compromises.copy_from(self._past.compromises, copy, shift_us)
        if copy == 0:
            self._episode_schedule.open(copy, at_us, shift_us)
            self._episode_schedule.resume(self._past, shift_us)
        else:
            self._episode_schedule.open(copy, at_us, shift_us, under_way=True)
