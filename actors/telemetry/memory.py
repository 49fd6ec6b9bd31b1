"""Resident memory of this process, sampled."""

from collections.abc import Callable
from contextlib import suppress

import psutil

from actors.clock import NS_PER_S


class ResidentMemory:
    """Reads the process's resident memory, at most once in ``every_ns``; in between it repeats the last reading.

    Not for a virtual clock, where a reading would make the run depend on the machine.
    """

    def __init__(self, every_ns: int = NS_PER_S) -> None:
        self._process = psutil.Process()
        self._every_ns = every_ns
        self._due_ns: int | None = None
        self._bytes = 0

    def sample(self, now_ns: int) -> int:
        """Return resident memory in bytes."""
        if self._due_ns is None or now_ns >= self._due_ns:
            self._due_ns = now_ns + self._every_ns
            with suppress(psutil.Error):  # a system that does not tell any more
                self._bytes = self._process.memory_info().rss
        return self._bytes


def resident_memory() -> Callable[[int], int] | None:
    """Return what tells resident memory at an instant; None where the system does not, as without /proc on Linux."""
    try:
        return ResidentMemory().sample
    except psutil.Error:
        return None
