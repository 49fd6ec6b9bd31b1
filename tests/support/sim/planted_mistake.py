"""A logger with a mistake in it, for `explore` to find."""

from actors.actor import Actor
from actors.core.batches import DecidedBatch, Mode
from actors.core.clock import NS_PER_S
from actors.logger import Handled, Logger
from actors.mailbox import Lease
from actors.pipeline import Pipeline

SOON_NS = NS_PER_S // 5


class ForgetfulLogger(Logger):
    """Books a delivery twice when the feature store fails again within 200 ms of its return.

    One outage never shows it, nor do two that are far apart or that overlap.
    """

    down = False
    back_since_ns: int | None = None

    def commit(self, lease: Lease[DecidedBatch], prepared: Handled) -> None:
        """Count what was delivered and logged, and now and then more."""
        super().commit(lease, prepared)
        now_ns = self.clock.now_ns()
        for mode in lease.message.mode.tolist():
            fails = mode == Mode.REALTIME_ONLY
            if fails and not self.down and self.back_since_ns is not None and now_ns - self.back_since_ns < SOON_NS:
                self.telemetry.ledger.deliver(1)
            if self.down and not fails:
                self.back_since_ns = now_ns
            self.down = fails


def plant(pipeline: Pipeline) -> None:
    """Put the forgetful logger in the place of the real one."""
    logger: Actor[DecidedBatch, Handled, DecidedBatch] = pipeline.logger
    logger.__class__ = ForgetfulLogger
