"""The ledger at one instant: where every transaction is that was offered, and whether it adds up.

What is shown of it elsewhere (the summary, the screen) is this very struct, under these names.
"""

from typing import Final

import msgspec

EQUATIONS: Final = (
    ("offered", ("unsent", "produced")),
    ("produced", ("decided", "dead_lettered", "duplicate", "in_flight")),
    ("decided", ("logged", "log_failed", "awaiting_log")),
    ("decided", ("delivered", "undelivered", "awaiting_delivery")),
)
"""What must hold at every instant: a field of the ledger, and those that it is the sum of."""


class Waiting(msgspec.Struct, frozen=True):
    """What has not ended yet, counted by the pipeline where it lies: backlog, mailboxes, leases, outboxes.

    It is never derived from the ledger, or it would balance by construction.

    Attributes:
        unsent: due, not yet sent by the producer.
        in_flight: sent, not yet decided, dead-lettered or found a duplicate.
        awaiting_log: decided, neither logged nor given up.
        awaiting_delivery: decided, neither delivered nor given up.
    """

    unsent: int = 0
    in_flight: int = 0
    awaiting_log: int = 0
    awaiting_delivery: int = 0


class LedgerSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger at one instant, counted in transactions since the start of the run.

    Attributes:
        dead_letters: by reason, those that occurred.
        balanced: whether it balanced at this and every earlier reading.
        imbalances: equations that did not hold at the first reading at which any did not, in words.
    """

    offered: int
    unsent: int
    produced: int
    decided: int
    dead_lettered: int
    dead_letters: dict[str, int]
    duplicate: int
    in_flight: int
    logged: int
    log_failed: int
    awaiting_log: int
    delivered: int
    undelivered: int
    awaiting_delivery: int
    balanced: bool
    imbalances: tuple[str, ...] = ()

    def check(self) -> list["Imbalance"]:
        """Return the equations that do not hold at this instant, in their order; empty when all do."""
        found = []
        for whole, parts in EQUATIONS:
            came, went = getattr(self, whole), sum(getattr(self, part) for part in parts)
            if came != went:
                found.append(Imbalance(f"{whole} = {' + '.join(parts)}", came, went))
        return found


class Imbalance(msgspec.Struct, frozen=True):
    """An equation of the ledger that does not hold."""

    equation: str
    came: int
    went: int

    def __str__(self) -> str:
        """Return the equation, both sides, and how many were lost or counted twice."""
        missing = self.came - self.went
        what = f"{missing} lost" if missing > 0 else f"{-missing} counted twice"
        return f"{self.equation}: {self.came} ≠ {self.went}, {what}"
