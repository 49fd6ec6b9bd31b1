"""How long garbage collection stopped the world: the largest single cause of a bad p99 in a Python process."""

import gc

from actors.clock import Clock
from actors.telemetry.snapshot import GcCounts


class GcPauses:
    """Times every collection between `start` and `stop` by the interpreter's own call-backs.

    Never started on a virtual clock: collections happen when memory asks for them, so their number is not part of a
    deterministic run, and they take no virtual time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ns = 0
        self._pauses = 0
        self._total_ns = 0
        self._longest_ns = 0

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
        self._pauses += 1
        self._total_ns += took_ns
        self._longest_ns = max(self._longest_ns, took_ns)

    def counts(self) -> GcCounts:
        """Return the counts as a frozen value."""
        return GcCounts(self._pauses, self._total_ns, self._longest_ns)
