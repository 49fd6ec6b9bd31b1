"""What the screen can show: one frozen `Frame`, made of plain values.

A number covers either the last 10 s of the run's clock (its name ends in ``_10s``, before the unit), the whole run
(``_run``) or this instant (``depth``, ``age_s``, ``state`` …). A section that has no data is None, and its panel is
left out; a number that has no samples is None, and shows as a dash. Nothing here is computed by the screen. What is
a metric stands among the figures of the frame under its name; a section has the rest.
"""

from typing import Literal

from msgspec import Struct

from actors.telemetry.ledger_snapshot import LedgerSnapshot

RunState = Literal["starting", "running", "draining", "finished", "interrupted"]
VerdictWord = Literal["undecided", "pass", "fail", "inconclusive"]
AlertWord = Literal["inactive", "pending", "firing", "resolved"]
StepWord = Literal["waiting", "under way", "done", "refused"]
FaultWord = Literal["waiting", "injected", "lifted", "skipped", "failed"]
ExpectationWord = Literal["waiting", "holding", "passed", "failed", "inconclusive", "skipped"]


class _Part(Struct, frozen=True, array_like=True):
    """A frozen value that travels as an array: both ends of the pipe are the same version."""


class Series(_Part, frozen=True):
    """Values at even steps of the run's clock; see `dashboard.charts.BoundedSeries` for one that stays bounded.

    Attributes:
        start_s: where the first step begins, seconds since the run began.
        step_s: length of a step, > 0.
        values: one a step, oldest first, None where there were no samples.
    """

    start_s: float
    step_s: float
    values: tuple[float | None, ...]


class Header(_Part, frozen=True, kw_only=True):
    """Which run this is and how far it has come.

    Attributes:
        planned_s: None when the end is not known (a replay as fast as it goes).
        verdict: of the expectations judged so far; "undecided" until one is.
        model: short digest of the serving model, None without one.
        engine: what scores with it.
        warnings: one short line each, most important first.
    """

    scenario: str
    clock: Literal["real", "virtual"]
    state: RunState
    phase: str | None
    elapsed_s: float
    planned_s: float | None
    verdict: VerdictWord
    seed: int
    model: str | None
    engine: str = ""
    hypothesis: str = ""
    warnings: tuple[str, ...] = ()


class Figure(_Part, frozen=True):
    """One metric over the last 10 s and over the whole run, in its own unit; None without samples."""

    last_10s: float | None
    run: float | None


class Throughput(_Part, frozen=True, kw_only=True):
    """Transactions that were due, transactions decided, and what the pipeline can do, where that was measured."""

    offered_run_per_s: float | None
    offered: Series
    achieved: Series
    capacity_per_s: float | None = None


class Latency(_Part, frozen=True, kw_only=True):
    """The targets of the latency percentiles and their series, in microseconds."""

    p50_target_us: float | None
    p95_target_us: float | None
    p99_target_us: float | None
    p50: Series
    p95: Series
    p99: Series


class StageTime(_Part, frozen=True, kw_only=True):
    """Service or waiting time of one stage, with its budget at p50 (None: it has none)."""

    stage: str
    p50_10s_us: float | None
    p50_run_us: float | None
    budget_us: float | None

    @property
    def breached(self) -> bool:
        """Whether the last 10 s are over budget."""
        return self.budget_us is not None and self.p50_10s_us is not None and self.p50_10s_us > self.budget_us


class Errors(_Part, frozen=True, kw_only=True):
    """What ended badly, by cause, and the share of what was produced that may.

    Attributes:
        causes: name and count over the whole run, those that are 0 included, in fixed order.
        invalid_run_count: dead letters for invalid input; not part of the error rate.
    """

    target_ratio: float
    causes: tuple[tuple[str, int], ...] = ()
    invalid_run_count: int = 0
    duplicate_run_count: int = 0


class Scores(_Part, frozen=True, kw_only=True):
    """Histogram of scores over [0, 1] in even bins (50), the last 10 s; thresholds of review and block."""

    counts_10s: tuple[int, ...]
    mean_10s: float | None
    reference_mean: float | None
    review_threshold: float
    block_threshold: float


class BreakerReading(_Part, frozen=True, kw_only=True):
    """The circuit breaker around the feature store: closed, open or half_open, for how long; trips in the whole run."""

    state: str
    age_s: float
    trips_run_count: int


class FeatureStoreHealth(_Part, frozen=True, kw_only=True):
    """Look-ups of the last 10 s, and how old the newest batch features are in event time.

    Attributes:
        hit_10s_ratio: rows found and fresh.
        miss_10s_ratio: rows without features though their look-up answered.
        age_s: event-time age of the batch table that serves.
        stale_after_s: beyond it batch features are stale.
    """

    hit_10s_ratio: float | None
    miss_10s_ratio: float | None
    p95_target_us: float | None
    age_s: float | None
    stale_after_s: float
    breaker: BreakerReading | None = None


class Memory(_Part, frozen=True, kw_only=True):
    """Resident bytes of the pipeline's process, the alert's limit, and the series in bytes."""

    used_bytes: int
    limit_bytes: int
    series: Series


class Drift(_Part, frozen=True, kw_only=True):
    """PSI of features against training, the last 10 s unless ``covers`` says otherwise.

    Attributes:
        features: name and PSI, highest first; as many as there are.
        limit: PSI at which the alert fires.
        samples_count: rows the figures rest on.
        covers: the span, in words.
    """

    features: tuple[tuple[str, float], ...]
    limit: float
    samples_count: int
    covers: str = "last 10 s"


class QualityFigures(_Part, frozen=True, kw_only=True):
    """How good the decisions are where labels are known; ``rolling_auc`` is None until there are enough."""

    rolling_auc: float | None
    target_auc: float
    recall_run_ratio: float | None
    false_positive_run_ratio: float | None
    labelled_run_count: int
    decided_run_count: int
    auc: Series | None = None


class MoneyFigures(_Part, frozen=True, kw_only=True):
    """Money over the whole run, of the labelled decisions only.

    Attributes:
        loss: amount of approved fraud.
        prevented: amount of fraud blocked, and the caught share of fraud reviewed.
        wrongly_blocked: amount of legitimate transactions blocked.
        review_run_count: decisions sent to review, labelled or not.
    """

    loss: float
    prevented: float
    wrongly_blocked: float
    wrongly_blocked_run_count: int
    review_run_count: int
    labelled_run_count: int
    decided_run_count: int


class MailboxLevel(_Part, frozen=True, kw_only=True):
    """One mailbox, named after the actor that receives from it; depth and capacity in transactions."""

    name: str
    depth: int
    capacity: int
    blocked: bool  # a sender waits now
    blocked_10s_ratio: float = 0.0


class ActorLevel(_Part, frozen=True, kw_only=True):
    """One actor: share of the last 10 s it was busy, and what its supervisor knows of it."""

    name: str
    busy_10s_ratio: float | None
    state: str
    restarts_run_count: int
    rows_10s_per_s: float | None


class PipelineFlow(_Part, frozen=True):
    """Actors in the order of flow, and mailboxes in the same order."""

    actors: tuple[ActorLevel, ...]
    mailboxes: tuple[MailboxLevel, ...]


class Share(_Part, frozen=True):
    """A part of all decisions, with its share in the last 10 s and in the whole run."""

    name: str
    ratio_10s: float | None
    ratio_run: float | None
    count_run: int


class AlertRow(_Part, frozen=True, kw_only=True):
    """One alert rule and its state.

    Attributes:
        age_s: time in this state on the run's clock.
        value: what the rule saw last, with unit, for example "latency.p95 81.2 ms".
        tells: who is told at this severity, and when it escalates.
    """

    name: str
    state: AlertWord
    age_s: float
    severity: str
    value: str
    tells: str


class PhaseSpan(_Part, frozen=True, kw_only=True):
    """One phase on the run's clock; ``ramp_to_per_s`` is None where the rate is level."""

    name: str
    start_s: float
    end_s: float
    rate_per_s: float
    ramp_to_per_s: float | None = None


class FaultSpan(_Part, frozen=True, kw_only=True):
    """One fault on the run's clock; ``end_s`` is None for a one-shot."""

    name: str
    start_s: float
    end_s: float | None
    state: FaultWord


class StepMark(_Part, frozen=True, kw_only=True):
    """One step on the run's clock, such as the release of a model; it has no end."""

    name: str
    at_s: float
    state: StepWord


class Timeline(_Part, frozen=True):
    """What is planned, on the same time axis as the series."""

    phases: tuple[PhaseSpan, ...]
    faults: tuple[FaultSpan, ...] = ()
    steps: tuple[StepMark, ...] = ()


class ExpectationRow(_Part, frozen=True, kw_only=True):
    """One expectation.

    Attributes:
        wanted: the rule as the scenario states it, with its ``during``.
        value: what was seen, with unit; "" before there is anything to see.
        note: why it failed or is inconclusive, and what to do next; "" otherwise.
        samples: of each percentile in the rule, how many were beyond the limit of how many; "" without one.
    """

    name: str
    wanted: str
    state: ExpectationWord
    value: str
    note: str = ""
    samples: str = ""


class WorkerRow(_Part, frozen=True, kw_only=True):
    """A worker of a run on a stream.

    Attributes:
        name: its slot, or one that was made up.
        state: in a word: joining, live, silent, gone.
        rate_10s_per_s: transactions it decided.
        lag: transactions of its partitions that are not committed.
        p95_10s_us: from the intended arrival to its decision.
        mode: in which it decided most of the last 10 s; None without a decision.
        restarts: how often its place was taken by a new process.
        troubled: whether it is without something it needs.
    """

    name: str
    state: str
    rate_10s_per_s: float | None
    lag: int
    p95_10s_us: float | None
    mode: str | None
    restarts: int
    troubled: bool = False


class Frame(_Part, frozen=True, kw_only=True, tag="frame"):
    """Everything the screen shows at one instant.

    Attributes:
        figures: the metrics that panels show (`dashboard.panels.panel.Panel.metrics`), by name.
        ledger: over the whole run.
        skipped_rows: of a file, left out as its column map says; the ledger knows nothing of them.
    """

    header: Header
    throughput: Throughput | None = None
    latency: Latency | None = None
    stages: tuple[StageTime, ...] = ()
    errors: Errors | None = None
    scores: Scores | None = None
    feature_store: FeatureStoreHealth | None = None
    memory: Memory | None = None
    drift: Drift | None = None
    quality: QualityFigures | None = None
    money: MoneyFigures | None = None
    pipeline: PipelineFlow | None = None
    decisions: tuple[Share, ...] = ()
    modes: tuple[Share, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    timeline: Timeline | None = None
    expectations: tuple[ExpectationRow, ...] = ()
    ledger: LedgerSnapshot | None = None
    workers: tuple[WorkerRow, ...] = ()
    skipped_rows: int = 0
    figures: dict[str, Figure] = {}

    def figure(self, metric: str) -> Figure:
        """Return a metric, without samples where the frame does not have it."""
        return self.figures.get(metric, _NO_FIGURE)


_NO_FIGURE = Figure(None, None)


class Notice(_Part, frozen=True, kw_only=True, tag="notice"):
    """What is going on before the first frame: "training the model", with progress where it is known.

    Attributes:
        done_ratio: 0 to 1, None when it is not known.
        detail: one short line, for example "120,000 of 300,000 transactions".
    """

    title: str
    detail: str = ""
    done_ratio: float | None = None


Message = Frame | Notice
