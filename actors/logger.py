"""The logger: delivers decisions to the caller and appends them to the decision log."""

import asyncio
import logging
from functools import partial

import msgspec

from actors.actor import Actor, Environment
from actors.config import PipelineConfig
from actors.core.batches import DECIDED, LOGGED, LOGGING_START, DecidedBatch
from actors.core.clock import NS_PER_S
from actors.core.errors import SinkError
from actors.core.work import LOG
from actors.mailbox import Lease, Mailbox
from actors.output.decision_log import DecisionLog
from actors.output.delivery import DeliveryRetries, deliver
from actors.output.sinks import DecisionSink, FirstFailure
from actors.resilience.timeout import ReusableTimeout
from actors.telemetry.stages import Stage, StageRecorder, StageSpan

FINISH_NS = 1 * NS_PER_S  # as long as a caller has by default for one batch

log = logging.getLogger(__name__)


class Handled(msgspec.Struct, frozen=True):
    """What became of a batch: whether it was delivered, and since when it was worked on."""

    delivered: bool
    started_ns: int


class Logger(Actor[DecidedBatch, Handled, DecidedBatch]):
    """The end of the pipeline.

    A sink or a disk that fails costs delivery or log lines, which are counted; decisions are never rewritten, and the
    pipeline goes on.

    Attributes:
        log: where it writes them down.
        delivery_failure: the first one of the sink.
    """

    def __init__(
        self,
        config: PipelineConfig,
        sink: DecisionSink,
        decision_log: DecisionLog,
        inbox: Mailbox[DecidedBatch],
        environment: Environment,
        retries: DeliveryRetries,
    ) -> None:
        super().__init__("logger", inbox, None, environment)
        self._config = config.logger
        self.log = decision_log
        self._retries = retries
        self._deliver = partial(deliver, sink, ReusableTimeout(config.delivery.timeout_ns, environment.clock))
        stages = self.telemetry.stages
        self._times = StageRecorder(
            LOGGING_START,
            (
                StageSpan(stages[Stage.LOGGER_WAITING], DECIDED, LOGGING_START),
                StageSpan(stages[Stage.LOG], LOGGING_START, LOGGED),
                StageSpan(stages[Stage.LOGGED], DECIDED, LOGGED),
            ),
        )
        self.delivery_failure = FirstFailure("decisions cannot be delivered")

    def batch_limit(self) -> int:
        """Return the configured batch size."""
        return self._config.max_batch_size

    async def prepare(self, lease: Lease[DecidedBatch]) -> Handled:
        """Deliver, then log."""
        started_ns, decided, delivered = self.clock.now_ns(), lease.message, True
        try:
            await self._deliver(decided)
        except SinkError as error:
            self.delivery_failure.note(error)
            delivered = False
        await self.work.spend(LOG, lease.rows)
        await self.log.write(decided)
        return Handled(delivered, started_ns)

    def commit(self, lease: Lease[DecidedBatch], prepared: Handled) -> None:
        """Count what was delivered and logged."""
        decided, ledger = lease.message, self.telemetry.ledger
        if prepared.delivered:
            ledger.deliver(lease.rows)
        else:
            self._retries.put(decided)
        self.log.commit(decided)
        self._times.record(decided.batch.track, prepared.started_ns, self.clock.now_ns())

    async def run(self) -> None:
        """Work until the inbox is closed and empty, and all is written down."""
        await super().run()
        await self.log.drained()

    async def finish(self) -> None:
        """Deliver and log everything that waits, for the end of a run; `FINISH_NS` is what deliveries may take of it.

        Whoever ends a run has waited for the drain: a caller that does not answer is not waited for batch by batch.
        What is left when that time is up is logged, and not delivered. Until a batch is booked it is in the mailbox, so
        that the ledger balances all the while.
        """
        self.inbox.close()
        patience_ns = FINISH_NS
        while (lease := await self.inbox.receive(self.batch_limit())) is not None:
            started_ns, decided = self.clock.now_ns(), lease.message
            try:
                delivered = await self._deliver_within(patience_ns, decided)
                patience_ns -= self.clock.now_ns() - started_ns
                await self.log.write(decided)
                handled = Handled(delivered, started_ns)
            except Exception as error:  # noqa: BLE001 - it may be what kept crashing this actor
                self.discard(decided, error)
            else:
                self.commit(lease, handled)
            self.inbox.acknowledge()
        await self.log.drained()

    async def _deliver_within(self, span_ns: int, decided: DecidedBatch) -> bool:
        if span_ns <= 0:
            return False
        try:
            async with asyncio.timeout(span_ns / NS_PER_S):
                await self._deliver(decided)
        except TimeoutError:
            self.delivery_failure.note(SinkError("no answer before the run had to end"))
            return False
        except SinkError as error:
            self.delivery_failure.note(error)
            return False
        return True

    def discard(self, message: DecidedBatch, error: BaseException) -> None:
        """Count ``message`` as neither delivered nor logged: it is decided, but this actor cannot handle it."""
        log.error("a decision crashed the logger twice and is dropped from log and delivery: %s", error)
        self.telemetry.ledger.undelivered(len(message))
        self.telemetry.ledger.log_failed(len(message))
