"""Transactions arrive more than once."""

from typing import Annotated, ClassVar

import msgspec

from sim.faults.fault import Share
from sim.faults.traffic import VolumeFault


class TrafficDuplicates(VolumeFault, frozen=True, kw_only=True):
    """A share of the transactions is sent again at once, as by a client that retries too early.

    Attributes:
        ratio: share of the transactions that are sent again, 0 to 1.
        copies: how often each of them is sent again.
    """

    kind: ClassVar[str] = "traffic_duplicates"
    summary: ClassVar[str] = "a share of the transactions arrives again with the same id"
    seen: ClassVar[str] = "more is offered and as much is decided; the ledger's duplicates grow"
    mitigation: ClassVar[str] = "the assembler remembers a million ids and decides each once"
    ratio: Share = 0.1
    copies: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1

    def share(self) -> float:
        """Return the share that is sent again."""
        return self.ratio

    @property
    def times(self) -> int:
        """Once, and its copies."""
        return 1 + self.copies
