"""The rules that every run has, and those of every run on a stream, each with what to do about it."""

import math

import msgspec

from actors.config import PipelineConfig
from actors.telemetry.alerts.rule import AlertRule, Runbook, Severity
from actors.telemetry.metrics.metric import BYTES_PER_MB
from actors.telemetry.window import RECENT_S

STEADY_BURN = "ErrorBudgetBurnSteady"
PRODUCTION = 1.0
DRILL = 0.01  # the 5 minutes that production waits before it pages become 3 s of a drill that lasts a minute

STALE_AFTER_S = 9 * 3_600.0  # batch features come every 6 h; half an interval late is a missed refresh, not a slow one

_MINUTE, _HOUR = 60.0, 3_600.0
RECOVERY_S = 15 * _MINUTE  # after a fault breakers probe, backlogs are worked off: an alert then is no false one

# Three burn rates and two windows each, from the Site Reliability Workbook: 2 % of a month's budget in an hour, 5 % in
# six, and 10 % in three days. The short window, a twelfth of the long one, lets the alert end soon after the errors do.
_FAST, _SLOW, _STEADY = (_HOUR, _HOUR / 12), (6 * _HOUR, _HOUR / 2), (72 * _HOUR, 6 * _HOUR)


def built_in_rules(
    memory_limit_bytes: int = PipelineConfig().memory_limit_bytes,
    stale_after_s: float = STALE_AFTER_S,
    factor: float = PRODUCTION,
    run_s: float = math.inf,
) -> tuple[AlertRule, ...]:
    """Return the built-in rules.

    A run that is shorter than the three days of the last burn rate, at its pace, goes without it. Its windows would all
    be the run, so that it would fire at the first error too many and never end.

    Args:
        memory_limit_bytes: what the pipeline's process may use; 80 % of it alerts.
        stale_after_s: age past which batch features are stale, in event time.
        factor: scales every ``for`` and every window but the ten seconds: `PRODUCTION` waits minutes, `DRILL` seconds.
        run_s: how long the run lasts.
    """
    rules = tuple(scaled(rule, factor) for rule in _rules(memory_limit_bytes, stale_after_s))
    return tuple(rule for rule in rules if run_s >= factor * _STEADY[0] or rule.alert != STEADY_BURN)


def scaled(rule: AlertRule, factor: float) -> AlertRule:
    """Return ``rule`` at the pace of ``factor``."""
    windows = tuple(each if each == RECENT_S else each * factor for each in rule.windows_s)
    return msgspec.structs.replace(rule, for_s=rule.for_s * factor, windows_s=windows)


def _rules(memory_limit_bytes: int, stale_after_s: float) -> tuple[AlertRule, ...]:
    return (
        AlertRule(
            alert="LatencyMedianHigh",
            expr="latency.p50 > 10ms",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="Half of all payments wait too long: something on the way of every decision has become slow.",
                look="The stage whose p50 grew, and the mailbox before it; a stall of the loop makes every stage slow.",
                do="Relieve that stage: lower deadline or shed_above for the fast path, or add a worker.",
            ),
        ),
        AlertRule(
            alert="LatencyTailHigh",
            expr="latency.p95 > 50ms",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="One payment in twenty is late; callers with a time-out decide without us.",
                look="Which stage's p95 grew, which mailbox is full, whether more arrives than the capacity.",
                do="Lower deadline or shed_above so that the fast path takes over sooner; add a worker if load stays.",
            ),
        ),
        AlertRule(
            alert="ErrorRateHigh",
            expr="error_ratio > 0.1%",
            for_s=2 * _MINUTE,
            runbook=Runbook(
                means="Decisions are made by default, not logged, not delivered, or crash an actor.",
                look="undelivered, log_failed and default in the ledger, and poison among the dead letters.",
                do="Free the disk, restore the sink; the ledger tells which transactions to settle afterwards.",
            ),
        ),
        AlertRule(
            alert="ErrorBudgetBurnFast",
            expr="error_budget.burn_rate > 14.4",
            windows_s=_FAST,
            runbook=Runbook(
                means="Errors come so fast that a month's budget of 0.1 % would be gone in two days.",
                look="The same as ErrorRateHigh: undelivered, log_failed, default and poison in the ledger.",
                do="Stop the cause now, by a rollback or a restored sink; then hold changes until the budget recovers.",
            ),
        ),
        AlertRule(
            alert="ErrorBudgetBurnSlow",
            expr="error_budget.burn_rate > 6",
            windows_s=_SLOW,
            runbook=Runbook(
                means="Errors have come for hours, too few to be loud: a month's budget would be gone in five days.",
                look="When error_ratio began to rise, and what was released, refreshed or moved at that time.",
                do="Undo that change; where there was none, find the caller or disk that they have in common.",
            ),
        ),
        AlertRule(
            alert=STEADY_BURN,
            expr="error_budget.burn_rate > 1",
            windows_s=_STEADY,
            severity=Severity.TICKET,
            runbook=Runbook(
                means="For days errors have come faster than the budget allows; it will not last the month.",
                look="Which cause of errors is there every day, at which hours, and since which change.",
                do="Plan its mending before new features; nobody need be woken.",
            ),
        ),
        AlertRule(
            alert="ThroughputLow",
            expr="throughput < 0.5 * offered_rate",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="Less than half of what arrives is decided; a backlog grows, and what waits will be late.",
                look="Whether the producer is blocked, and which actor is busiest: it is the bottleneck.",
                do="Relieve the bottleneck, or lower the load at the caller until the backlog is worked off.",
            ),
        ),
        AlertRule(
            alert="FeatureStoreSlow",
            expr="feature_store.p95 > 5ms",
            for_s=5 * _MINUTE,
            severity=Severity.TICKET,
            runbook=Runbook(
                means="Look-ups take longer than promised; so far every decision has its features, only later.",
                look="The breaker's state, feature_store.calls_per_lookup, and the store's own load.",
                do="The breaker sheds load by itself; see that the store has a cache, and mend it.",
            ),
        ),
        AlertRule(
            alert="FeatureStoreMisses",
            expr="feature_store.miss_ratio > 5%",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="Decisions are made without batch features, realtime_only: less fraud is caught.",
                look="feature_store.error_ratio (it refuses or hangs) or none (it is empty), and the breaker's state.",
                do="Bring the store back or have it filled again; the breaker closes by itself once its probes pass.",
            ),
        ),
        AlertRule(
            alert="MemoryHigh",
            expr=f"memory_mb > {0.8 * memory_limit_bytes / BYTES_PER_MB:g}MB",
            for_s=5 * _MINUTE,
            severity=Severity.TICKET,
            runbook=Runbook(
                means="The process nears its limit, at which the system ends it with all that waits in it.",
                look="Depths of the mailboxes, then gc.pauses and the size of what is cached.",
                do="Capacities bound memory: lower them, or raise the limit if the load has grown for good.",
            ),
        ),
        AlertRule(
            alert="BatchFeaturesOld",
            expr=f"feature_store.age_s > {stale_after_s:g}s",
            severity=Severity.TICKET,
            runbook=Runbook(
                means="A refresh was missed: what is known of cards and merchants is half a day old.",
                look="When the last refresh was published, and refresh_failed in the journal.",
                do="Run the batch job again; past 24 h the values are not used any more.",
            ),
        ),
        AlertRule(
            alert="ScoreShift",
            expr="score.shift > 20% and score.shift_sigma >= 5",  # 5 σ: a thousand scores vary too
            for_s=5 * _MINUTE,
            severity=Severity.TICKET,
            runbook=Runbook(
                means="Scores have moved away from training's: the traffic, a feature or the model has changed.",
                look="The feature with the highest PSI, and model_swapped in the journal.",
                do="No feature, and a model swapped before: roll it back. One feature: mend its source. Many: retrain.",
            ),
        ),
        AlertRule(
            alert="FeatureDrift",
            expr="psi.max >= 0.2",
            for_s=5 * _MINUTE,
            severity=Severity.TICKET,
            runbook=Runbook(
                means="A feature is distributed otherwise than in training; the model guesses where it has not learnt.",
                look="Which feature's PSI is highest; whether one has moved, or many together.",
                do="One: its source changed, mend it. Many: the traffic changed; watch the decisions, then retrain.",
            ),
        ),
        AlertRule(
            alert="ScoresClustered",
            expr="score.near_half_ratio > 20%",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="The model puts everybody near 0.5: it knows nothing, and decisions are close to chance.",
                look="model.swaps and model.errors; which model serves, and since when.",
                do="Roll back to the model before.",
            ),
        ),
        AlertRule(
            alert="PredictionVolumeLow",
            expr="volume_ratio < 50%",
            for_s=5 * _MINUTE,
            runbook=Runbook(
                means="Most decisions are made by rules and not by the model.",
                look="model.errors (it fails), shed_ratio (it is passed over), the scorer's busy share.",
                do="Failing: roll back. Passed over: relieve the scorer, as with ThroughputLow.",
            ),
        ),
    )


_STREAM_RULES = (
    AlertRule(
        alert="KafkaUnreachable",
        expr="stream.kafka_silent_s > 2s",
        for_s=_MINUTE,
        runbook=Runbook(
            means=(
                "Nothing is decided and nothing is lost: workers wait with the epochs they have, the run with up to "
                "120,000 transactions; what is due beyond them is unsent."
            ),
            look="Whether the broker runs, and whether its address is reached from where the workers are.",
            do=(
                "Bring the broker back, on its own log; workers go on by themselves, or end with code 75 and are "
                "started again. Do not start a new run: it would be refused as long as this one has work left."
            ),
        ),
    ),
    AlertRule(
        alert="RedisUnreachable",
        expr="stream.redis_silent_s > 2s",
        for_s=_MINUTE,
        runbook=Runbook(
            means="Decisions go on without windows and batch features, by rules; nothing waits.",
            look="Whether Redis runs; then maxmemory and the password before anything else.",
            do=(
                "Bring Redis back with its data; what was decided meanwhile is counted again in the windows before "
                "anything new."
            ),
        ),
    ),
)


def stream_rules(factor: float = PRODUCTION) -> tuple[AlertRule, ...]:
    """Return the built-in rules of a run on a stream, beside those of every run; ``factor`` as there."""
    return tuple(scaled(rule, factor) for rule in _STREAM_RULES)
