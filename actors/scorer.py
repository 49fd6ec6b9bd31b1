"""The scorer: feature rows become scores, scores become decisions; in need it takes a lower rung of the ladder."""

from dataclasses import dataclass, field

import numpy as np

from actors.actor import Actor, Environment
from actors.arrays import F64, U8, Bool
from actors.clock import NS_PER_US
from actors.dead_letters import DeadLetterSink
from actors.errors import ModelError
from actors.mailbox import Lease, Mailbox
from actors.messages import Cause, DeadLetter, DecidedBatch, FeatureBatch, Mode, Reason, Track
from actors.model.policy import decide
from actors.model.rules import RuleBook
from actors.model.scoring import Scoring
from actors.model.slot import ServingModel
from actors.resilience.shedding import ServiceEstimate, SheddingConfig, least_valuable, overdue
from actors.telemetry.stages import Stage
from actors.work import Job


@dataclass(frozen=True, slots=True)
class ScorerConfig:
    """How the scorer works.

    Attributes:
        capacity: of its mailbox, in transactions.
        inline_limit: most transactions at a time while it keeps up; scored on the event loop.
        max_batch_size: most transactions at a time while it has a backlog; scored in the executor.
        shedding: when it takes the fast path.
    """

    capacity: int = 5_000
    inline_limit: int = 64
    max_batch_size: int = 1_024
    shedding: SheddingConfig = field(default_factory=SheddingConfig)


@dataclass(frozen=True, slots=True)
class Scored:
    """A lease's work so far.

    Attributes:
        model: what scored.
        shed: bool (n,), taken out of the model's way, with their ``cause``.
        scores: float64 (n,), NaN where the model did not score.
        cause: uint8 (n,), `Cause`.
        started_ns: when the lease was taken up.
        decide_ns: when its scores were there.
    """

    model: ServingModel
    shed: Bool
    scores: F64
    cause: U8
    started_ns: int
    decide_ns: int


_CAUSE_OF_MODE = np.array(
    [Cause.NONE, Cause.STALE_FEATURES, Cause.MISSING_FEATURES, Cause.NONE, Cause.NONE], dtype=np.uint8
)


class Scorer(Actor[FeatureBatch, Scored, DecidedBatch]):
    """Decides every transaction it receives.

    On time, the model's score against its thresholds decides. Transactions whose deadline the model would miss, and
    the least valuable ones of an overfull mailbox, are decided by rules at once. If scoring fails, so is the batch.
    """

    def __init__(
        self,
        config: ScorerConfig,
        scoring: Scoring,
        rules: RuleBook,
        dead_letters: DeadLetterSink,
        inbox: Mailbox[FeatureBatch],
        outlet: Mailbox[DecidedBatch],
        environment: Environment,
    ) -> None:
        super().__init__("scorer", inbox, outlet, environment)
        self._config = config
        self._scoring = scoring
        self._rules = rules
        self._dead_letters = dead_letters
        self._estimate = ServiceEstimate()

    def batch_limit(self) -> int:
        """Return a small batch while the scorer keeps up, the largest once a backlog has grown."""
        backlog = self.inbox.depth > self._config.inline_limit
        return self._config.max_batch_size if backlog else self._config.inline_limit

    def gives_way(self, rows: int) -> bool:
        """Large batches are scored in the executor, which should not idle while the others have their turn."""
        return rows > self._config.inline_limit

    async def prepare(self, lease: Lease[FeatureBatch]) -> Scored:
        """Choose who takes the fast path, score the others."""
        batch, started_ns = lease.message, self.clock.now_ns()
        model = self._scoring.current()
        cause = _CAUSE_OF_MODE[batch.mode]
        shed = self._choose_shed(batch, cause, started_ns)
        scores = np.full(len(batch), np.nan)
        chosen = ~shed
        if chosen.any():
            try:
                scores[chosen] = await self._score(model, batch, chosen)
            except ModelError:
                self.telemetry.model_errors += 1
                shed[:] = True
                cause[chosen] = Cause.MODEL_FAILED
        decide_ns = self.clock.now_ns()
        await self.work.spend(Job.DECIDE, len(batch))
        return Scored(model, shed, scores, cause, started_ns, decide_ns)

    def commit(self, lease: Lease[FeatureBatch], prepared: Scored) -> DecidedBatch:
        """Decide, stamp, count; return the decisions."""
        batch = lease.message
        decision = decide(prepared.scores, prepared.model.thresholds)
        reason = np.full(len(batch), Reason.SCORE, dtype=np.uint8)
        mode = batch.mode
        if prepared.shed.any():
            at = prepared.shed
            decision[at], reason[at] = self._rules.decide(batch.features[at])
            mode = np.where(at, np.uint8(Mode.RULES), mode)
        generation = np.full(len(batch), prepared.model.generation, dtype=np.uint16)
        decided = DecidedBatch(batch, prepared.scores, decision, mode, prepared.cause, reason, generation)
        self._account(decided, prepared.started_ns, prepared.decide_ns)
        return decided

    def discard(self, message: FeatureBatch, error: BaseException) -> None:
        """Make a poison dead letter of ``message``."""
        detail = f"crashed the scorer twice: {type(error).__name__}: {error}"
        now_ns = self.clock.now_ns()
        numbers = message.track[:, Track.NUMBER].tolist()
        letters = [
            DeadLetter(number, "poison", detail, name.encode(), now_ns)
            for number, name in zip(numbers, message.ids, strict=True)
        ]
        self.telemetry.ledger.dead_letter("poison", len(letters))
        self._dead_letters.put(letters)

    def _choose_shed(self, batch: FeatureBatch, cause: U8, now_ns: int) -> Bool:
        """Return who takes the fast path, and write why into ``cause``."""
        config, count = self._config.shedding, len(batch)
        late = overdue(batch.track[:, Track.ARRIVAL], now_ns + self._estimate.of(count), config.deadline_ns)
        cause[late] = Cause.DEADLINE
        if config.shed_above is None or (excess := self.inbox.depth + count - config.shed_above) <= 0:
            return late
        shed = least_valuable(batch.amount, min(count, excess))
        cause[shed & ~late] = Cause.SHED
        return shed | late

    async def _score(self, model: ServingModel, batch: FeatureBatch, chosen: Bool) -> F64:
        started_ns = self.clock.now_ns()
        features = batch.features if chosen.all() else batch.features[chosen]
        scores = await self._scoring.score(model, features)
        took_ns = self.clock.now_ns() - started_ns
        self._estimate.learn(len(features), took_ns)
        self.telemetry.stages[Stage.INFERENCE].record_span(took_ns // NS_PER_US, len(features))
        return scores

    def _account(self, decided: DecidedBatch, started_ns: int, decide_ns: int) -> None:
        track, telemetry = decided.batch.track, self.telemetry
        now_ns = self.clock.now_ns()
        track[:, Track.SCORING_START] = started_ns
        track[:, Track.DECIDED] = now_ns
        stages = telemetry.stages
        stages[Stage.SCORER_WAITING].record((started_ns - track[:, Track.ASSEMBLED]) // NS_PER_US)
        stages[Stage.DECIDE].record_span((now_ns - decide_ns) // NS_PER_US, len(decided))
        stages[Stage.LATENCY].record((now_ns - track[:, Track.ARRIVAL]) // NS_PER_US)
        telemetry.ledger.decide(decided.mode)
        telemetry.shed_rows += int(np.count_nonzero(decided.cause == Cause.SHED))
        telemetry.deadline_rows += int(np.count_nonzero(decided.cause == Cause.DEADLINE))
        telemetry.observe_decisions(decided.decision, decided.mode)
        telemetry.observe_scores(decided.score[decided.reason == Reason.SCORE])
