"""The logger: delivers decisions to the caller and appends them to the decision log."""

import logging
from concurrent.futures import Executor
from dataclasses import dataclass

import msgspec

from actors.actor import Actor, Environment
from actors.decision_log import DecisionLines, FeatureLogging, LineSink
from actors.delivery import DeliveryConfig, DeliveryRetries, deliver
from actors.errors import SinkError
from actors.home_loop import HomeLoop
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
    pipeline goes on. Lines are written in a thread, so that a slow disk fills this mailbox and nothing else.

    Attributes:
        delivery_failure: the first failure of the sink, "" without one.
        disk_failure: the first failure of the decision log, "" without one.
    """

    def __init__(
        self,
        config: LoggerConfig,
        sink: DecisionSink,
        lines: DecisionLines,
        output: LineSink,
        executor: Executor,
        inbox: Mailbox[DecidedBatch],
        environment: Environment,
        retries: DeliveryRetries | None = None,
    ) -> None:
        super().__init__("logger", inbox, None, environment)
        self._config = config
        self._sink = sink
        self._lines = lines
        self._output = output
        self._executor = executor
        self._retries = retries
        self._committed_size = output.size
        self._home = HomeLoop()
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
        self.delivery_failure = ""
        self.disk_failure = ""

    def batch_limit(self) -> int:
        """Return the configured batch size."""
        return self._config.max_batch_size

    async def prepare(self, lease: Lease[DecidedBatch]) -> Handled:
        """Deliver, then log."""
        started_ns = self.clock.now_ns()
        delivered = await self._deliver(lease.message)
        logged = await self._append(lease.message, lease.rows)
        return Handled(delivered, logged, started_ns)

    def commit(self, lease: Lease[DecidedBatch], prepared: Handled) -> None:
        """Count what was delivered and logged."""
        self._account(lease.message, prepared)

    async def finish(self, decided: DecidedBatch) -> None:
        """Deliver and log ``decided`` outside a lease; for the end of a run."""
        started_ns = self.clock.now_ns()
        delivered = await self._deliver(decided)
        self._account(decided, Handled(delivered, await self._append(decided, len(decided)), started_ns))

    def _account(self, decided: DecidedBatch, prepared: Handled) -> None:
        count, ledger = len(decided.score), self.telemetry.ledger
        if prepared.delivered:
            ledger.deliver(count)
        elif self._retries is not None:
            self._retries.put(decided)
        else:
            ledger.undelivered(count)
        (ledger.log if prepared.logged else ledger.log_failed)(count)
        self._committed_size = self._output.size
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
            if not self.delivery_failure:
                self.delivery_failure = str(error)
                _complain("decisions cannot be delivered", error)
            return False
        return True

    async def _append(self, decided: DecidedBatch, rows: int) -> bool:
        lines = self._lines.encode(decided)
        await self.work.spend(Job.LOG, rows)
        try:
            await self._home.get().run_in_executor(self._executor, self._write, lines)
        except SinkError as error:
            if not self.disk_failure:
                self.disk_failure = str(error)
                _complain("decisions cannot be logged", error)
            return False
        return True

    def _write(self, lines: bytes) -> None:
        if self._output.size != self._committed_size:  # a crash after writing: this batch comes again
            self._output.cut(self._committed_size)
        self._output.append(lines)


def _complain(what: str, error: SinkError) -> None:
    """Say it; called once each, the counters say how often."""
    log.error("%s: %s; they are counted and the run goes on", what, error)
