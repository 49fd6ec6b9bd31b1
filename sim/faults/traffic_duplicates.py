"""Transactions arrive more than once."""

from typing import Annotated, ClassVar

import msgspec
import numpy as np

from actors.arrays import I64
from sim.faults.arrivals import Arranged, ArrivalFault, Span
from sim.faults.chance import Chance
from sim.faults.fault import Share
from sim.scalars import Duration


class TrafficDuplicates(ArrivalFault, frozen=True, kw_only=True):
    """A share of the transactions is sent again, as by a client that retries too early. No copy comes after the lift.

    Attributes:
        ratio: share of the transactions that are sent again, 0 to 1.
        copies: how often each of them is sent again.
        after: from one sending of a transaction to the next; at once by default.
    """

    kind: ClassVar[str] = "traffic_duplicates"
    summary: ClassVar[str] = "a share of the transactions arrives again with the same id"
    seen: ClassVar[str] = "more is offered and as much is decided; the ledger's duplicates grow"
    mitigation: ClassVar[str] = "the assembler remembers a million ids (remembered_ids) and decides each once"
    ratio: Share = 0.1
    copies: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    after: Annotated[Duration, msgspec.Meta(ge=0)] = 0

    def share(self) -> float:
        """Return the share that is sent again."""
        return self.ratio

    def arrange(self, span: Span, chosen: I64, chance: Chance) -> Arranged:  # noqa: ARG002 - the base's signature
        """Let each of the chosen arrive again and again."""
        times = np.ones(len(span.due_ns), dtype=np.int64)
        times[chosen] += self.copies
        rows = np.repeat(np.arange(len(times)), times)
        sent_before = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        due_ns = span.due_ns[rows] + sent_before * self.after
        kept = (sent_before == 0) | (due_ns < span.end_ns[rows])
        return Arranged(rows[kept], due_ns[kept])
