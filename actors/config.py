"""Every setting of the pipeline: its default, its bounds, and what it means.

A scenario's keys are these fields: ``deadline_ns`` is the key ``deadline``, written ``50ms``; ``memory_limit_bytes`` is
``memory_limit``, written ``500MB``. Whoever builds a pipeline in Python passes a `PipelineConfig`. A value out of its
bounds is refused when a scenario is read, not here.
"""

from typing import Annotated, Literal

import msgspec

from actors.core.clock import NS_PER_MS, NS_PER_S, NS_PER_US

EngineChoice = Literal["auto", "lightgbm", "compiled"]
FeatureLogging = Literal["all", "sample", "off"]
FailureAnswer = Literal["ladder", "fail_open", "fail_to_review"]

Capacity = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
BatchSize = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]
Score = Annotated[float, msgspec.Meta(gt=0, le=1)]  # 0 would say that no transaction is ever approved, scored or not
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Calls = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Wait = Annotated[int, msgspec.Meta(gt=0)]


class MailboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A bounded mailbox.

    Attributes:
        capacity: transactions it holds; full, it blocks the sender.
    """

    capacity: Capacity = 5_000


class ScorerMailboxConfig(MailboxConfig, frozen=True, kw_only=True):
    """The scorer's mailbox, which sheds load to rules before it is full.

    Attributes:
        shed_above: waiting transactions above which the least valuable are decided by rules; absent never.
    """

    shed_above: Capacity | None = None


class LoggerMailboxConfig(MailboxConfig, frozen=True, kw_only=True):
    """The logger's mailbox."""

    capacity: Capacity = 20_000


class MailboxesConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The three mailboxes between the four actors, each named after its receiver."""

    assembler: MailboxConfig = MailboxConfig()
    scorer: ScorerMailboxConfig = ScorerMailboxConfig()
    logger: LoggerMailboxConfig = LoggerMailboxConfig()


class ProducerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The producer.

    Attributes:
        max_batch_size: transactions it sends at once.
    """

    max_batch_size: BatchSize = 1_024


class AssemblerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The assembler.

    Attributes:
        max_batch_size: transactions it takes at once; it never waits for a batch to fill.
        remembered_ids: how many of the last ids it remembers, about 130 bytes each, to decide no transaction twice; too
            few for the callers' retries, and those are decided again.
        windows_timeout_ns: longest wait for the windows, where these are not in the pipeline's process.
    """

    max_batch_size: BatchSize = 256  # small, since the event loop waits while it computes
    remembered_ids: Capacity = 1_000_000  # two minutes at 8,000/s; about 130 MB when full
    windows_timeout_ns: Wait = 5 * NS_PER_MS  # as long as a look-up of batch features may take


class ScorerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The scorer.

    Attributes:
        max_batch_size: transactions it takes at once.
        inline_time_ns: longest that scoring may hold the event loop; what is expected to take longer is scored in the
            executor, in larger batches. 0ms scores everything there.
        engine: what evaluates the trees, with the same scores to the last bit: compiled is machine code, several times
            faster; a model that it cannot take is refused. auto is compiled where it takes the model, else lightgbm.
        deadline_ns: from the intended arrival; a transaction that would miss it is decided by rules; absent none.
    """

    max_batch_size: BatchSize = 1_024
    inline_time_ns: int = 4 * NS_PER_MS
    engine: EngineChoice = "auto"
    deadline_ns: Wait | None = None


class LoggerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The logger.

    Attributes:
        max_batch_size: transactions it takes at once; it never waits for a batch to fill.
    """

    max_batch_size: BatchSize = 512


class BreakerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The circuit breaker around the feature store.

    Attributes:
        failure_ratio: share of failed calls in the window that trips it, 0 to 1.
        slow_ratio: share of slow calls in the window that trips it, 0 to 1.
        slow_call_ns: a call that took longer is slow.
        window: calls over which the shares are taken.
        minimum_calls: calls before it can trip; a window that is shorter counts as it.
        open_for_ns: how long it stays open before it probes.
        probes: calls let through then; all must succeed to close it.
    """

    failure_ratio: Share = 0.5
    slow_ratio: Share = 1.0
    slow_call_ns: Wait = 5 * NS_PER_MS  # the time-out of a look-up: slower ones have failed already
    window: Calls = 100
    minimum_calls: Calls = 20
    open_for_ns: Wait = 5 * NS_PER_S
    probes: Calls = 3


class RetryConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How failed look-ups are tried again, all attempts within the time-out.

    Attributes:
        attempts: calls for one look-up at most, the first one included.
        budget_ratio: retries for each look-up, on average at most, 0 to 1; null is without a limit, which can triple
            the load of a store that is in trouble already.
        backoff_ns: wait before the first retry, doubled for each further one.
    """

    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    budget_ratio: Ratio | None = msgspec.field(default=0.1, name="budget")  # a failing store gets 1.1 times its load
    backoff_ns: int = 500 * NS_PER_US  # a look-up has 5 ms in all


class HedgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A second call for a look-up whose first has not answered soon; the answer that comes first is taken.

    It is paid from the budget of ``retry``, or from one of 10 % where there are no retries.

    Attributes:
        after_ns: how long the first call may take before the second is made; less than the time-out.
    """

    after_ns: Wait = 3 * NS_PER_MS


class FeatureStoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The look-up of batch features.

    Attributes:
        timeout_ns: a look-up that takes longer is missing.
        breaker: absent never stops calling.
        retry: absent tries each look-up once.
        hedge: absent waits for the one call.
        cache: cards, and as many merchants, whose last row is used with its true age while look-ups fail; absent none.
    """

    timeout_ns: Wait = 5 * NS_PER_MS  # the budget at p50 is 2 ms
    breaker: BreakerConfig | None = None
    retry: RetryConfig | None = None
    hedge: HedgeConfig | None = None
    cache: Capacity | None = None


class ThresholdsConfig(msgspec.Struct, frozen=True):
    """Scores at which a decision changes; review is at most block.

    Attributes:
        review: a score of at least this is reviewed, more than 0, at most 1.
        block: a score of at least this is blocked, more than 0, at most 1.
    """

    review: Score = 0.30  # a reviewer's hour is worth it from about one fraud in three
    block: Score = 0.70  # below this, more than three in ten blocked customers would be honest


class DecisionLogConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of decisions.jsonl holds.

    Attributes:
        features: on all lines, on one line in a hundred, or on none.
    """

    features: FeatureLogging = "sample"


class DeliveryConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How decisions are delivered; what is given up is kept in undelivered.jsonl.

    Attributes:
        timeout_ns: longest wait for the caller to take a batch.
        attempts: deliveries of one batch at most, the first one included.
        backoff_ns: wait before the second attempt, doubled for each further one.
        capacity: transactions that may wait for another attempt.
    """

    timeout_ns: Wait = 1 * NS_PER_S  # a caller that has not answered by then has given its customer up
    attempts: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    backoff_ns: Wait = 100 * NS_PER_MS
    capacity: Capacity = 20_000


class FailurePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided when something failed: as the ladder says, approve, or review unless the ladder says block.

    Attributes:
        features_missing: the batch features are missing, or the windows did not answer.
        model_failed: the model could not score.
    """

    features_missing: FailureAnswer = "ladder"
    model_failed: FailureAnswer = "ladder"


class RestartConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a crashed actor is restarted.

    Attributes:
        max_restarts: restarts allowed within ``within``; one more drains the pipeline by rules and fails the run.
        within_ns: the span in which restarts are counted.
        backoff_ns: wait before the first restart, doubled for each further one.
        max_backoff_ns: the longest wait.
    """

    max_restarts: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 10
    within_ns: Wait = 10 * NS_PER_S
    backoff_ns: int = 10 * NS_PER_MS
    max_backoff_ns: int = 1 * NS_PER_S


class PipelineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The pipeline under test.

    Attributes:
        thresholds: absent uses the model's own.
        memory_limit_bytes: what the memory alert is measured against.
        drain_timeout_ns: how long the end waits for accepted transactions; the rest is decided by default.
    """

    mailboxes: MailboxesConfig = MailboxesConfig()
    producer: ProducerConfig = ProducerConfig()
    assembler: AssemblerConfig = AssemblerConfig()
    scorer: ScorerConfig = ScorerConfig()
    logger: LoggerConfig = LoggerConfig()
    feature_store: FeatureStoreConfig = FeatureStoreConfig()
    delivery: DeliveryConfig = DeliveryConfig()
    on_failure: FailurePolicy = FailurePolicy()
    thresholds: ThresholdsConfig | None = None
    log: DecisionLogConfig = DecisionLogConfig()
    memory_limit_bytes: int = 500_000_000
    drain_timeout_ns: Wait = 30 * NS_PER_S
    restart: RestartConfig = RestartConfig()
