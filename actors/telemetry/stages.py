"""The places where a transaction's time passes, and how much of it each is promised to take."""

from enum import StrEnum


class Stage(StrEnum):
    """One histogram each, in microseconds. The value names the stage in metrics, logs and the latency log."""

    LATENESS = "producer.lateness"  # intended arrival → sent
    ASSEMBLER_WAITING = "assembler.waiting"  # sent → assembly starts
    PARSE = "parse"
    STORE = "feature_store"  # one look-up of a batch, waiting included
    FEATURES = "features"
    SCORER_WAITING = "scorer.waiting"  # assembled → scoring starts
    INFERENCE = "inference"
    DECIDE = "decide"
    LOGGER_WAITING = "logger.waiting"  # decided → logging starts
    LOG = "log"
    LATENCY = "latency"  # intended arrival → decision
    LOGGED = "logged"  # decision → logged


BUDGET_P50_US: dict[Stage, int] = {  # the promise of 10 ms at the median, shared out; what is left is waiting
    Stage.PARSE: 500,
    Stage.STORE: 2_000,
    Stage.INFERENCE: 5_000,
    Stage.DECIDE: 1_000,
    Stage.LATENCY: 10_000,
}

TARGET_P95_US: dict[Stage, int] = {Stage.LATENCY: 50_000}
