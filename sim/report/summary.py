"""The figures of a run: ``summary.json``. Keys are stable; a new one may come, none changes its meaning.

A figure without samples is null. Ratios are 0 to 1, instants seconds since the run began, amounts in the currency of
the transactions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.core.errors import OutputError
from actors.model.engine import EngineKind
from actors.telemetry.ledger_snapshot import LedgerSnapshot
from sim.faults.fault import FaultRecord
from sim.judging.abort import Aborted
from sim.judging.alert_grades import AlertGrades
from sim.judging.result import ExpectationResult
from sim.judging.verdict import VerdictWord
from sim.outcomes.money import Business
from sim.outcomes.score_quality import LiveQuality
from sim.report.run_folder import SUMMARY, read_regular
from sim.scenario.json_schema import attribute_texts
from sim.steps.step import StepRecord


def schema_of(root: type[msgspec.Struct]) -> bytes:
    """Return the JSON Schema of ``root`` as text, with what the docstrings say of each key."""
    structs = {each.__name__: each for each in _structs(root, set())}
    found: dict[str, Any] = msgspec.json.schema(root)
    for name, definition in found["$defs"].items():
        for key, text in attribute_texts(structs[name]).items():
            if key in definition["properties"]:
                definition["properties"][key]["description"] = text
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def indented(document: msgspec.Struct) -> bytes:
    """Return ``document`` as JSON for people and programs: indented, keys in their order."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _structs(root: type[msgspec.Struct], known: set[type]) -> Iterator[type[msgspec.Struct]]:
    """Yield ``root`` and every struct that its fields lead to."""
    if root in known:
        return
    known.add(root)
    yield root
    for each in msgspec.structs.fields(root):
        yield from _within(msgspec.inspect.type_info(each.type), known)


def _within(info: msgspec.inspect.Type, known: set[type]) -> Iterator[type[msgspec.Struct]]:
    if isinstance(info, msgspec.inspect.StructType):
        yield from _structs(info.cls, known)
    for name in ("types", "item_types"):
        for inner in getattr(info, name, ()):
            yield from _within(inner, known)
    for name in ("item_type", "key_type", "value_type"):
        inner = getattr(info, name, None)
        if inner is not None:
            yield from _within(inner, known)


class DecisionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions by kind."""

    approve: int = 0
    review: int = 0
    block: int = 0


class ModeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions by the rung of the ladder they were made on, best first."""

    full: int = 0
    stale: int = 0
    realtime_only: int = 0
    rules: int = 0
    default: int = 0


class StageTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Time spent in one stage over the whole run. The maximum and the mean are exact.

    Attributes:
        at_least: those of the percentiles that are lower bounds, by key: the true one is more than an hour.
        budget_ms: what is promised at the median; null where nothing is.
    """

    count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    p99_9_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    budget_ms: float | None = None
    at_least: tuple[str, ...] = ()


class FeatureStoreUse(msgspec.Struct, frozen=True, kw_only=True):
    """What the feature store was asked and what came of it, over the whole run.

    Attributes:
        look_ups: of a batch, one each, however often they were tried.
        failed: look-ups that failed, timed out or met an open breaker.
        calls: what the store was asked: none for a look-up that the breaker refused, one more for each retry.
        calls_per_look_up: the store's load as a multiple of what was to be looked up; null without look-ups.
        transactions: that needed batch features.
        cached: those of them that the cache answered because their look-up had failed.
        stale: those of them with features past their limit.
        missing: those of them without any.
    """

    look_ups: int = 0
    failed: int = 0
    calls: int = 0
    calls_per_look_up: float | None = None
    transactions: int = 0
    cached: int = 0
    stale: int = 0
    missing: int = 0


class AlertOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert did, for those that fired or were pending at the end.

    Attributes:
        state: at the end of the run.
        firings: from when to when it fired; null is not over.
    """

    alert: str
    severity: str
    state: str
    fired_count: int
    firings: tuple[tuple[float, float | None], ...] = ()
    text: str = ""


class PartitionWait(msgspec.Struct, frozen=True, kw_only=True):
    """How long a partition that had undecided transactions got no committed end.

    Attributes:
        partition: of the transactions' topic.
        begun_at_s: when it began to wait, in seconds since the run began.
        waited_s: until an end of it was seen, or the run ended.
    """

    partition: int
    begun_at_s: float
    waited_s: float


class StreamFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of a run whose pipeline were workers on a stream.

    Attributes:
        run: its id, which is in every key and message.
        stream: address of the stream.
        store: address of windows and features.
        workers: most that took part at one time.
        restarts: workers that were started again in the place of one that had died.
        spares_used: those of them that a spare process became, which the run had kept ready.
        joined: processes that took part.
        lost: processes that were heard of no more.
        epochs: committed.
        epochs_aborted: given up and played again.
        rows_replayed: transactions in those.
        delivery: what workers promise: exactly_once, or at_least_once.
        decided_twice: ends beyond the first of a transaction; any fails the run.
        redelivered: ends that came again and said the same, where delivery is at_least_once; counted nowhere else.
        undecided: transactions that were sent and had come to no end when the run had to end; any fails it.
        negative_latencies: transactions that were due later than their worker's clock said: clocks differ.
        foreign: messages of other runs, passed over.
        longest_wait: the longest that any partition with undecided transactions got no committed end; null without one.
        worker_processor_s: processor time of all workers.
        processor_us_per_transaction: the same for each decision; null without one.
        models: digests of the models that decided, with how many decisions each.
    """

    run: str
    stream: str
    store: str
    workers: int = 0
    restarts: int = 0
    spares_used: int = 0
    joined: int = 0
    lost: int = 0
    epochs: int = 0
    epochs_aborted: int = 0
    rows_replayed: int = 0
    delivery: str = "exactly_once"
    decided_twice: int = 0
    redelivered: int = 0
    undecided: int = 0
    negative_latencies: int = 0
    foreign: int = 0
    longest_wait: PartitionWait | None = None
    worker_processor_s: float = 0.0
    processor_us_per_transaction: float | None = None
    models: dict[str, int] = {}


class SpanFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The run during one phase or fault. Money and quality are of the transactions that arrived in it.

    Attributes:
        end_s: null where the run ended before it.
        offered_per_s: transactions due.
        throughput_per_s: transactions decided.
        latency_max_ms: exact, of the decisions made in it.
        at_least: those of the latency percentiles that are lower bounds, by key: the true one is more than an hour.
        modes: share of decisions by mode.
    """

    name: str
    kind: Literal["phase", "fault"]
    start_s: float
    end_s: float | None
    offered_per_s: float | None
    throughput_per_s: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    latency_max_ms: float | None = None
    at_least: tuple[str, ...] = ()
    error_rate: float | None
    modes: dict[str, float]
    business: Business
    quality: LiveQuality


class FaultCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault cost, against the time in which no fault was in; null without fraud on both sides.

    Attributes:
        recall_during: share of fraud reviewed or blocked while it was in.
        recall_otherwise: the same while no fault was in.
        recall_lost: their difference; below 0, more was caught during the fault.
        money_lost: amount of fraud during the fault, times how much more of it went unstopped than otherwise.
    """

    fault: str
    recall_during: float | None
    recall_otherwise: float | None
    recall_lost: float | None
    money_lost: float | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run comes down to.

    Attributes:
        scenario_digest: of the scenario as run, in scenario.yaml.
        model: digest of the model that served at the end; null without one.
        engine: what scored with it, lightgbm or compiled; null without one.
        calibration: digest of the service times that the virtual clock used; null on the real one.
        trace_hash: SHA-256 over the decision log, as written before labels are joined, and the journal; equal for equal
            runs on the virtual clock; null on the real one.
        reasons: of the verdict, one line each, failures first.
        failures: how many of the reasons are failures; the others leave it in doubt.
        aborted: which condition of ``abort_on`` ended the run early, and when; null if none did.
        skipped: what a shortened run left out.
        duration_s: from the start to the last decision.
        events_processed: transactions decided, set aside or found to be duplicates.
        skipped_rows: rows of the replayed file that were left out because its column map says so, such as refunds.
        fraud_detected: fraud reviewed or blocked, of that with a known label.
        actual_fraud: fraud with a known label.
        latency_max_ms: exact, as the mean is.
        at_least: those of the latency percentiles that are lower bounds, by key: the true one is more than an hour.
        throughput_events_per_sec: decisions over the duration.
        capacity_events_per_sec: what the pipeline decides when it is never without work, where that was measured before
            the run: by ``demo``, and for rates that are a share of it; null otherwise.
        error_rate: default decisions, failed log lines, undelivered decisions and crashes, of those produced.
        model_roc_auc: on held-out data, from training; so are the next two.
        live_roc_auc: of this run's scores against known labels.
        live_on_unknown_cards: the same without the cards known to be compromised, as the published protocol judges;
            null where the scenario does not ask for it.
        avg_prediction: mean score of this run.
        prediction_std: standard deviation of the scores of this run.
        by_hand: what was changed at the screen while it ran, a line each; as_played.yaml has the same as a scenario.
        spans: the figures of each phase and fault.
        costs: what each fault cost in recall and in money.
        alert_grades: how the alerts did on each fault and over the run.
        warnings: what went wrong without changing the verdict.
        git: commit of the code; null outside a checkout.
    """

    scenario: str
    scenario_digest: str
    hypothesis: str
    seed: int
    clock: str
    model: str | None
    engine: EngineKind | None = None
    calibration: str | None = None
    trace_hash: str | None = None
    verdict: VerdictWord
    exit_code: int
    reasons: tuple[str, ...]
    failures: int = 0
    aborted: Aborted | None = None
    skipped: tuple[str, ...]
    by_hand: tuple[str, ...] = ()
    duration_s: float
    events_processed: int
    fraud_detected: int
    actual_fraud: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    latency_mean_ms: float | None
    latency_max_ms: float | None = None
    at_least: tuple[str, ...] = ()
    throughput_events_per_sec: float | None
    capacity_events_per_sec: float | None = None
    error_rate: float | None
    model_roc_auc: float | None
    precision_at_recall_70: float | None
    brier_score: float | None
    live_roc_auc: float | None
    live_average_precision: float | None
    live_on_unknown_cards: LiveQuality | None = None
    avg_prediction: float | None
    prediction_std: float | None
    decisions: DecisionCounts
    modes: ModeCounts
    skipped_rows: int = 0
    ledger: LedgerSnapshot
    business: Business
    stages: dict[str, StageTimes]
    feature_store: FeatureStoreUse = FeatureStoreUse()
    stream: StreamFigures | None = None
    spans: tuple[SpanFigures, ...]
    costs: tuple[FaultCost, ...]
    faults: tuple[FaultRecord, ...]
    steps: tuple[StepRecord, ...]
    alerts: tuple[AlertOutcome, ...]
    alert_grades: AlertGrades = AlertGrades()
    expectations: tuple[ExpectationResult, ...]
    warnings: tuple[str, ...] = ()
    git: str | None = None
    versions: dict[str, str] = {}


def summary_text(summary: Summary) -> bytes:
    """Return ``summary.json``: indented, keys in their order."""
    return indented(summary)


def read_summary(folder: Path) -> Summary:
    """Return the summary in the folder of a run.

    Raises:
        OutputError: there is none, or it is not one.
    """
    path = folder / SUMMARY
    try:
        return msgspec.json.decode(read_regular(path)[0], type=Summary)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}; the run could not write it") from error
    except msgspec.DecodeError as error:
        raise OutputError(f"{path}: is of another version, or no summary: {error}") from error


def summary_schema() -> bytes:
    """Return the JSON Schema of ``summary.json``, each key described by the docstrings of its type."""
    return schema_of(Summary)
