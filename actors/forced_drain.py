"""How a run ends that could not drain: whatever is left inside is decided without a model, at once."""

from dataclasses import dataclass

import numpy as np

from actors.assembler import Assembler
from actors.core.batches import Cause, DecidedBatch, FeatureBatch, Mode, RawBatch, Track
from actors.core.clock import NS_PER_US, Clock
from actors.logger import Logger
from actors.model.policy import decide_default
from actors.model.scoring import Scoring
from actors.producer import Producer
from actors.scorer import Scorer
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry

UNKNOWN_MODEL = np.uint16(0)  # the column is not read where no model scored


@dataclass(frozen=True, slots=True)
class ForcedDrain:
    """Decides what the actors hold, in order, after they were stopped for good.

    At every instant each transaction is in a mailbox or in the ledger. Everything is decided without a wait, and what
    is decided lies in the logger's mailbox, beyond its capacity if need be, until it is delivered and logged.

    Attributes:
        scoring: knows the model that serves, whose rules these are.
        cause: why: DRAIN_TIMEOUT decides by default, ESCALATED by rules.
    """

    producer: Producer
    assembler: Assembler
    scorer: Scorer
    logger: Logger
    scoring: Scoring
    clock: Clock
    telemetry: Telemetry
    cause: Cause

    async def run(self) -> int:
        """Give everything left a decision, then have the logger finish it.

        Returns:
            How many transactions were left without a decision.
        """
        unsent = self.scorer.take_outbox()
        decided = [] if unsent is None else [unsent]
        features = self._take_assembled()
        raw = self._take_raw()
        left = sum(map(len, features)) + sum(map(len, raw))
        features += [batch for part in raw if (batch := self.assembler.assemble_at_once(part)) is not None]
        decided += [self._decide(batch) for batch in features]
        self.logger.inbox.refill(decided)
        await self.logger.finish()
        return left

    def _take_raw(self) -> list[RawBatch]:
        unsent = self.producer.take_outbox()
        return [*self.assembler.inbox.take_all(), *([] if unsent is None else [unsent])]

    def _take_assembled(self) -> list[FeatureBatch]:
        unsent = self.assembler.take_outbox()
        return [*self.scorer.inbox.take_all(), *([] if unsent is None else [unsent])]

    def _decide(self, batch: FeatureBatch) -> DecidedBatch:
        if self.cause is Cause.ESCALATED:
            (decision, reason), mode = self.scoring.current().rules.decide(batch.features), Mode.RULES
        else:
            (decision, reason), mode = decide_default(batch.amount), Mode.DEFAULT
        count = len(batch)
        now_ns = self.clock.now_ns()
        batch.track[:, Track.SCORING_START] = now_ns
        batch.track[:, Track.DECIDED] = now_ns
        modes = np.full(count, mode, dtype=np.uint8)
        self.telemetry.ledger.decide(decision, modes)
        self.telemetry.stages[Stage.LATENCY].record((now_ns - batch.track[:, Track.ARRIVAL]) // NS_PER_US)
        return DecidedBatch(
            batch,
            np.full(count, np.nan),
            decision,
            modes,
            np.full(count, self.cause, dtype=np.uint8),
            reason,
            np.full(count, UNKNOWN_MODEL),
        )
