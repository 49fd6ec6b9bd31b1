"""The crowd: the active towns of a run, their agendas, and which town each transaction comes from."""

import numpy as np

from actors.arrays import F64, I64
from sim.world.agenda import Agenda
from sim.world.fraud.compromised_merchant import Compromises
from sim.world.history import past_of
from sim.world.pool import Pool, Step
from sim.world.rows import Rows
from sim.world.streams import Streams
from sim.world.town import Town


class Crowd:
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
        self._agenda = Agenda(town, streams, busy=busy)
        self._shift_us: I64 = np.array([each.activated_us for each in pool.towns]) - town.spec.end_us
        self._from_ns: I64 = np.array([step.from_ns for step in pool.steps])
        self._entered = 0  # steps
        self._known: set[int] = set()  # towns that were active before; never iterated

    @property
    def compromises(self) -> Compromises:
        """The compromised merchants of all towns."""
        return self._agenda.compromises

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
        self._agenda.plan_until(until_us, self._pool.load)
        planned = self._agenda.due(until_us)
        order = np.arange(len(planned))
        place = np.maximum.accumulate(np.searchsorted(event_us, planned["event_us"]) - order) + order
        place = place[place < len(rows)]
        rows[place] = planned[: len(place)]
        rows["event_us"] = event_us
        self._agenda.drop(len(place))

    def _enter(self, step: Step) -> None:
        before = set(self._pool.steps[self._entered - 1].active.tolist()) if self._entered else set()
        active = set(step.active.tolist())
        for copy in sorted(before - active):
            self._agenda.close(copy)
        for copy in sorted(active - before):
            self._open(copy, self._pool.event_us(step.from_ns), int(self._shift_us[copy]))

    def _open(self, copy: int, at_us: int, shift_us: int) -> None:
        """Begin to plan for a town.

        The past left some merchants compromised, and whoever knows the past knows which: so they are in every town. The
        short episodes under way are each town's own, for a burst would otherwise begin with forty times the same thief.
        """
        if copy not in self._known:
            self._known.add(copy)
            self._agenda.compromises.copy_from(self._past.compromises, copy, shift_us)
        if copy == 0:
            self._agenda.open(copy, at_us, shift_us)
            self._agenda.go_on(self._past, shift_us)
        else:
            self._agenda.open(copy, at_us, shift_us, under_way=True)
