"""What the screen can show: one frozen `Frame`, made of plain values.

A number covers either the last 10 s of the run's clock (its name ends in ``_10s``, before the unit), the whole run
(``_run``) or this instant (``depth``, ``age_s``, ``state`` …). What has no data is None, and its panel is left out; a
number that has no samples is None, and shows as a dash. Nothing here is computed by the screen. A metric stands among
the figures of the frame under its name. What several panels show is a field of the frame; what a single panel shows
is a `Section`, declared beside that panel.
"""

from functools import cache
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from actors.telemetry.ledger_snapshot import LedgerSnapshot
from dashboard.choices import Answer

RunState = Literal["starting", "running", "draining", "finished", "interrupted"]
VerdictWord = Literal["undecided", "pass", "fail", "inconclusive"]
AlertWord = Literal["inactive", "pending", "firing", "resolved"]
StepWord = Literal["waiting", "under way", "done", "refused"]
FaultWord = Literal["waiting", "injected", "lifted", "replaced", "skipped", "failed"]
ExpectationWord = Literal["waiting", "holding", "passed", "failed", "inconclusive", "skipped"]


class Part(Struct, frozen=True, array_like=True):
    """A frozen value that travels as an array: both ends of the pipe are the same version."""


class Section(Part, frozen=True):
    """What a single panel shows, metrics apart. Its class stands beside the panel; a frame has one of it or none."""


AnySection = TypeVar("AnySection", bound=Section)


@cache
def _decoder(kind: type[AnySection]) -> "msgspec.msgpack.Decoder[AnySection]":
    return msgspec.msgpack.Decoder(kind)


class Series(Part, frozen=True):
    """Values at even steps of the run's clock; see `dashboard.charts.BoundedSeries` for one that stays bounded.

    Attributes:
        start_s: where the first step begins, seconds since the run began.
        step_s: length of a step, > 0.
        values: one a step, oldest first, None where there were no samples.
    """

    start_s: float
    step_s: float
    values: tuple[float | None, ...]


class Header(Part, frozen=True, kw_only=True):
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


class Figure(Part, frozen=True):
    """One metric over the last 10 s and over the whole run, in its own unit; None without samples."""

    last_10s: float | None
    run: float | None


class Throughput(Part, frozen=True, kw_only=True):
    """Transactions that were due, transactions decided, and what the pipeline can do, where that was measured."""

    offered_run_per_s: float | None
    offered: Series
    achieved: Series
    capacity_per_s: float | None = None


class Errors(Part, frozen=True, kw_only=True):
    """What ended badly, by cause, and the share of what was produced that may.

    Attributes:
        causes: name and count over the whole run, those that are 0 included, in fixed order.
        invalid_run_count: dead letters for invalid input; not part of the error rate.
    """

    target_ratio: float
    causes: tuple[tuple[str, int], ...] = ()
    invalid_run_count: int = 0
    duplicate_run_count: int = 0


class MoneyFigures(Part, frozen=True, kw_only=True):
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


class Share(Part, frozen=True):
    """A part of all decisions, with its share in the last 10 s and in the whole run."""

    name: str
    ratio_10s: float | None
    ratio_run: float | None
    count_run: int


class AlertRow(Part, frozen=True, kw_only=True):
    """One alert rule and its state.

    Attributes:
        age_s: time in this state on the run's clock.
        value: what the rule saw last, with unit, for example "latency.p95 81.2 ms".
        tells: who is told at this severity, and when it escalates.
        acknowledged: whether someone is on it.
    """

    name: str
    state: AlertWord
    age_s: float
    severity: str
    value: str
    tells: str
    acknowledged: bool = False


class PhaseSpan(Part, frozen=True, kw_only=True):
    """One phase on the run's clock; ``ramp_to_per_s`` is None where the rate is level."""

    name: str
    start_s: float
    end_s: float
    rate_per_s: float
    ramp_to_per_s: float | None = None


class FaultSpan(Part, frozen=True, kw_only=True):
    """One fault on the run's clock; ``end_s`` is None for a one-shot.

    A bad model is ``replaced`` once another one serves, by a rollback or a release: the fault is over before its lift.
    """

    name: str
    start_s: float
    end_s: float | None
    state: FaultWord


class StepMark(Part, frozen=True, kw_only=True):
    """One step on the run's clock, such as the release of a model; it has no end."""

    name: str
    at_s: float
    state: StepWord


class Timeline(Part, frozen=True):
    """What is planned, on the same time axis as the series."""

    phases: tuple[PhaseSpan, ...]
    faults: tuple[FaultSpan, ...] = ()
    steps: tuple[StepMark, ...] = ()


class ExpectationRow(Part, frozen=True, kw_only=True):
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


class Frame(Part, frozen=True, kw_only=True, tag="frame"):
    """Everything the screen shows at one instant.

    Attributes:
        figures: the metrics that panels show (`dashboard.panels.panel.Panel.metrics`), by name.
        ledger: over the whole run.
        skipped_rows: of a file, left out as its column map says; the ledger knows nothing of them.
        sections: each `Section` by the name of its class, encoded: this module knows none of the classes.
        rules_hidden: whether it is kept back how many rules of alerts there are.
        situation: what is going on, in words; "" where there is nothing to tell yet.
        answer: to what was asked at the keyboard a moment ago; None without.
    """

    header: Header
    throughput: Throughput | None = None
    errors: Errors | None = None
    money: MoneyFigures | None = None
    decisions: tuple[Share, ...] = ()
    modes: tuple[Share, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    rules_hidden: bool = False
    timeline: Timeline | None = None
    expectations: tuple[ExpectationRow, ...] = ()
    ledger: LedgerSnapshot | None = None
    skipped_rows: int = 0
    figures: dict[str, Figure] = {}
    sections: dict[str, msgspec.Raw] = {}
    situation: str = ""
    answer: Answer | None = None

    def showing(self, *sections: Section | None) -> "Frame":
        """Return the frame with these sections in the place of those of their classes; None stands for no data."""
        encoded = {_key(type(each)): msgspec.Raw(_encode(each)) for each in sections if each is not None}
        return msgspec.structs.replace(self, sections=self.sections | encoded)

    def has(self, kind: type[Section]) -> bool:
        """Return whether there is a section of this class."""
        return _key(kind) in self.sections

    def section(self, kind: type[AnySection]) -> AnySection | None:
        """Return the section of this class, None where there are no data for it."""
        encoded = self.sections.get(_key(kind))
        return None if encoded is None else _decoder(kind).decode(encoded)

    def figure(self, metric: str) -> Figure:
        """Return a metric, without samples where the frame does not have it."""
        return self.figures.get(metric, _NO_FIGURE)


_NO_FIGURE = Figure(None, None)
_encode = msgspec.msgpack.Encoder().encode


def _key(kind: type[Section]) -> str:
    return f"{kind.__module__}.{kind.__name__}"


class Notice(Part, frozen=True, kw_only=True, tag="notice"):
    """What is going on before the first frame: "training the model", with progress where it is known.

    Attributes:
        done_ratio: 0 to 1, None when it is not known.
        detail: one short line, for example "120,000 of 300,000 transactions".
    """

    title: str
    detail: str = ""
    done_ratio: float | None = None


Message = Frame | Notice
