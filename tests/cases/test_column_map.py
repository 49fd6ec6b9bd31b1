"""Cases from practice about times, keys, labels and amounts: right, or refused with a remedy."""

from collections.abc import Callable

import pytest

from actors.core.errors import TransactionFileError
from sim.replay.contents import Contents
from sim.replay.event_file import EventFile
from sim.replay.events_section import events_spec
from sim.scenario.loader import load
from tests.support.cases import Case

ROWS = 300
CARDS = 60
TOTAL_CENTS = 1_117_273
FIRST_US = 1_709_539_269_000_000  # 2024-03-04 08:01:09 UTC

RIGHT = {
    "04": ("digits", "dotzero", "j19", "j22", "jfloat", "pfloat", "pint"),
    "05": ("s", "ms", "us", "ns", "fs"),
    "06": ("z", "off", "dst", "pny", "pfix", "pnaive"),
    "07": ("slash", "space", "min", "date", "iso8601", "pdate"),
    "08": ("float", "pfloat", "pdec", "upper", "jbool", "pbool", "pint8"),
    "09": ("exp", "spaces"),
    "14": ("sparkov",),
    "15": ("cat", "catint", "dec", "dec4", "dict", "f32", "int96", "large", "ts_ms", "ts_ns", "ts_s", "u64"),
}
ELSEWHERE = {"off", "dst", "pny", "pfix", "pnaive", "date", "pdate"}  # other instants than most files have

DAY_FIRST = 'event_time: {column: when, format: "%d/%m/%Y %H:%M:%S"}'
REFUSED = [
    ("06", "mixed", "row 151, column when: event_time has an offset from UTC, but the time in row 1 has none"),
    ("06", "twice", "row 127, column when: event_time comes twice in Europe/Brussels, where the clock goes back here"),
    ("07", "us", f"day and month could be swapped, got '03/04/2024 08:01:09'; write {DAY_FIRST} or event_time: "),
    ("07", "eu", f"day and month could be swapped, got '04/03/2024 08:01:09'; write {DAY_FIRST} or event_time: "),
    ("07", "us2", 'write event_time: {column: when, format: "%m/%d/%Y %H:%M:%S"}'),
    ("07", "ampm", 'write event_time: {column: when, format: "%Y-%m-%d %I:%M:%S %p"}'),
    ("08", "yes", 'say what the words mean, as in fraud: {column: fraud, true: "Yes", false: "No"}'),
    ("08", "two", "row 4, column fraud: fraud must be 0 or 1, or true or false, got '2'"),
    ("08", "blank", "row 1, column fraud: fraud must be known in every row, got nothing"),
    ("09", "neg", "row 6, column amount: amount must be a number from 0 to 1000000000, got '-38.18'; write amount: {"),
    ("09", "neg", "write amount: {column: amount, negative: skip} to leave refunds out"),
    ("09", "paren", "in parentheses is a refund, got '(38.18)'; write amount: {column: amount, negative: skip}"),
    ("09", "dollar", "without '$', got '$10.32'; write amount: {column: amount, strip: \"$\"}"),
    ("09", "nan", "and this is none, got 'NaN'"),
    ("14", "paysim", "as in event_time: {column: step, unit: h, since: 2018-04-01}"),
    ("14", "kaggle", "event_time is a number without a unit"),
    ("14", "tabformer", "event_time is a time of day without its date, got '08:01'"),
    ("15", "time64", "event_time is a time of day without its date"),
]  # fmt: skip

MENDED = [
    ("07", "us", ('events.columns.event_time.format="%m/%d/%Y %H:%M:%S"',)),
    ("07", "eu", ('events.columns.event_time.format="%d/%m/%Y %H:%M:%S"',)),
    ("07", "ampm", ('events.columns.event_time.format="%Y-%m-%d %I:%M:%S %p"',)),
    ("08", "yes", ("events.columns.fraud.true=Yes", "events.columns.fraud.false=No")),
    ("09", "dollar", ("events.columns.amount.strip=$",)),
    ("09", "eurosign", ("events.columns.amount.strip=€",)),
    ("14", "paysim", ("events.columns.event_time.unit=h", "events.columns.event_time.since=2018-04-01")),
    (
        "14",
        "tabformer",
        (
            'events.columns.event_time={columns: [Year, Month, Day, Time], format: "%Y %m %d %H:%M"}',
            "events.columns.amount.strip=$",
            "events.columns.fraud.true=Yes",
            "events.columns.fraud.false=No",
            "events.columns.card={columns: [User, Card]}",
        ),
    ),
]


def opened(case: Case, scenario: str, *overrides: str) -> EventFile:
    """Return the file of a scenario, opened as a run opens it."""
    events = load(case.folder / f"{scenario}.yaml", overrides).events
    assert events is not None
    return EventFile.open(events_spec(events))


def contents(case: Case, scenario: str, *overrides: str) -> Contents:
    """Return what the file of a scenario holds, after every check."""
    return opened(case, scenario, *overrides).contents()


@pytest.mark.parametrize(("number", "scenario"), [(number, each) for number in RIGHT for each in RIGHT[number]])
def test_every_row_is_read_rightly(case: Callable[[str], Case], number: str, scenario: str) -> None:
    """A file that can be read one way only gives every transaction, at its instant, on its card, to the cent."""
    file = opened(case(number), scenario)
    held = file.contents()
    assert (held.rows, held.frauds, held.skipped_rows) == (ROWS, 8, 0)
    frames = [columns for columns, _ in file.columns()]
    assert sum(int(each.cents.sum()) for each in frames) == TOTAL_CENTS
    assert len({card for each in frames for card in each.cards}) == CARDS
    if scenario not in ELSEWHERE:
        assert held.first_us - FIRST_US in (0, -9_000_000)  # `min` has no seconds


@pytest.mark.parametrize(("number", "scenario", "said"), REFUSED)
def test_what_reads_in_two_ways_is_refused(case: Callable[[str], Case], number: str, scenario: str, said: str) -> None:
    """A file that could be read wrongly is refused with the row, the rule and the remedy."""
    with pytest.raises(TransactionFileError) as caught:
        contents(case(number), scenario)
    assert said in str(caught.value)


@pytest.mark.parametrize(("number", "scenario", "overrides"), MENDED)
def test_the_remedy_mends_it(
    case: Callable[[str], Case], number: str, scenario: str, overrides: tuple[str, ...]
) -> None:
    """What the refusal says to write makes the file one that is read, all of it."""
    held = contents(case(number), scenario, *overrides)
    assert held.rows == ROWS


def test_a_fall_in_the_night_in_which_clocks_go_back_says_so(case: Callable[[str], Case]) -> None:
    """Local times that are taken as they stand fall when clocks go back, and the refusal names that cause."""
    with pytest.raises(TransactionFileError, match=r"row 249, column when: .* in a night in which clocks go back"):
        contents(case("06"), "twice", "events.timezone=UTC")


@pytest.mark.parametrize(("number", "scenario"), [("05", "s"), ("05", "ns"), ("08", "pfloat")])
def test_every_row_is_decided(case: Callable[[str], Case], number: str, scenario: str) -> None:
    """What the reader takes the pipeline takes too: nothing is a dead letter."""
    outcome = case(number).run(scenario)
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == outcome.summary["ledger"]["decided"] == ROWS


def test_a_refusal_is_one_line_and_exit_code_two(case: Callable[[str], Case]) -> None:
    """A run of a file that is refused says so before it begins."""
    outcome = case("07").run("us")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "day and month could be swapped" in outcome.err
