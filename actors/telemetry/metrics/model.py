"""How good the model is: its scores, their distance from training, and what labels say."""

from collections.abc import Callable, Iterator
from math import inf

from actors.telemetry.drift import MIN_SCORES, Reference, relative_shift, shift_sigma
from actors.telemetry.metrics.metric import Metric, Read, Unit, counted, told_as
from actors.telemetry.metrics.series import Sample, levels
from actors.telemetry.snapshot import Quality
from actors.telemetry.window import Window

NEAR_HALF = (0.44, 0.56)  # six of fifty bins: where a model that knows nothing puts everybody


def model_metrics() -> Iterator[Metric]:
    """Yield the score's mean and shift, and drift."""
    yield _recent("score.mean", Unit.SCORE, "mean score of the model", score_mean, also="score avg_prediction")
    what = "distance of the mean score from training's, as a share of it"
    yield _recent("score.shift", Unit.RATIO, what, _shift, at_most=inf, also="score_shift shift")
    yield _recent("score.shift_sigma", Unit.SIGMA, "the same distance in standard errors of the mean", _sigma)
    yield _recent("score.near_half_ratio", Unit.RATIO, "scores between 0.44 and 0.56, of all", _near_half)
    what = "largest PSI of any feature against training; `psi.<feature>` is that of one"
    words = "psi drift max_psi feature_drift"
    yield Metric("psi.max", Unit.NATS, what, _largest_psi, also=words, level=PSI_OF_EACH)
    yield counted("model.errors", "batches that could not be scored", lambda s: s.counters.model_errors)
    yield counted("model.swaps", "serving models replaced", lambda s: s.counters.model_swaps)
    what = "models that were to serve and did not prove themselves"
    yield counted("model.refusals", what, lambda s: s.counters.model_refusals)


def _recent(name: str, unit: Unit, what: str, read: Read, *, at_most: float | None = None, also: str = "") -> Metric:
    """Return the metric of what a window's scores look like, of which other systems are told the last ten seconds."""
    told = told_as(name, unit, what, read, recent=True)
    return Metric(name, unit, what, read, at_most=at_most, also=also, level=told)


def _psi_of_each(window: Window) -> Iterator[Sample]:
    for feature, psi in window.psi_by_feature.items():
        yield (feature,), psi


PSI_OF_EACH = levels("psi", "PSI of a feature against training", ("feature",), _psi_of_each, recent=True)


def _largest_psi(window: Window) -> float | None:
    return max(window.psi_by_feature.values(), default=None)


def feature_psi(feature: str) -> Metric:
    """Return the metric ``psi.<feature>``."""
    what = f"PSI of `{feature}` against training"
    told = PSI_OF_EACH.where("feature", feature)
    return Metric(f"psi.{feature}", Unit.NATS, what, lambda window: window.psi_by_feature.get(feature), level=told)


def score_mean(window: Window) -> float | None:
    """Return the mean score, or None when nothing was scored."""
    scores = window.scores
    return scores.sum / scores.total if scores.total else None


def _shift(window: Window) -> float | None:
    mean, reference = score_mean(window), _reference(window)
    if mean is None or reference is None:
        return None
    return relative_shift(reference.score_mean, mean)


def _reference(window: Window) -> Reference | None:
    """Return what scores are compared with: nothing if they are few, or two models' scores."""
    return window.reference if window.one_model and window.scores.total >= MIN_SCORES else None


def _sigma(window: Window) -> float | None:
    mean, reference = score_mean(window), _reference(window)
    if mean is None or reference is None:
        return None
    return shift_sigma(reference.score_mean, reference.score_std, mean, window.scores.total)


def _near_half(window: Window) -> float | None:
    scores = window.scores
    if scores.total < MIN_SCORES:
        return None
    low, high = (round(border * len(scores.bins)) for border in NEAR_HALF)
    return sum(scores.bins[low:high]) / scores.total


def quality_metrics() -> Iterator[Metric]:
    """Yield what `Quality` holds. All are None in a run without labels."""
    yield _quality("labelled", Unit.COUNT, "decisions whose label is known", lambda q: q.labelled)
    words = "tpr sensitivity detection_rate fraud_recall"
    yield _quality("recall", Unit.RATIO, "fraud reviewed or blocked, of all fraud", lambda q: q.recall, also=words)
    yield _quality("precision", Unit.RATIO, "fraud, of what was reviewed or blocked", lambda q: q.precision)
    yield _quality(
        "false_positive_rate",
        Unit.RATIO,
        "legitimate transactions blocked, of all legitimate ones",
        lambda q: q.false_positive_rate,
        worse=True,
        also="fpr false_positive_ratio false_positives",
    )
    what = "ROC-AUC of scores against known labels"
    words = "auc roc_auc live_auc model_roc_auc rolling_auc"
    yield _quality("live_roc_auc", Unit.SCORE, what, lambda q: q.live_roc_auc, also=words)
    what = "Kolmogorov-Smirnov distance between the scores of fraud and of the rest; 1 tells all apart"
    yield _quality("live_ks", Unit.SCORE, what, lambda q: q.live_ks, also="ks ks_statistic kolmogorov_smirnov")
    what = "how far scores are from the share of fraud among those like them (expected calibration error, 15 bins)"
    words = "ece expected_calibration_error live_calibration_error"
    yield _quality("calibration_error", Unit.SCORE, what, lambda q: q.calibration_error, also=words)
    words = "loss money_lost"
    yield _quality("fraud_loss", Unit.AMOUNT, "amount of approved fraud", lambda q: q.fraud_loss, also=words)
    yield _quality(
        "fraud_prevented",
        Unit.AMOUNT,
        "amount of blocked fraud, and of reviewed fraud what review catches",
        lambda q: q.fraud_prevented,
        also="prevented money_saved",
    )
    yield _quality(
        "wrongly_blocked",
        Unit.AMOUNT,
        "amount of blocked legitimate transactions",
        lambda q: q.wrongly_blocked,
    )
    words = "review_count reviews_count"
    yield _quality("review_volume", Unit.COUNT, "transactions sent to review", lambda q: q.review_volume, also=words)
    yield _quality(
        "on_time.ratio", Unit.RATIO, "decided by the deadline (50 ms if none is set)", lambda q: q.on_time_ratio
    )
    what = "the same, of the tenth of the transactions with the largest amounts"
    yield _quality("on_time.top_decile.ratio", Unit.RATIO, what, lambda q: q.top_on_time_ratio)
    what = "decided by the deadline and by the model, of that tenth"
    yield _quality("on_time.top_decile.scored_ratio", Unit.RATIO, what, lambda q: q.top_scored_ratio)


def _quality(
    name: str,
    unit: Unit,
    what: str,
    read: Callable[[Quality], float | None],
    *,
    worse: bool = False,
    also: str = "",
) -> Metric:
    def of(window: Window) -> float | None:
        return None if window.quality is None else read(window.quality)

    return Metric(name, unit, what, of, worse=worse, also=also, level=told_as(name, unit, what, of))
