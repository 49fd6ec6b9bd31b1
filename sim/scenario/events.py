"""A file of real transactions that a scenario replays, and trains on, instead of the synthetic world."""

import math
from typing import Annotated

import msgspec

from sim.scalars import Duration, FilePath, Moment, Speed, Timezone
from sim.scenario.column_map import EventColumns
from sim.tables.separators import Separator
from sim.units import NS_PER, end_us, moment_us

Span = tuple[Moment, Moment]
Gate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """What a model must reach on the test span, or training is refused. One gate given replaces all default gates.

    Attributes:
        roc_auc: area under the ROC curve, at least.
        average_precision: area under the precision-recall curve, at least.
        precision_at_recall_70: precision where 70 % of fraud is found, at least.
        brier_score: mean squared error of the score, at most.
        brier_skill: 1 - Brier / Brier of the base rate, at least.
        calibration_error: expected calibration error, at most.
    """

    roc_auc: Gate | None = None
    average_precision: Gate | None = None
    precision_at_recall_70: Gate | None = None
    brier_score: Gate | None = None
    brier_skill: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None = None
    calibration_error: Gate | None = None


class Events(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A file of transactions, or several: CSV, JSON lines or Parquet, also packed by gzip.

    A date alone as the end of a span includes that day; a moment is where it ends. Times without an offset are in
    ``timezone``.

    Attributes:
        file: its path, relative to the scenario file; given by --set, relative to where the command is given.
            A folder is read in order of its files' names, as is a pattern (parts/*.parquet).
        columns: field to column.
        separator: between the columns of CSV, as a word or a character; absent is the comma, in a .tsv file the tab.
        multiline: a field of CSV may have several lines even where they look like rows.
        sort: sort the rows by event time before anything else; rows of equal times keep their order. Without it a file
            whose times fall is refused.
        speed: event seconds for each second of the run, or max: as fast as the pipeline takes them.
        from_: first moment replayed; absent starts with ``test``, or with the file.
        to: last day replayed, or the moment before which the replay ends; absent ends with ``test``, or with the file.
        train: span of the training transactions.
        test: span on which the model is judged.
        label_delay: event time from a transaction to its label.
        warm_from: start of the history that features are computed from; absent is the start of the file.
        known_card_filter: leave out of the judgement cards whose fraud was known before each test day.
        timezone: of times without an offset.
        gates: what the trained model must reach.
    """

    file: FilePath
    columns: EventColumns
    separator: Separator | None = None
    multiline: bool = False
    sort: bool = False
    speed: Speed = math.inf
    from_: Moment | None = None
    to: Moment | None = None
    train: Span | None = None
    test: Span | None = None
    label_delay: Duration = 7 * NS_PER["d"]
    warm_from: Moment | None = None
    known_card_filter: bool = False
    timezone: Timezone = "UTC"
    gates: Gates = Gates()

    def replay_us(self) -> tuple[int | None, int | None]:
        """Return the replayed span as event times: its start, and its end, exclusive; None is the file's own."""
        first = self.from_ or (self.test[0] if self.test else None)
        last = self.to or (self.test[1] if self.test else None)
        return (
            None if first is None else moment_us(first, self.timezone),
            None if last is None else end_us(last, self.timezone),
        )

    def span_us(self, span: Span) -> tuple[int, int]:
        """Return ``span`` as event times: its start, and its end, exclusive."""
        return moment_us(span[0], self.timezone), end_us(span[1], self.timezone)
