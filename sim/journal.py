"""The journal: what happened in a run, in order: phases, faults, alerts, restarts, breaker trips, model swaps."""

from collections.abc import Callable
from typing import Literal

import msgspec

from actors.core.clock import NS_PER_S, Clock
from actors.supervisor import Restart

JournalKind = Literal[
    "run_started",
    "phase_started",
    "phase_ended",
    "fault_injected",
    "fault_first_effect",
    "fault_lifted",
    "fault_failed",
    "alert_pending",
    "alert_firing",
    "alert_acknowledged",
    "alert_resolved",
    "restart",
    "breaker",
    "features_refreshed",
    "refresh_failed",
    "model_swapped",
    "model_refused",
    "engine_fallback",
    "messages_refused",
    "worker_joined",
    "worker_refused",
    "worker_obeyed",
    "worker_failed",
    "worker_left",
    "worker_lost",
    "escalated",
    "rate_changed",
    "operator",
    "aborted",
    "interrupted",
    "drained",
    "run_ended",
]


class JournalEntry(msgspec.Struct, frozen=True):
    """One thing that happened.

    Attributes:
        at_s: seconds since the run began, on the run's clock.
        kind: what happened.
        name: to what: a phase, a fault, an alert, an actor.
        detail: one short line, may be empty.
    """

    at_s: float
    kind: JournalKind
    name: str = ""
    detail: str = ""


class Journal:
    """Collects entries in the order they happen, and passes each on at once.

    Args:
        clock: the run's clock; the run begins when the journal is made, unless `begin` says later.
        sink: told of each entry, for example to write its line.
    """

    def __init__(self, clock: Clock, sink: Callable[[JournalEntry], None] | None = None) -> None:
        self._clock = clock
        self._sink = sink
        self.start_ns = clock.now_ns()
        self.entries: list[JournalEntry] = []

    def begin(self, start_ns: int) -> None:
        """Count seconds from ``start_ns`` on."""
        self.start_ns = start_ns

    def add(self, kind: JournalKind, name: str = "", detail: str = "", at_ns: int | None = None) -> None:
        """Write down that something happened, now or at ``at_ns``."""
        instant_ns = self._clock.now_ns() if at_ns is None else at_ns
        entry = JournalEntry((instant_ns - self.start_ns) / NS_PER_S, kind, name, detail)
        self.entries.append(entry)
        if self._sink is not None:
            self._sink(entry)

    def note_restart(self, restart: Restart) -> None:
        """Write down that an actor was started again."""
        self.add("restart", restart.actor, restart.error, at_ns=restart.at_ns)
