"""The rules of a run on a stream, beside those of every run, and where the runbook of any rule is found."""

from functools import cache

from actors.telemetry.alerts.built_in import PRODUCTION, built_in_rules, scaled
from actors.telemetry.alerts.rule import AlertRule, Runbook

_MINUTE = 60.0
_RULES = (
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
    return tuple(scaled(rule, factor) for rule in _RULES)


@cache
def runbooks() -> dict[str, Runbook]:
    """Return what to do about each built-in alert, by its name."""
    return {rule.alert: rule.runbook for rule in (*built_in_rules(), *_RULES) if rule.runbook is not None}
