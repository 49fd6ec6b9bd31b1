"""A file of real transactions that a scenario replays, and trains on, instead of the synthetic world.

A field is the name of its column, ``card: cc_num``, or a mapping that says more: ``event_time: {column: ts, unit: s}``.
"""

import math
from typing import Annotated, Literal

import msgspec

from sim.scalars import Duration, FilePath, Moment, Shorthand, Speed, Thousands, TimeFormat, Timezone, Words
from sim.tables.files import Separator
from sim.units import NS_PER, end_us, moment_us

Unit = Literal["ns", "us", "ms", "s", "min", "h", "d"]
MINUS = "-\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
"""What people and programs write for a minus: hyphens, dashes and the sign itself."""
UNITS = {
    "ns": "nanoseconds",
    "us": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "min": "minutes",
    "h": "hours",
    "d": "days",
}
"""What people call them."""


class PlainColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is one column, with nothing more to say about it.

    Attributes:
        column: its name in the file.
    """

    column: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.column,)


class DegreesColumn(PlainColumn, frozen=True, kw_only=True):
    """A latitude or longitude.

    Attributes:
        missing: the word that stands for no value, as in NULL, or a list of words.
    """

    missing: Words = ()


class TextColumn(PlainColumn, frozen=True, kw_only=True):
    """A field of text.

    A value with blanks around it is refused, since "fuel" and "fuel " would be two categories; ``strip`` removes them.
    So is a word that programs write where there is no value, such as NULL or nan; ``missing`` says what it is.

    Attributes:
        strip: characters to remove at both ends of each value, as in " ".
        missing: the word that stands for no value, as in NULL, or a list of words; [] if every word is a value.
    """

    strip: str = ""
    missing: Words | None = None


class JoinedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is one column, or several columns joined; exactly one of the two is given.

    Attributes:
        column: its name in the file.
        columns: the names of several, in order.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.columns if self.column is None else (self.column,)


class KeyColumn(JoinedColumn, frozen=True, kw_only=True):
    r"""What tells one card, merchant or transaction from another: ``card: {columns: [bank, account]}``.

    The values of several columns are joined with |, and a | or \ within a value gets a \ before it, so that two
    different keys never become one. What could make one key two is refused: blanks around a value, numbers in exponent
    form (their last digits are lost), whole numbers beyond 2^53 that were stored as floats. So is what could make many
    one: a word that programs write where there is no value, such as NULL or nan, unless ``missing`` says what it is.

    Attributes:
        strip: characters to remove at both ends of each value, as in " ".
        missing: the word that stands for no value, as in NULL, or a list of words; [] if every word is a value.
        absent: refuse a row that lacks one of several columns, or keep it with the others, where "absent" is a value
            like any other: all that lack the same share a key. A row that lacks every one is refused.
    """

    strip: str = ""
    missing: Words | None = None
    absent: Literal["refuse", "keep"] = "refuse"


class TimeColumn(JoinedColumn, frozen=True, kw_only=True):
    """When a transaction happened, between the years 1990 and 2100.

    A time that begins with its year needs nothing more. A number needs ``unit``, a date that begins with its day or
    month ``format``. Several columns are joined by a single blank, and ``format`` is for the whole:
    ``{columns: [Year, Month, Day, Time], format: "%Y %m %d %H:%M"}``.

    Attributes:
        unit: of a number: ns, us, ms, s, min, h or d. Absent, it is the one of s, ms, us and ns that puts every row of
            the file between 1990 and 2100; then the start of the run says which it is.
        since: the moment that a number counts from; absent is 1970-01-01 in UTC.
        format: how a text is written, as in "%d/%m/%Y %H:%M": %Y %y %m %b %B %d %j %H %I %p %M %S %f %z, and %F %T %R
            for %Y-%m-%d, %H:%M:%S, %H:%M. Month names are English. %y is 1990 to 2089. %f is a fraction of a second;
            the name of a day, %a, is read over.
    """

    unit: Unit | None = None
    since: Moment | None = None
    format: TimeFormat | None = None


class LabelColumn(PlainColumn, frozen=True, kw_only=True):
    """Whether a transaction was fraud; never shown to the pipeline.

    0 and 1, 0.0 and 1.0, true and false in any case need nothing more. Other words are given for both sides, as in
    ``fraud: {column: Is Fraud?, true: "Yes", false: ["No", Unknown]}``; a word that is none of them is refused. Case
    and blanks around a word do not matter.

    Attributes:
        true: the word for fraud, or a list of words.
        false: the word for no fraud, or a list of words.
    """

    true: Words = ()
    false: Words = ()


class AmountColumn(PlainColumn, frozen=True, kw_only=True):
    """How much was paid: a number from 0 to 1,000,000,000, as in ``amount: {column: Amount, strip: "$"}``.

    Exactly as written, however many decimals; sums over windows are in whole cents, halves to even. Exponents (1.5e2)
    are numbers, NaN and infinity are not. A 32-bit float beyond 131,072 is refused, since it holds no cents.

    Attributes:
        decimal: what stands before the decimals; absent is a point, and a column that could be read in two ways (1.234)
            is refused.
        thousands: what stands between groups of three digits, as in "," for 1,234.50.
        strip: characters to remove around the number, such as currency signs.
        unit: cents, if the column counts those.
        negative: refuse a file with an amount below zero, as of a refund, or skip such rows: they are counted, not
            replayed and not trained on. (38.18) is read as -38.18 where negative amounts are skipped.
    """

    decimal: Literal[".", ","] | None = None
    thousands: Thousands | None = None
    strip: str = ""
    unit: Literal["cents"] | None = None
    negative: Literal["refuse", "skip"] = "refuse"


_NAME = Shorthand("column")
Degrees = Annotated[DegreesColumn, _NAME]
Text = Annotated[TextColumn, _NAME]
Key = Annotated[KeyColumn, _NAME]
FieldColumn = PlainColumn | JoinedColumn


class EventColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Which column of the file holds which field of a transaction. A field without a column is missing.

    Each is the name of a column, or a mapping that says more about it.

    Attributes:
        id: unique; absent is the number of the row in the file.
        event_time: when it happened.
        card: token of the card.
        merchant: where it was used.
        amount: how much was paid.
        fraud: whether it was fraud; never shown to the pipeline.
    """

    id: Key | None = None
    event_time: Annotated[TimeColumn, _NAME]
    card: Key
    merchant: Key
    amount: Annotated[AmountColumn, _NAME]
    fraud: Annotated[LabelColumn, _NAME] | None = None
    currency: Text | None = None
    category: Text | None = None
    channel: Text | None = None
    device: Text | None = None
    ip_country: Text | None = None
    card_country: Text | None = None
    lat: Degrees | None = None
    lon: Degrees | None = None

    def mapped(self) -> dict[str, FieldColumn]:
        """Return the columns of each field that has any, by field, in the order of a transaction."""
        every = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: column for name, column in every.items() if column is not None}


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
