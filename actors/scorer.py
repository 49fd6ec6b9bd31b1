"""The scorer: feature rows become scores, scores become decisions; in need it takes a lower rung of the ladder."""

from functools import lru_cache

import msgspec
import numpy as np

from actors.actor import Actor, Environment
from actors.config import PipelineConfig
from actors.core.arrays import F32, F64, U8, Bool, all_u8, all_u16
from actors.core.batches import (
    ARRIVAL,
    ASSEMBLED,
    DECIDED,
    SCORING_START,
    Cause,
    DeadLetter,
    DecidedBatch,
    FeatureBatch,
    Mode,
    Reason,
    Track,
    earliest,
)
from actors.core.clock import NS_PER_US
from actors.core.errors import ModelError
from actors.core.work import DECIDE, EXECUTOR, LOOP
from actors.mailbox import Lease, Mailbox
from actors.model.policy import answer_failures, decide
from actors.model.scoring import InlineBudget, Scoring
from actors.model.serving import ServingModel
from actors.output.dead_letters import DeadLetterBuffer
from actors.resilience.shedding import ServiceEstimate, least_valuable, too_late
from actors.telemetry.stages import Stage, StageRecorder, StageSpan


class Scored(msgspec.Struct, frozen=True):
    """A lease's work so far.

    Attributes:
        model: what scored.
        shed: bool (n,), decided without the model, with their ``cause``; None: none is.
        scores: float64 (n,), NaN where the model did not score.
        cause: uint8 (n,), `Cause`.
        started_ns: when the lease was taken up.
        decide_ns: when its scores were there.
    """

    model: ServingModel
    shed: Bool | None
    scores: F64
    cause: U8
    started_ns: int
    decide_ns: int


BACKLOG = 16  # full batches in a row; a few come at any load, and the way to the executor and back takes its time
_CAUSE_OF_MODE = bytes([Cause.NONE, Cause.STALE_FEATURES, Cause.MISSING_FEATURES, Cause.MISSING_FEATURES]).ljust(
    256, bytes([Cause.NONE])
)
_RULES = int(Mode.RULES)
_SCORE = int(Reason.SCORE)


@lru_cache(maxsize=1_024)
def _causes(modes: bytes) -> U8:
    """Return why each is below the top rung, as far as its features tell: uint8 (n,), which cannot be written to."""
    return np.frombuffer(modes.translate(_CAUSE_OF_MODE), np.uint8)


class Scorer(Actor[FeatureBatch, Scored, DecidedBatch]):
    """Decides every transaction it receives.

    Batches are scored on the loop where that is quick, and in the executor where the loop has too much to do: when
    transactions pile up here, or come in batches as large as the sender makes them, since then they pile up before it.

    On time, the model's score against its thresholds decides. Transactions whose deadline the model would miss, and
    the least valuable ones of an overfull mailbox, are decided by rules at once. If scoring fails, so is the batch.

    Args:
        config: of the pipeline: how this actor works, when it sheds, what a failure is answered with.
        scoring: where scores come from.
        dead_letters: where poison is kept.
        inbox: where it receives.
        outlet: where it sends.
        environment: the clock and all else that every actor works in.
    """

    def __init__(
        self,
        config: PipelineConfig,
        scoring: Scoring,
        dead_letters: DeadLetterBuffer,
        inbox: Mailbox[FeatureBatch],
        outlet: Mailbox[DecidedBatch],
        environment: Environment,
    ) -> None:
        super().__init__("scorer", inbox, outlet, environment)
        self._config = config.scorer
        self._shed_above = config.mailboxes.scorer.shed_above
        self._on_failure = config.on_failure
        self._scoring = scoring
        self._dead_letters = dead_letters
        self._on_loop = InlineBudget(config.scorer.inline_time_ns, config.scorer.max_batch_size)
        self._full_batch = max(2, config.assembler.max_batch_size)  # one transaction tells of no backlog
        self._full_in_a_row = 0
        self._estimate = ServiceEstimate()
        self._sheds = config.scorer.deadline_ns is not None or self._shed_above is not None
        stages = self.telemetry.stages
        waiting = StageSpan(stages[Stage.SCORER_WAITING], ASSEMBLED, SCORING_START)
        self._times = StageRecorder(SCORING_START, (waiting, StageSpan(stages[Stage.LATENCY], ARRIVAL, DECIDED)))
        self._inference_time, self._decide_time = stages[Stage.INFERENCE], stages[Stage.DECIDE]

    def batch_limit(self) -> int:
        """Return what is scored on the loop while the scorer keeps up, the largest batch once a backlog has grown."""
        at_once = self._on_loop.rows
        return self._config.max_batch_size if self.inbox.depth > at_once else max(1, at_once)

    def gives_way(self, rows: int) -> bool:
        """Large batches are scored in the executor, which should not idle while the others have their turn."""
        return not self._suits_loop(rows)

    def _suits_loop(self, rows: int) -> bool:
        return rows <= self._on_loop.rows and self._full_in_a_row < BACKLOG

    async def prepare(self, lease: Lease[FeatureBatch]) -> Scored:
        """Choose which transactions take the fast path, score the others."""
        batch, started_ns = lease.message, self.clock.now_ns()
        self._full_in_a_row = self._full_in_a_row + 1 if lease.rows >= self._full_batch else 0
        model = self._scoring.current()
        modes = batch.mode.tobytes()
        cause, shed = _causes(modes), None
        if _RULES in modes:  # their windows did not answer
            shed = batch.mode == _RULES
        if self._sheds:
            cause = cause.copy()
            shed = self._choose_shed(batch, cause, started_ns, shed)
        try:
            scores = await (
                self._timed(model, batch.features) if shed is None else self._score_others(model, batch, shed)
            )
        except ModelError:
            self.telemetry.counters.model_errors += 1
            cause = cause.copy()
            cause[... if shed is None else ~shed] = Cause.MODEL_FAILED
            shed, scores = np.ones(len(batch), dtype=np.bool_), np.full(len(batch), np.nan)
        decide_ns = self.clock.now_ns()
        await self.work.spend(DECIDE, lease.rows)
        return Scored(model, shed, scores, cause, started_ns, decide_ns)

    def commit(self, lease: Lease[FeatureBatch], prepared: Scored) -> DecidedBatch:
        """Decide, stamp, count; return the decisions."""
        batch, shed = lease.message, prepared.shed
        count = lease.rows
        decision = decide(prepared.scores, prepared.model.thresholds)
        reason, mode = all_u8(_SCORE, count), batch.mode
        if shed is not None:
            decision, reason = decision.copy(), reason.copy()
            decision[shed], reason[shed] = prepared.model.rules.decide(batch.features[shed])
            mode = np.where(shed, np.uint8(Mode.RULES), mode)
        decision = answer_failures(self._on_failure, decision, prepared.cause)
        generation = all_u16(prepared.model.generation, count)
        decided = DecidedBatch(batch, prepared.scores, decision, mode, prepared.cause, reason, generation)
        self._account(decided, prepared)
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

    def _choose_shed(self, batch: FeatureBatch, cause: U8, now_ns: int, unfit: Bool | None) -> Bool | None:
        """Return which take the fast path, None for none, and write why into ``cause``; the ``unfit`` must take it."""
        shed_above, count = self._shed_above, len(batch)
        deadline_ns, done_ns = self._config.deadline_ns, now_ns + self._estimate.plan(count)
        excess = 0 if shed_above is None else self.inbox.depth + count - shed_above
        urgent = deadline_ns is not None and earliest(batch.track, ARRIVAL) + deadline_ns < done_ns
        if excess <= 0 and not urgent:
            return unfit
        shed = np.zeros(count, dtype=np.bool_) if unfit is None else unfit.copy()
        if urgent and deadline_ns is not None:
            slack_ns = batch.track[:, ARRIVAL] + (deadline_ns - now_ns)
            late = too_late(slack_ns, batch.amount, deadline_ns, self._estimate) & ~shed
            shed |= late
            cause[late] = Cause.DEADLINE
        left = np.flatnonzero(~shed)
        relieved = left[least_valuable(batch.amount[left], excess - (count - len(left)))]
        shed[relieved], cause[relieved] = True, Cause.SHED
        if shed.all():
            self._try_one(batch, shed, cause, now_ns)
        return shed

    def _try_one(self, batch: FeatureBatch, shed: Bool, cause: U8, now_ns: int) -> None:
        """In doubt of the estimate leave the model the least of those whose deadline is ahead, late if it is right."""
        deadline_ns = self._config.deadline_ns
        since_ns = 0 if deadline_ns is None else now_ns - deadline_ns
        in_time = np.flatnonzero((batch.track[:, ARRIVAL] >= since_ns) & (batch.mode != _RULES))
        if len(in_time) and self._estimate.doubted(now_ns):
            tried = in_time[batch.amount[in_time].argmin()]
            shed[tried], cause[tried] = False, _CAUSE_OF_MODE[batch.mode[tried]]

    async def _score_others(self, model: ServingModel, batch: FeatureBatch, shed: Bool) -> F64:
        """Return the scores of those that are not ``shed``, NaN for the others."""
        scores = np.full(len(batch), np.nan)
        if not shed.all():
            scores[~shed] = await self._timed(model, batch.features[~shed])
        return scores

    async def _timed(self, model: ServingModel, features: F32) -> F64:
        started_ns, rows = self.clock.now_ns(), len(features)
        core = LOOP if self._suits_loop(rows) else EXECUTOR
        scores = await self._scoring.score(model, features, core)
        took_ns = self.clock.now_ns() - started_ns
        self._on_loop.learn(rows, took_ns, core)
        if self._sheds:  # or nothing asks for the estimate
            self._estimate.learn(rows, took_ns)
        self._inference_time.record_span(took_ns // NS_PER_US, rows)
        return scores

    def _account(self, decided: DecidedBatch, prepared: Scored) -> None:
        track, telemetry = decided.batch.track, self.telemetry
        now_ns = self.clock.now_ns()
        self._times.record(track, prepared.started_ns, now_ns)
        self._decide_time.record_span((now_ns - prepared.decide_ns) // NS_PER_US, len(track))
        telemetry.ledger.decide(decided.decision, decided.mode)
        telemetry.observe_scores(decided.score)
        if prepared.shed is not None:
            telemetry.counters.shed_rows += int(np.count_nonzero(decided.cause == Cause.SHED))
            telemetry.counters.deadline_rows += int(np.count_nonzero(decided.cause == Cause.DEADLINE))
