"""Resident memory of this process, sampled."""

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
            self._bytes = self._process.memory_info().rss
        return self._bytes
