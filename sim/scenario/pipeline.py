"""What a scenario may turn on the pipeline; every value has the default that production would use."""

from typing import Annotated, Literal

import msgspec

from actors.model.engine import EngineChoice
from sim.scalars import Duration, Size, Variants
from sim.scenario.machine import LOOK_UPS, LookUp
from sim.units import NS_PER

Capacity = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
BatchSize = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]
Score = Annotated[float, msgspec.Meta(gt=0, le=1)]  # 0 would say that no transaction is ever approved, scored or not
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Calls = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Wait = Annotated[Duration, msgspec.Meta(gt=0)]


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """A bounded mailbox.

    Attributes:
        capacity: transactions it holds; full, it blocks the sender.
    """

    capacity: Capacity = 5_000


class ScorerMailbox(Mailbox, frozen=True, kw_only=True):
    """The scorer's mailbox, which sheds load to rules before it is full.

    Attributes:
        shed_above: waiting transactions above which the least valuable are decided by rules; absent never.
    """

    shed_above: Capacity | None = None


class LoggerMailbox(Mailbox, frozen=True, kw_only=True):
    """The logger's mailbox."""

    capacity: Capacity = 20_000


class Mailboxes(msgspec.Struct, frozen=True, kw_only=True):
    """The three mailboxes between the four actors, each named after its receiver."""

    assembler: Mailbox = Mailbox()
    scorer: ScorerMailbox = ScorerMailbox()
    logger: LoggerMailbox = LoggerMailbox()


class ProducerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The producer.

    Attributes:
        max_batch_size: transactions it sends at once.
    """

    max_batch_size: BatchSize = 1_024


class AssemblerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The assembler.

    Attributes:
        max_batch_size: transactions it takes at once; it never waits for a batch to fill.
        remembered_ids: how many of the last ids it remembers, about 130 bytes each, to decide no transaction twice; too
            few for the callers' retries, and those are decided again.
    """

    max_batch_size: BatchSize = 256
    remembered_ids: Capacity = 1_000_000


class ScorerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The scorer.

    Attributes:
        max_batch_size: transactions it takes at once.
        inline_time: longest that scoring may hold the event loop; what is expected to take longer is scored in the
            executor, in larger batches. 0ms scores everything there.
        engine: what evaluates the trees, with the same scores to the last bit: compiled is machine code, several times
            faster; a model that it cannot take is refused. auto is compiled where it takes the model, else lightgbm.
        deadline: from the intended arrival; a transaction that would miss it is decided by rules; absent none.
    """

    max_batch_size: BatchSize = 1_024
    inline_time: Duration = 4 * NS_PER["ms"]
    engine: EngineChoice = "auto"
    deadline: Wait | None = None


class LoggerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The logger.

    Attributes:
        max_batch_size: transactions it takes at once; it never waits for a batch to fill.
    """

    max_batch_size: BatchSize = 512


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """The circuit breaker around the feature store.

    Attributes:
        failure_ratio: share of failed calls in the window that trips it, 0 to 1.
        slow_ratio: share of slow calls in the window that trips it, 0 to 1.
        slow_call: a call that took longer is slow.
        window: calls over which the shares are taken.
        minimum_calls: calls before it can trip; a window that is shorter counts as it.
        open_for: how long it stays open before it probes.
        probes: calls let through then; all must succeed to close it.
    """

    failure_ratio: Share = 0.5
    slow_ratio: Share = 1.0
    slow_call: Wait = 5 * NS_PER["ms"]
    window: Calls = 100
    minimum_calls: Calls = 20
    open_for: Wait = 5 * NS_PER["s"]
    probes: Calls = 3


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How failed look-ups are tried again, all attempts within the time-out.

    Attributes:
        attempts: calls for one look-up at most, the first one included.
        budget: retries for each look-up, on average at most, 0 to 1; null is without a limit, which can triple the load
            of a store that is in trouble already.
        backoff: wait before the first retry, doubled for each further one.
    """

    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    budget: Ratio | None = 0.1
    backoff: Duration = 500 * NS_PER["us"]


class Hedge(msgspec.Struct, frozen=True, kw_only=True):
    """A second call for a look-up whose first has not answered soon; the answer that comes first is taken.

    It is paid from the budget of ``retry``, or from one of 10 % where there are no retries.

    Attributes:
        after: how long the first call may take before the second is made; less than the time-out.
    """

    after: Wait = 3 * NS_PER["ms"]


class FeatureStoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The look-up of batch features.

    Attributes:
        timeout: a look-up that takes longer is missing.
        breaker: absent never stops calling.
        retry: absent tries each look-up once.
        hedge: absent waits for the one call.
        cache: cards, and as many merchants, whose last row is used with its true age while look-ups fail; absent none.
        look_up: how long a look-up takes, on either clock; absent is as long as the store in memory needs.
    """

    timeout: Wait = 5 * NS_PER["ms"]
    breaker: Breaker | None = None
    retry: Retry | None = None
    hedge: Hedge | None = None
    cache: Capacity | None = None
    look_up: Annotated[LookUp, Variants(LOOK_UPS, shorthand=True)] | None = None


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Scores at which a decision changes; review is at most block.

    Attributes:
        review: a score of at least this is reviewed, more than 0, at most 1.
        block: a score of at least this is blocked, more than 0, at most 1.
    """

    review: Score = 0.30
    block: Score = 0.70


class DecisionLog(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of decisions.jsonl holds.

    Attributes:
        features: on all lines, on one line in a hundred, or on none.
    """

    features: Literal["all", "sample", "off"] = "sample"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How decisions are delivered; what is given up is kept in undelivered.jsonl.

    Attributes:
        timeout: longest wait for the caller to take a batch.
        attempts: deliveries of one batch at most, the first one included.
        backoff: wait before the second attempt, doubled for each further one.
        capacity: transactions that may wait for another attempt.
    """

    timeout: Wait = NS_PER["s"]
    attempts: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    backoff: Wait = 100 * NS_PER["ms"]
    capacity: Capacity = 20_000


class OnFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided when something failed: as the ladder says, approve, or review unless the ladder says block.

    Attributes:
        features_missing: the batch features are missing.
        model_failed: the model could not score.
    """

    features_missing: Literal["ladder", "fail_open", "fail_to_review"] = "ladder"
    model_failed: Literal["ladder", "fail_open", "fail_to_review"] = "ladder"


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """How a crashed actor is restarted.

    Attributes:
        max_restarts: restarts allowed within ``within``; one more drains the pipeline by rules and fails the run.
        within: the span in which restarts are counted.
        backoff: wait before the first restart, doubled for each further one.
        max_backoff: the longest wait.
    """

    max_restarts: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 10
    within: Wait = 10 * NS_PER["s"]
    backoff: Duration = 10 * NS_PER["ms"]
    max_backoff: Duration = NS_PER["s"]


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The pipeline under test.

    Attributes:
        thresholds: absent uses the model's own.
        memory_limit: what the memory alert is measured against.
        drain_timeout: how long the end waits for accepted transactions; the rest is decided by default.
    """

    mailboxes: Mailboxes = Mailboxes()
    producer: ProducerSettings = ProducerSettings()
    assembler: AssemblerSettings = AssemblerSettings()
    scorer: ScorerSettings = ScorerSettings()
    logger: LoggerSettings = LoggerSettings()
    feature_store: FeatureStoreSettings = FeatureStoreSettings()
    delivery: Delivery = Delivery()
    on_failure: OnFailure = OnFailure()
    thresholds: Thresholds | None = None
    log: DecisionLog = DecisionLog()
    memory_limit: Size = 500_000_000
    drain_timeout: Wait = 30 * NS_PER["s"]
    restart: Restart = Restart()
