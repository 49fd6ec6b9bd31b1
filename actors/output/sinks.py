"""Sinks: the ports that decisions leave through, to a caller or as lines of a log."""

import logging
from typing import ClassVar, Protocol

import msgspec

from actors.core.batches import DecidedBatch
from actors.core.errors import DependencyError


class LineSink(Protocol):
    """Takes whole lines, in order."""

    def append(self, lines: bytes) -> None:
        """Write ``lines``, which end with a newline; called off the event loop, never twice at once.

        Raises:
            SinkError: they could not be written; nothing of them stays.
        """
        ...


class SinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of where decisions are delivered; ``kind`` is its name in a file."""

    kind: ClassVar[str] = ""

    def build(self, caller: "DecisionSink") -> "DecisionSink":
        """Return what the pipeline delivers to, and what passes all on to ``caller``. By default that itself."""
        return caller


class DecisionSink(Protocol):
    """Where decisions are delivered: the caller who waits for them."""

    async def deliver(self, decided: DecidedBatch) -> None:
        """Hand over ``decided``; called once a batch, again with the same batch if the logger crashed or it failed.

        Whoever takes a decision twice knows it by its transaction id, and must do nothing the second time.

        Raises:
            SinkError: none of it was delivered; it is tried again or counted as undelivered, and what the caller then
                does is its own decision (most approve).
        """
        ...


log = logging.getLogger(__name__)


class FirstFailure:
    """Keeps the first failure and tells the user of it; the counters say how many there were.

    Args:
        what: cannot be done, in the user's words.

    Attributes:
        text: of the first failure, "" without one.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.text = ""

    def note(self, error: DependencyError) -> None:
        """Take note of ``error``, if it is the first."""
        if not self.text:
            self.text = str(error)
            log.error("%s: %s; they are counted and the run goes on", self._what, error)
