"""What the model says, and how far that and its features are from training."""

from collections.abc import Iterator
from math import inf

from actors.telemetry.drift import MIN_SCORES, relative_shift, shift_sigma
from actors.telemetry.metrics.metric import Metric, counted
from actors.telemetry.reference import Reference
from actors.telemetry.units import Unit
from actors.telemetry.window import Window

NEAR_HALF = (0.44, 0.56)  # six of fifty bins: where a model that knows nothing puts everybody


def model_metrics() -> Iterator[Metric]:
    """Yield the score's mean and shift, and drift."""
    yield Metric("score.mean", Unit.SCORE, "mean score of the model", score_mean, also="score avg_prediction")
    what = "distance of the mean score from training's, as a share of it"
    yield Metric("score.shift", Unit.RATIO, what, _shift, at_most=inf, also="score_shift shift")
    yield Metric("score.shift_sigma", Unit.SIGMA, "the same distance in standard errors of the mean", _sigma)
    yield Metric("score.near_half_ratio", Unit.RATIO, "scores between 0.44 and 0.56, of all", _near_half)
    what = "largest PSI of any feature against training; `psi.<feature>` is that of one"
    words = "psi drift max_psi feature_drift"
    yield Metric("psi.max", Unit.NATS, what, lambda w: max(w.psi_by_feature.values(), default=None), also=words)
    yield counted("model.errors", "batches that could not be scored", lambda s: s.counters.model_errors)
    yield counted("model.swaps", "serving models replaced", lambda s: s.counters.model_swaps)
    what = "models that were to serve and did not prove themselves"
    yield counted("model.refusals", what, lambda s: s.counters.model_refusals)


def feature_psi(feature: str) -> Metric:
    """Return the metric ``psi.<feature>``."""
    what = f"PSI of `{feature}` against training"
    return Metric(f"psi.{feature}", Unit.NATS, what, lambda window: window.psi_by_feature.get(feature))


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
