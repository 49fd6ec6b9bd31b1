"""Everything the pipeline tells about itself at one instant: frozen, small, encodable by msgspec.

Counts run since the start of the run and never go down; what happened in a span is the difference of two snapshots
(`actors.telemetry.window.Window`). Gauges are readings of the instant.
"""

import msgspec

from actors.telemetry.counters import ActorWork, Counters, GcCounts
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.ledger_snapshot import LedgerSnapshot, Waiting


class MailboxGauge(msgspec.Struct, frozen=True):
    """A mailbox.

    Attributes:
        name: the actor it belongs to.
        depth: transactions waiting.
        capacity: transactions it holds before it blocks the sender.
        leased: transactions taken and not yet acknowledged.
        blocked_s: how long senders have waited for room, since the start of the run.
    """

    name: str
    depth: int
    capacity: int
    leased: int = 0
    blocked_s: float = 0.0


class ActorGauge(msgspec.Struct, frozen=True):
    """An actor: its state in the supervisor's words, and how often it was restarted."""

    name: str
    state: str
    restarts: int = 0


class Gauges(msgspec.Struct, frozen=True):
    """What only the pipeline can read, all at the same instant, with no await in between.

    Attributes:
        waiting: transactions that have not ended, counted where they lie.
        batch_age_s: age of the newest batch features on the event-time axis; None without any.
        breaker: state of the feature store's circuit breaker.
        model: short digest of the serving model.
        engine: what scores with it.
        kafka_silent_s: for how long the brokers of a stream have not answered, 0 while they do; None without a stream.
        redis_silent_s: the same of the store of a stream.
    """

    waiting: Waiting = Waiting()
    mailboxes: tuple[MailboxGauge, ...] = ()
    actors: tuple[ActorGauge, ...] = ()
    batch_age_s: float | None = None
    breaker: str = "closed"
    model: str = ""
    engine: str = ""
    kafka_silent_s: float | None = None
    redis_silent_s: float | None = None


class ScoreCounts(msgspec.Struct, frozen=True):
    """Scores of the model: a histogram over [0, 1] in equal bins, their number and their sum."""

    bins: tuple[int, ...] = ()
    total: int = 0
    sum: float = 0.0


class FeatureCounts(msgspec.Struct, frozen=True):
    """Sampled features, counted into the reference bins.

    Attributes:
        rows: rows sampled.
        bins: bins a feature, the last in use being "missing".
        counts: little-endian int64, feature after feature in manifest order.
    """

    rows: int = 0
    bins: int = 0
    counts: bytes = b""


class AlertReading(msgspec.Struct, frozen=True):
    """An alert rule and where it stands.

    Attributes:
        state: inactive, pending, firing or resolved.
        since_ns: when it entered that state, on the run's clock.
        fired_count: how often it has fired since the start of the run.
        told: who hears of it now; the next in line once it has escalated.
        text: the figures it rests on, such as ``latency.p95 = 63.1 ms, wanted …``.
    """

    alert: str
    severity: str
    state: str
    since_ns: int
    fired_count: int = 0
    told: str = ""
    escalated: bool = False
    acknowledged: bool = False
    text: str = ""


class Quality(msgspec.Struct, frozen=True):
    """How good the decisions were, as far as labels are known. The laboratory fills it; the pipeline has no labels.

    A ratio is None while nothing is known that it could be a share of.

    Attributes:
        labelled: decisions whose label is known.
        recall: fraud that was reviewed or blocked, of all fraud.
        precision: fraud among what was reviewed or blocked.
        false_positive_rate: legitimate transactions blocked, of all legitimate ones.
        live_roc_auc: of scores against labels; None until both kinds are there; so are the next two.
        live_ks: Kolmogorov-Smirnov distance between the scores of fraud and of the rest.
        calibration_error: how far scores are from the share of fraud among those like them.
        fraud_loss: amount of approved fraud.
        fraud_prevented: amount of blocked fraud, and the share of reviewed fraud that review catches.
        wrongly_blocked: amount of blocked legitimate transactions.
        review_volume: transactions sent to review.
        on_time_ratio: decided by the deadline, of all; known once the run is over.
        top_on_time_ratio: the same of the tenth with the largest amounts.
        top_scored_ratio: decided by the deadline and by the model, of that tenth.
    """

    labelled: int = 0
    recall: float | None = None
    precision: float | None = None
    false_positive_rate: float | None = None
    live_roc_auc: float | None = None
    live_ks: float | None = None
    calibration_error: float | None = None
    fraud_loss: float = 0.0
    fraud_prevented: float = 0.0
    wrongly_blocked: float = 0.0
    review_volume: int = 0
    on_time_ratio: float | None = None
    top_on_time_ratio: float | None = None
    top_scored_ratio: float | None = None


class Alarms(msgspec.Struct, frozen=True):
    """What alerts did that they should not have. The laboratory fills it; the pipeline does not know what is wrong.

    Attributes:
        false: firings that began while nothing was wrong, since the start of the run.
        flaps: firings that began soon after the same alert was resolved, for the same reason.
    """

    false: int = 0
    flaps: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """The pipeline at ``at_ns`` on the run's clock; counts since ``started_ns``.

    Attributes:
        stages: by `Stage` value.
        counters: a copy, as are ``work`` and ``gc``; nothing is added to them any more.
        work: by actor.
        decisions: by mode, in the order of `Mode`: counts in the order of `Decision`.
        memory_bytes: resident memory of this process; None where it is not sampled (a virtual clock).
    """

    at_ns: int
    started_ns: int
    ledger: LedgerSnapshot
    stages: dict[str, HistogramCounts]
    counters: Counters
    decisions: tuple[tuple[int, ...], ...]
    scores: ScoreCounts
    features: FeatureCounts
    work: dict[str, ActorWork]
    gauges: Gauges
    gc: GcCounts = msgspec.field(default_factory=GcCounts)
    memory_bytes: int | None = None
    alerts: tuple[AlertReading, ...] = ()
    alarms: Alarms | None = None
    quality: Quality | None = None

    @property
    def decided_by_mode(self) -> tuple[int, ...]:
        """Decisions by mode, in the order of `Mode`."""
        return tuple(map(sum, self.decisions))

    def light(self) -> "Snapshot":
        """Return it without the histograms and feature counts, for a screen that is sent finished figures."""
        return msgspec.structs.replace(self, stages={}, features=FeatureCounts())
