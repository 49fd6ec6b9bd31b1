"""The rules that every run has, and those of a run on a stream."""

from collections.abc import Iterable

from actors.config import PipelineConfig
from actors.telemetry.alerts.rule import AlertRule, Severity
from actors.telemetry.metrics.metric import BYTES_PER_MB

PRODUCTION = 1.0
DRILL = 0.01  # the 5 minutes that production waits before it pages become 3 s of a drill that lasts a minute

STALE_AFTER_S = 9 * 3_600.0  # batch features come every 6 h; half an interval late is a missed refresh, not a slow one

_MINUTE = 60.0
RECOVERY_S = 15 * _MINUTE  # after a fault breakers probe, backlogs are worked off: an alert then is no false one
_PAGE, _TICKET = Severity.PAGE, Severity.TICKET


def built_in_rules(
    memory_limit_bytes: int = PipelineConfig().memory_limit_bytes,
    stale_after_s: float = STALE_AFTER_S,
    factor: float = PRODUCTION,
) -> tuple[AlertRule, ...]:
    """Return the built-in rules.

    Args:
        memory_limit_bytes: what the pipeline's process may use; 80 % of it alerts.
        stale_after_s: age past which batch features are stale, in event time.
        factor: scales every ``for``: `PRODUCTION` waits minutes, `DRILL` seconds.
    """
    rules = (
        ("LatencyMedianHigh", "latency.p50 > 10ms", 5, _PAGE),
        ("LatencyTailHigh", "latency.p95 > 50ms", 5, _PAGE),
        ("ErrorRateHigh", "error_ratio > 0.1%", 2, _PAGE),
        ("ThroughputLow", "throughput < 0.5 * offered_rate", 5, _PAGE),
        ("FeatureStoreSlow", "feature_store.p95 > 5ms", 5, _TICKET),
        ("FeatureStoreMisses", "feature_store.miss_ratio > 5%", 5, _PAGE),
        ("MemoryHigh", f"memory_mb > {0.8 * memory_limit_bytes / BYTES_PER_MB:g}MB", 5, _TICKET),
        ("BatchFeaturesOld", f"feature_store.age_s > {stale_after_s:g}s", 0, _TICKET),
        ("ScoreShift", "score.shift > 20% and score.shift_sigma >= 5", 5, _TICKET),  # 5 σ: a thousand scores vary too
        ("FeatureDrift", "psi.max >= 0.2", 5, _TICKET),
        ("ScoresClustered", "score.near_half_ratio > 20%", 5, _PAGE),
        ("PredictionVolumeLow", "volume_ratio < 50%", 5, _PAGE),
    )
    return _built(rules, factor)


def stream_rules(factor: float = PRODUCTION) -> tuple[AlertRule, ...]:
    """Return the built-in rules of a run on a stream, beside those of every run; ``factor`` as there."""
    rules = (
        ("KafkaUnreachable", "stream.kafka_silent_s > 2s", 1, _PAGE),  # nothing is decided, and nothing is lost
        ("RedisUnreachable", "stream.redis_silent_s > 2s", 1, _PAGE),  # decisions go on, by rules
    )
    return _built(rules, factor)


def _built(rules: Iterable[tuple[str, str, float, Severity]], factor: float) -> tuple[AlertRule, ...]:
    return tuple(
        AlertRule(alert=name, expr=expr, for_s=minutes * _MINUTE * factor, severity=severity)
        for name, expr, minutes, severity in rules
    )
