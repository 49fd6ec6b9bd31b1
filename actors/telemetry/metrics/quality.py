"""How good the decisions are, as far as labels are known."""

from collections.abc import Callable, Iterator

from actors.telemetry.metrics.metric import Metric, Read
from actors.telemetry.snapshot import Quality
from actors.telemetry.units import Unit


def quality_metrics() -> Iterator[Metric]:
    """Yield what `Quality` holds. All are None in a run without labels."""
    yield Metric("labelled", Unit.COUNT, "decisions whose label is known", _of(lambda q: q.labelled))
    words = "tpr sensitivity detection_rate fraud_recall"
    yield Metric("recall", Unit.RATIO, "fraud reviewed or blocked, of all fraud", _of(lambda q: q.recall), also=words)
    yield Metric("precision", Unit.RATIO, "fraud, of what was reviewed or blocked", _of(lambda q: q.precision))
    yield Metric(
        "false_positive_rate",
        Unit.RATIO,
        "legitimate transactions blocked, of all legitimate ones",
        _of(lambda q: q.false_positive_rate),
        worse=True,
        also="fpr false_positive_ratio false_positives",
    )
    what = "ROC-AUC of scores against known labels"
    words = "auc roc_auc live_auc model_roc_auc rolling_auc"
    yield Metric("live_roc_auc", Unit.SCORE, what, _of(lambda q: q.live_roc_auc), also=words)
    words = "loss money_lost"
    yield Metric("fraud_loss", Unit.AMOUNT, "amount of approved fraud", _of(lambda q: q.fraud_loss), also=words)
    yield Metric(
        "fraud_prevented",
        Unit.AMOUNT,
        "amount of blocked fraud, and of reviewed fraud what review catches",
        _of(lambda q: q.fraud_prevented),
        also="prevented money_saved",
    )
    yield Metric(
        "wrongly_blocked",
        Unit.AMOUNT,
        "amount of blocked legitimate transactions",
        _of(lambda q: q.wrongly_blocked),
    )
    words = "review_count reviews_count"
    yield Metric("review_volume", Unit.COUNT, "transactions sent to review", _of(lambda q: q.review_volume), also=words)
    yield Metric(
        "on_time.ratio", Unit.RATIO, "decided by the deadline (50 ms if none is set)", _of(lambda q: q.on_time_ratio)
    )
    what = "the same, of the tenth of the transactions with the largest amounts"
    yield Metric("on_time.top_decile.ratio", Unit.RATIO, what, _of(lambda q: q.top_on_time_ratio))
    what = "decided by the deadline and by the model, of that tenth"
    yield Metric("on_time.top_decile.scored_ratio", Unit.RATIO, what, _of(lambda q: q.top_scored_ratio))


def _of(read: Callable[[Quality], float | None]) -> Read:
    return lambda window: None if window.quality is None else read(window.quality)
