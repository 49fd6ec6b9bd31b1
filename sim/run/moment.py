"""The moment that a frame shows: the windows and standings it is made of."""

from dataclasses import dataclass

from actors.model.policy import Thresholds
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window
from dashboard import frame as show
from sim.expectations.result import ExpectationResult
from sim.faults.switch import FaultRecord
from sim.run.live_quality import LiveMoney
from sim.steps.step import StepRecord


@dataclass(frozen=True, slots=True)
class Moment:
    """What a frame is made of, apart from the facts.

    Attributes:
        recent: the last 10 s.
        whole: the run so far.
        quality: sums over labelled decisions.
        rolling_auc: of the latest labelled decisions.
        thresholds: scores from which to review and to block.
        reference_mean: mean score of the serving model in training.
        drift: the window that PSI is taken over: the last minute, for enough rows.
    """

    state: show.RunState
    verdict: show.VerdictWord
    recent: Window
    whole: Window
    drift: Window
    quality: LiveMoney
    rolling_auc: float | None
    expectations: tuple[ExpectationResult, ...]
    faults: tuple[FaultRecord, ...]
    steps: tuple[StepRecord, ...]
    thresholds: Thresholds
    reference_mean: float | None
    breaker: show.Breaker | None
    warnings: tuple[str, ...] = ()

    @property
    def now(self) -> Snapshot:
        """The latest snapshot."""
        return self.recent.newer
