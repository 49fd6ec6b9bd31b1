"""The harm a fault does to one call, told apart from a mistake in the fault's own code."""

import asyncio
from types import TracebackType
from typing import Protocol

from actors.errors import DependencyError


class InjectedCrashError(Exception):
    """An actor crashes because a fault says so; nothing catches it but the supervisor."""


HARM = (DependencyError, InjectedCrashError, asyncio.CancelledError)  # cancelled: the caller gave a hanging call up


class Touched(Protocol):
    """Who is told: the switch of the fault."""

    def touch(self, rows: int) -> None:
        """Take that ``rows`` were touched."""
        ...

    def fail(self, error: Exception) -> None:
        """Take that the fault's own code raised ``error``."""
        ...


class Effect:
    """A context around the harm.

    An error of `HARM` raised inside is the harm: it counts and goes on to the caller. Leaving without an error counts
    too. Any other exception is the fault's own: it is lifted, the exception ends here, and the call goes on unharmed.

    Args:
        switch: of the fault.
        rows: how many of what it touches.
    """

    def __init__(self, switch: Touched, rows: int) -> None:
        self._switch = switch
        self._rows = rows

    def __enter__(self) -> None:
        """Begin the harm."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """End it; return whether the exception ends here."""
        if error is None or isinstance(error, HARM):
            self._switch.touch(self._rows)
            return False
        if isinstance(error, Exception):
            self._switch.fail(error)
            return True
        return False
