"""The live ledger: every transaction that was offered is somewhere, once.

What must add up is `actors.telemetry.ledger_snapshot.EQUATIONS`.
"""

import numpy as np
from msgspec.structs import asdict, replace

from actors.core.arrays import I64, U8, joined
from actors.core.batches import Decision, Deferred, Mode
from actors.telemetry.ledger_snapshot import Imbalance, LedgerSnapshot, Waiting

_KINDS = np.uint8(len(Decision))


class Ledger:
    """The live ledger. Each method adds; nothing is ever taken back.

    Attributes:
        broken: the equations that did not hold at the first reading at which any did not, in words; () as long as it
            has balanced at each. Whatever says whether the ledger balances goes by this.
    """

    def __init__(self) -> None:
        self.broken: tuple[str, ...] = ()
        self.offered = 0
        self.produced = 0
        self.dead_lettered: dict[str, int] = {}
        self.duplicates = 0
        self.logged = 0
        self.log_failed_count = 0
        self.delivered = 0
        self.undelivered_count = 0
        self._cells: I64 = np.zeros(len(Mode) * len(Decision), dtype=np.int64)
        self._deferred: Deferred[tuple[U8, U8]] = Deferred(self._count)

    def offer(self, count: int) -> None:
        """Count transactions that became due."""
        self.offered += count

    def send(self, count: int) -> None:
        """Count transactions that the producer put into the first mailbox."""
        self.produced += count

    def duplicate(self, count: int) -> None:
        """Count transactions whose id was seen before; they are not decided again."""
        self.duplicates += count

    def dead_letter(self, reason: str, count: int) -> None:
        """Count transactions set aside undecided for ``reason``."""
        self.dead_lettered[reason] = self.dead_lettered.get(reason, 0) + count

    def decide(self, decision: U8, mode: U8) -> None:
        """Count decisions, each with the `Mode` it was made in; both uint8 (n,)."""
        self._deferred.add((decision, mode), len(mode))

    def _count(self, batches: list[tuple[U8, U8]]) -> None:
        decision, mode = map(joined, zip(*batches, strict=True))
        self._cells += np.bincount(mode * _KINDS + decision, minlength=len(self._cells))

    @property
    def decisions(self) -> tuple[tuple[int, ...], ...]:
        """By mode, in the order of `Mode`: counts in the order of `Decision`."""
        self._deferred.flush()
        return tuple(map(tuple, self._cells.reshape(-1, len(Decision)).tolist()))

    @property
    def decided(self) -> list[int]:
        """Decisions by mode."""
        return list(map(sum, self.decisions))

    def decision_count(self, kind: Decision) -> int:
        """Return how many decisions of one kind were made, in any mode."""
        return sum(kinds[kind] for kinds in self.decisions)

    def log(self, count: int) -> None:
        """Count decisions whose log line is written."""
        self.logged += count

    def log_failed(self, count: int) -> None:
        """Count decisions whose log line was given up."""
        self.log_failed_count += count

    def deliver(self, count: int) -> None:
        """Count decisions that the sink took."""
        self.delivered += count

    def undelivered(self, count: int) -> None:
        """Count decisions that the sink did not take before the retries ran out."""
        self.undelivered_count += count

    def snapshot(self, waiting: Waiting) -> LedgerSnapshot:
        """Return the ledger with what is ``waiting`` at this very instant; remember whether it balanced."""
        now = self._read(waiting)
        self.broken = self.broken or tuple(map(str, now.check()))
        return replace(now, balanced=False, imbalances=self.broken) if self.broken else now

    def check(
        self, *, unsent: int = 0, in_flight: int = 0, awaiting_log: int = 0, awaiting_delivery: int = 0
    ) -> list[Imbalance]:
        """Return the equations that do not hold, given what is waiting at this very instant."""
        return self._read(Waiting(unsent, in_flight, awaiting_log, awaiting_delivery)).check()

    def _read(self, waiting: Waiting) -> LedgerSnapshot:
        return LedgerSnapshot(
            offered=self.offered,
            produced=self.produced,
            decided=sum(self.decided),
            dead_lettered=sum(self.dead_lettered.values()),
            dead_letters=self.dead_lettered.copy(),
            duplicate=self.duplicates,
            logged=self.logged,
            log_failed=self.log_failed_count,
            delivered=self.delivered,
            undelivered=self.undelivered_count,
            balanced=True,
            **asdict(waiting),
        )
