"""The port that transactions come in through."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import msgspec

from actors.core.arrays import I64


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Transactions with their intended times.

    Attributes:
        raws: one JSON document each, at least one.
        due_ns: int64 (n,), since the start of the run, not decreasing; None: as fast as they are taken.
    """

    raws: list[bytes]
    due_ns: I64 | None


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of where the pipeline takes its transactions from; ``kind`` is its name in a file."""

    kind: ClassVar[str] = ""

    def build(self, traffic: "Source") -> "Source":
        """Return what the pipeline takes from; ``traffic`` has the run's own transactions. By default that itself."""
        return traffic


class Source(Protocol):
    """Where transactions come from."""

    async def take(self) -> Arrivals | None:
        """Return the next transactions in order, or None at the end and ever after.

        Called again only after they were all sent. It may wait as long as it has nothing; at the end of a run it is
        cancelled while it waits, and must not have taken anything then.

        Raises:
            SourceError: nothing was taken. The producer crashes and is restarted after a while, which grows, and asks
                again. A source that goes on failing ends the pipeline, as any actor does that keeps crashing: what was
                taken is decided, and whoever started the pipeline is told why.
        """
        ...

    def due_count(self, elapsed_ns: int) -> int | None:
        """Return how many transactions are due within ``elapsed_ns`` of the start, or None if there is no schedule.

        Called whenever the ledger is read; it answers from memory and does not fail.
        """
        ...
