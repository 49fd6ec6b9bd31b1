"""Telemetry to test with."""

from collections.abc import Iterable

import numpy as np

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.telemetry.drift import Reference, bins_of
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.snapshot import Gauges, MailboxGauge, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry

EVEN = (np.arange(1_000) + 0.5) / 1_000  # evenly spread over [0, 1]
TENTHS = np.arange(1, 10) / 10


def reference(names: Iterable[str] = ("amount", "card_tx_1h"), mean: float = 0.1) -> Reference:
    """Features spread evenly over [0, 1], scores around ``mean``."""
    return Reference({name: bins_of(EVEN, TENTHS) for name in names}, score_mean=mean, score_std=0.05)


def decide(telemetry: Telemetry, count: int, latency_us: int = 1_000, mode: Mode = Mode.FULL) -> None:
    """Let ``count`` transactions go all the way, approved, and scored where the mode is one of a model's."""
    telemetry.ledger.offer(count)
    telemetry.ledger.send(count)
    modes = np.full(count, mode, dtype=np.uint8)
    telemetry.ledger.decide(np.full(count, Decision.APPROVE, dtype=np.uint8), modes)
    if mode <= Mode.REALTIME_ONLY:
        telemetry.observe_scores(np.full(count, 0.1))
    telemetry.ledger.log(count)
    telemetry.ledger.deliver(count)
    telemetry.stages[Stage.LATENCY].record_span(latency_us, count)


def snapshot(telemetry: Telemetry, at_s: float, gauges: Gauges | None = None) -> Snapshot:
    """Read at a second of the run."""
    return telemetry.snapshot(round(at_s * NS_PER_S), gauges or Gauges())


def gauges(unsent: int = 0, depth: int = 0) -> Gauges:
    """Gauges of one mailbox."""
    return Gauges(Waiting(unsent=unsent), mailboxes=(MailboxGauge("scorer", depth, capacity=100),))
