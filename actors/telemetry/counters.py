"""Plain counts since the start of the run, which the actors add to and a snapshot copies whole.

They are dataclasses with slots: adding to an attribute of a msgspec struct, or to an item of a list, takes longer.
A new count is a field of `Counters`, one line where it is counted, and one line among the metrics that read it.
"""

import gc
from dataclasses import dataclass, replace

from actors.core.clock import Clock


@dataclass(slots=True)
class Counters:
    """How often something happened. Nothing is ever taken back.

    Attributes:
        store_lookups: look-ups of a batch, one each, however often they were tried.
        store_errors: those of them that failed or timed out, or that the open breaker refused.
        store_calls: what the feature store was asked: none for a look-up that the breaker refused, one more a retry.
        store_rows: transactions that needed batch features, failed look-ups included.
        store_cached_rows: those of them that the cache answered, card and merchant, when their look-up had failed.
        store_missing_rows: those of them that got none, for whatever reason.
        store_stale_rows: those of them that got features past their limit.
        windows_calls: batches that the windows were asked to count.
        windows_errors: those of them that the windows refused, or did not answer in time.
        shed_rows: transactions decided by `rules` to relieve a full mailbox.
        deadline_rows: transactions decided by `rules` because the deadline would have been missed.
        model_errors: batches that could not be scored.
        model_swaps: serving models replaced.
        model_refusals: models that were to serve and did not prove themselves.
        restarts: actors restarted.
        refreshes: batch tables published.
        refresh_failures: batch tables computed and not published.
        breaker_trips: times the feature store's breaker opened.
    """

    store_lookups: int = 0
    store_errors: int = 0
    store_calls: int = 0
    store_rows: int = 0
    store_cached_rows: int = 0
    store_missing_rows: int = 0
    store_stale_rows: int = 0
    windows_calls: int = 0
    windows_errors: int = 0
    shed_rows: int = 0
    deadline_rows: int = 0
    model_errors: int = 0
    model_swaps: int = 0
    model_refusals: int = 0
    restarts: int = 0
    refreshes: int = 0
    refresh_failures: int = 0
    breaker_trips: int = 0


@dataclass(slots=True)
class ActorWork:
    """What an actor has done: time it was busy, batches and transactions."""

    busy_ns: int = 0
    batches: int = 0
    rows: int = 0


@dataclass(slots=True)
class GcCounts:
    """Garbage collection: how often it stopped the world, for how long, and the longest stop."""

    pauses: int = 0
    total_ns: int = 0
    longest_ns: int = 0


class GcPauses:
    """Times every collection between `start` and `stop` by the interpreter's own call-backs.

    Never started on a virtual clock: collections happen when memory asks for them, so their number is not part of a
    deterministic run, and they take no virtual time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ns = 0
        self._counts = GcCounts()

    def start(self) -> None:
        """Begin to count. Counts go on from before if it was started before."""
        if self._observe not in gc.callbacks:
            gc.callbacks.append(self._observe)

    def stop(self) -> None:
        """Cease to count; without effect when not started."""
        if self._observe in gc.callbacks:
            gc.callbacks.remove(self._observe)

    def _observe(self, phase: str, _info: dict[str, int]) -> None:
        """Called by the interpreter before and after each collection; what it raises is printed and lost."""
        if phase == "start":
            self._began_ns = self._clock.now_ns()
            return
        took_ns = self._clock.now_ns() - self._began_ns
        counts = self._counts
        counts.pauses += 1
        counts.total_ns += took_ns
        counts.longest_ns = max(counts.longest_ns, took_ns)

    def counts(self) -> GcCounts:
        """Return a copy of the counts."""
        return replace(self._counts)
