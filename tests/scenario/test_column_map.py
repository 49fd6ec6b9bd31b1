"""The column map of a replay: a name or a mapping for each field, checked before any file is opened."""

import msgspec
import pytest
import yaml

from sim.scenario.events import AmountColumn, EventColumns, LabelColumn, TimeColumn
from sim.scenario.json_schema import schema
from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import resolved
from sim.scenario.scenario import Scenario
from tests.support.sim.scenario_texts import REPLAY

PLAIN = "{id: ID, event_time: TIME, card: CARD, merchant: SHOP, amount: EUR, fraud: FRAUD}"


def scenario(columns: str, *overrides: str) -> Scenario:
    """Return the example of a replay with another column map."""
    return parse(REPLAY.replace(PLAIN, columns), "drill.yaml", overrides, files_required=False)


def columns_of(columns: str, *overrides: str) -> EventColumns:
    """Return the column map as it is read."""
    events = scenario(columns, *overrides).events
    assert events is not None
    return events.columns


def with_field(field: str, written: str) -> str:
    """Return the plain map with one field written otherwise."""
    tree = yaml.safe_load(PLAIN)
    others = ", ".join(f"{name}: {column}" for name, column in tree.items() if name != field)
    return f"{{{others}, {field}: {written}}}"


def refusal(field: str, written: str) -> str:
    """Return the one line with which a field is refused."""
    with pytest.raises(InvalidScenarioError) as caught:
        scenario(with_field(field, written))
    (line,) = str(caught.value).split("\n")
    assert line.startswith("drill.yaml:5:")
    return line.partition(": ")[2]


def test_a_name_stands_for_a_mapping_with_that_column() -> None:
    """A field written as a name and as a mapping with nothing but the name are the same."""
    assert columns_of(with_field("card", "{column: CARD}")) == columns_of(PLAIN)
    assert columns_of(PLAIN).event_time == TimeColumn(column="TIME")


def test_the_words_of_labels_are_taken_as_they_are_written() -> None:
    """Words that YAML takes for truth values stand for themselves, quoted or not, alone or in a list."""
    written = '{column: FRAUD, true: Yes, false: ["No", false, off, 0]}'
    assert columns_of(with_field("fraud", written)).fraud == LabelColumn(
        column="FRAUD", true=("Yes",), false=("No", "false", "off", "0")
    )


@pytest.mark.parametrize(
    "fields",
    [
        'event_time: {column: ts, unit: s}, amount: {column: EUR, decimal: ",", thousands: ".", strip: "€"}',
        "event_time: {column: step, unit: h, since: 2018-04-01}, amount: {column: EUR, unit: cents, negative: skip}",
        'event_time: {columns: [Y, M, D, T], format: "%Y %m %d %H:%M"}, amount: EUR, card: {columns: [bank, account]}',
        'event_time: TIME, amount: EUR, fraud: {column: F, true: [Yes, Y], false: N}, device: {column: D, strip: " "}',
    ],
)
def test_what_is_resolved_is_read_back(fields: str) -> None:
    """A scenario as resolved has the same column map, and equal maps are written alike."""
    rest = "" if "card:" in fields else ", card: CARD"
    read = scenario(f"{{merchant: SHOP{rest}, {fields}}}")
    assert parse(resolved(read), "again.yaml", files_required=False) == read
    plain = yaml.safe_load(resolved(scenario(PLAIN)))["events"]["columns"]
    assert plain == yaml.safe_load(PLAIN)


def test_an_override_within_a_plain_name_keeps_the_name() -> None:
    """``--set`` of a unit makes a mapping of a name; of the field itself another name, whatever it looks like."""
    assert columns_of(PLAIN, "events.columns.event_time.unit=s").event_time == TimeColumn(column="TIME", unit="s")
    assert columns_of(PLAIN, "events.columns.event_time=my time #1").event_time == TimeColumn(column="my time #1")
    whole = columns_of(PLAIN, "events.columns.amount={column: A, unit: cents}").amount
    assert whole == AmountColumn(column="A", unit="cents")


@pytest.mark.parametrize(
    ("field", "written", "rule"),
    [
        ("event_time", "{unit: s}", "events.columns.event_time needs a column"),
        ("event_time", "{column: a, columns: [b]}", "events.columns.event_time.columns has no use beside column"),
        ("card", "{columns: [a, a]}", "events.columns.card.columns must name each column once"),
        ("event_time", "{column: a, unit: m}", "event_time.unit must be ns or us or ms or s or min or h or d"),
        ("event_time", "{column: a, unit: s, format: '%F'}", "events.columns.event_time.unit has no use beside format"),
        ("event_time", "{columns: [a, b]}", "events.columns.event_time.format is needed with several columns"),
        ("event_time", "{columns: [a, b], unit: s}", "events.columns.event_time.unit has no use with several columns"),
        ("event_time", "{column: a, since: 2018-04-01}", "events.columns.event_time.since needs a unit"),
        ("event_time", "{column: a, format: '%d/%m/%Q'}", "events.columns.event_time.format must be made of %Y %y"),
        ("event_time", "{column: a, format: '%H:%M'}", "events.columns.event_time.format must have a year, %Y"),
        ("event_time", "{column: a, format: '%F %I:%M'}", "events.columns.event_time.format must have %p beside %I"),
        ("event_time", "{column: a, format: '%s'}", "leave out format and give unit: s"),
        ("event_time", "{column: a, format: '%F %m'}", "must say each part once, but says %m and %m"),
        ("amount", "{column: a, decimal: ';'}", "events.columns.amount.decimal must be . or ,"),
        ("amount", "{column: a, thousands: x}", "events.columns.amount.thousands must be one of"),
        ("amount", "{column: a, decimal: ',', thousands: ','}", "thousands must differ from what stands before"),
        ("amount", "{column: a, strip: '$-'}", "events.columns.amount.strip must not hold what belongs to a number"),
        ("amount", '{column: a, strip: "$\\u2212"}', "amount.strip must not hold what belongs to a number"),
        ("amount", "{column: a, negative: keep}", "events.columns.amount.negative must be refuse or skip"),
        ("fraud", "{column: a, true: 'Yes'}", "events.columns.fraud.false is needed beside true"),
        ("fraud", "{column: a, true: 'Y', false: [N, y]}", "fraud.false must have other words than true"),
        ("fraud", "{column: a, true: '', false: N}", "events.columns.fraud.true must be a word"),
        ("lat", "{column: a, unit: s}", "events.columns.lat.unit is not a known key"),
        ("card", "7", "events.columns.card must be text, got the number 7; put it in quotes"),
    ],
)  # fmt: skip
def test_keys_that_contradict_each_other_are_refused_at_their_place(field: str, written: str, rule: str) -> None:
    """What no file could be read by is one located line, before any file is opened."""
    assert rule in refusal(field, written)


def test_the_schema_has_both_forms() -> None:
    """An editor that knows the schema takes a name as well as a mapping, and shows what each key is for."""
    definitions = schema()["$defs"]
    time = definitions["EventColumns"]["properties"]["event_time"]
    assert time["anyOf"] == [{"type": "string"}, {"$ref": "#/$defs/TimeColumn"}]
    assert definitions["EventColumns"]["required"] == ["event_time", "card", "merchant", "amount"]
    assert {"description", "enum"} <= definitions["TimeColumn"]["properties"]["unit"].keys()
    word, words = definitions["LabelColumn"]["properties"]["true"]["anyOf"]
    assert words == {"type": "array", "items": word}
    assert all("description" in each for each in (*definitions["AmountColumn"]["properties"].values(),))
    assert msgspec.json.encode(definitions)
