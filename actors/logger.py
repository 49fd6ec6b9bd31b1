"""The logger: delivers decisions to the caller and appends them to the decision log."""

import logging
from dataclasses import dataclass

import msgspec

from actors.actor import Actor, Environment
from actors.decision_lines import FeatureLogging
from actors.decision_log import DecisionLog
from actors.delivery import DeliveryConfig, DeliveryRetries, deliver
from actors.errors import SinkError
from actors.first_failure import FirstFailure
from actors.mailbox import Lease, Mailbox
from actors.messages import DecidedBatch
from actors.resilience.watchdog import Watchdog
from actors.sink import DecisionSink
from actors.stamps import DECIDED, LOGGED, LOGGING_START
from actors.telemetry.stages import Stage
from actors.time_sheet import Span, TimeSheet
from actors.work import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggerConfig:
    """How the logger works.

    Attributes:
        capacity: of its mailbox, in transactions.
        max_batch_size: most transactions at a time.
        features: which lines of the decision log carry their features.
        delivery: how failed deliveries are tried again; None: each is tried once, however long it takes.
    """

    capacity: int = 20_000
    max_batch_size: int = 512
    features: FeatureLogging = "sample"
    delivery: DeliveryConfig | None = None


class Handled(msgspec.Struct, frozen=True):
    """What became of a batch: whether it was delivered and logged, and since when it was worked on."""

    delivered: bool
    logged: bool
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
        config: LoggerConfig,
        sink: DecisionSink,
        decision_log: DecisionLog,
        inbox: Mailbox[DecidedBatch],
        environment: Environment,
        retries: DeliveryRetries | None = None,
    ) -> None:
        super().__init__("logger", inbox, None, environment)
        self._config = config
        self._sink = sink
        self.log = decision_log
        self._retries = retries
        self._watchdog = None if config.delivery is None else Watchdog(config.delivery.timeout_ns, environment.clock)
        stages = self.telemetry.stages
        self._times = TimeSheet(
            LOGGING_START,
            (
                Span(stages[Stage.LOGGER_WAITING], DECIDED, LOGGING_START),
                Span(stages[Stage.LOG], LOGGING_START, LOGGED),
                Span(stages[Stage.LOGGED], DECIDED, LOGGED),
            ),
        )
        self.delivery_failure = FirstFailure("decisions cannot be delivered")

    def batch_limit(self) -> int:
        """Return the configured batch size."""
        return self._config.max_batch_size

    async def prepare(self, lease: Lease[DecidedBatch]) -> Handled:
        """Deliver, then log."""
        started_ns = self.clock.now_ns()
        delivered = await self._deliver(lease.message)
        logged = await self._write(lease.message, lease.rows)
        return Handled(delivered, logged, started_ns)

    def commit(self, lease: Lease[DecidedBatch], prepared: Handled) -> None:
        """Count what was delivered and logged."""
        self._account(lease.message, prepared)

    async def finish(self, decided: DecidedBatch) -> None:
        """Deliver and log ``decided`` outside a lease; for the end of a run."""
        started_ns = self.clock.now_ns()
        delivered = await self._deliver(decided)
        self._account(decided, Handled(delivered, await self._write(decided, len(decided)), started_ns))

    def _account(self, decided: DecidedBatch, prepared: Handled) -> None:
        count, ledger = len(decided.score), self.telemetry.ledger
        if prepared.delivered:
            ledger.deliver(count)
        elif self._retries is not None:
            self._retries.put(decided)
        else:
            ledger.undelivered(count)
        self.log.commit(decided, written=prepared.logged)
        self._times.book(decided.batch.track, prepared.started_ns, self.clock.now_ns())

    def discard(self, message: DecidedBatch, error: BaseException) -> None:
        """Count ``message`` as neither delivered nor logged: it is decided, but this actor cannot handle it."""
        log.error("a decision crashed the logger twice and is dropped from log and delivery: %s", error)
        self.telemetry.ledger.undelivered(len(message))
        self.telemetry.ledger.log_failed(len(message))

    async def _deliver(self, decided: DecidedBatch) -> bool:
        try:
            if self._watchdog is None:
                await self._sink.deliver(decided)
            else:
                await deliver(self._sink, decided, self._watchdog)
        except SinkError as error:
            self.delivery_failure.note(error)
            return False
        return True

    async def _write(self, decided: DecidedBatch, rows: int) -> bool:
        await self.work.spend(Job.LOG, rows)
        return await self.log.write(decided)
