"""Labels as they become known while a run goes on: recall, precision and money so far, and the AUC of late."""

from dataclasses import dataclass

import numpy as np

from actors.telemetry.snapshot import Quality
from sim.outcomes.money import Outcomes, business
from sim.outcomes.outcome_book import OutcomeBook
from sim.outcomes.score_quality import LiveQuality, Ranking, calibration_error, score_quality

ROLLING = 5_000  # labelled decisions the AUC looks back on: with 1 % fraud 50 frauds, and 1 ms to compute
LEAST_FRAUDS = 10  # an AUC of fewer says more about chance than about the model


@dataclass(slots=True)
class LiveMoney:
    """Sums over the labelled decisions so far, in units of the currency and in counts.

    Attributes:
        review_count: decisions sent to review, once the run is over; None before.
    """

    loss: float = 0.0
    prevented: float = 0.0
    wrongly_blocked: float = 0.0
    wrongly_blocked_count: int = 0
    fraud_count: int = 0
    detected_count: int = 0
    legitimate_count: int = 0
    stopped_count: int = 0
    labelled_count: int = 0
    review_count: int | None = None


class QualityTracker:
    """Follows the labels as they become known; each transaction is counted once.

    Args:
        book: decisions and truth.
        label_delay_us: event time from a transaction to its label.
    """

    def __init__(self, book: OutcomeBook, label_delay_us: int) -> None:
        self._book = book
        self._delay_us = label_delay_us
        self._counted = 0
        self.money = LiveMoney()
        self.rolling_auc: float | None = None
        self._rolling = LiveQuality(scored=0)

    def update(self, now_us: int, settled_count: int, review_count: int) -> Quality:
        """Take in the labels known at event time ``now_us``.

        Args:
            now_us: event time.
            settled_count: transactions, from the first on, that are decided or set aside.
            review_count: decisions sent to review so far, labelled or not.
        """
        known = min(self._book.known_count(now_us, self._delay_us), settled_count)
        if known > self._counted:
            self._count(self._counted, known)
            self._counted = known
            self._rolling = self._recent(known)
            self.rolling_auc = self._rolling.roc_auc
        return self._quality(review_count)

    def conclude(self, outcomes: Outcomes) -> None:
        """Take in every truth there is, now that the run is over: what the summary says is what is shown last."""
        worth = business(outcomes)
        self.money = LiveMoney(
            loss=worth.fraud_loss,
            prevented=worth.fraud_prevented,
            wrongly_blocked=worth.wrongly_blocked,
            wrongly_blocked_count=worth.wrongly_blocked_count,
            fraud_count=worth.actual_fraud,
            detected_count=worth.fraud_detected,
            legitimate_count=worth.labelled - worth.actual_fraud,
            stopped_count=_stopped(outcomes),
            labelled_count=worth.labelled,
            review_count=worth.review_volume,
        )

    def _count(self, start: int, stop: int) -> None:
        outcomes = self._book.outcomes(start, stop)
        new, money = business(outcomes), self.money
        money.loss += new.fraud_loss
        money.prevented += new.fraud_prevented
        money.wrongly_blocked += new.wrongly_blocked
        money.wrongly_blocked_count += new.wrongly_blocked_count
        money.fraud_count += new.actual_fraud
        money.detected_count += new.fraud_detected
        money.labelled_count += new.labelled
        money.legitimate_count += new.labelled - new.actual_fraud
        money.stopped_count += _stopped(outcomes)

    def _recent(self, known: int) -> LiveQuality:
        recent = self._book.outcomes(max(0, known - ROLLING), known).scored_and_labelled()
        frauds = int(recent.label.sum())
        if frauds < LEAST_FRAUDS or frauds == len(recent):
            return LiveQuality(scored=len(recent))
        ranking = Ranking.of(recent.score, recent.label)
        return LiveQuality(
            scored=len(recent),
            roc_auc=ranking.roc_auc,
            ks=ranking.ks,
            calibration_error=calibration_error(recent.score, recent.label),
        )

    def _quality(self, review_count: int) -> Quality:
        money = self.money
        return Quality(
            labelled=money.labelled_count,
            recall=_ratio(money.detected_count, money.fraud_count),
            precision=_ratio(money.detected_count, money.stopped_count),
            false_positive_rate=_ratio(money.wrongly_blocked_count, money.legitimate_count),
            live_roc_auc=self.rolling_auc,
            live_ks=self._rolling.ks,
            calibration_error=self._rolling.calibration_error,
            fraud_loss=money.loss,
            fraud_prevented=money.prevented,
            wrongly_blocked=money.wrongly_blocked,
            review_volume=review_count,
        )


def _stopped(outcomes: Outcomes) -> int:
    """Return how many with a known label were reviewed or blocked."""
    return int(np.count_nonzero((outcomes.label <= 1) & (outcomes.decision > 0)))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def quality_during(book: OutcomeBook, start_ns: int, end_ns: int | None, deadline_ns: int | None) -> Quality:
    """Return how good the decisions on what arrived in a stretch of the run were, once every label is out.

    Args:
        book: of the run.
        start_ns: since the run began.
        end_ns: the same; None is the end of the run.
        deadline_ns: within which a decision is on time; None: the one that is promised without any.
    """
    part = book.outcomes_during(start_ns, end_ns)
    worth, scored = business(part), score_quality(part)
    timely = book.timeliness(start_ns, end_ns, deadline_ns)
    return Quality(
        labelled=worth.labelled,
        recall=worth.recall,
        precision=worth.precision,
        false_positive_rate=worth.false_positive_rate,
        live_roc_auc=scored.roc_auc,
        live_ks=scored.ks,
        calibration_error=scored.calibration_error,
        fraud_loss=worth.fraud_loss,
        fraud_prevented=worth.fraud_prevented,
        wrongly_blocked=worth.wrongly_blocked,
        review_volume=worth.review_volume,
        on_time_ratio=timely.on_time_ratio,
        top_on_time_ratio=timely.top_on_time_ratio,
        top_scored_ratio=timely.top_scored_ratio,
    )
