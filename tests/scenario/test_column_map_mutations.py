"""Whatever is done to a column map, the answer is located errors, a refused file, or transactions."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.core.errors import TransactionFileError
from sim.replay.event_file import EventFile
from sim.replay.events_section import events_spec
from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import resolved
from tests.scenario.test_mutations import LOCATED

COLUMNS: dict[str, Any] = {
    "id": "TX",
    "event_time": {"columns": ["DAY", "CLOCK"], "format": "%d/%m/%Y %H:%M:%S"},
    "card": {"columns": ["BANK", "ACCOUNT"], "strip": " "},
    "merchant": {"column": "SHOP"},
    "amount": {"column": "EUR", "decimal": ",", "thousands": ".", "strip": "€", "negative": "skip"},
    "fraud": {"column": "FRAUD", "true": ["Yes", "Y"], "false": "No"},
    "category": {"column": "KIND", "strip": " "},
    "lat": "LAT",
}
ROWS = """\
TX,DAY,CLOCK,WHEN,BANK,ACCOUNT,SHOP,EUR,FRAUD,KIND,LAT
1,01/04/2018,08:00:00,1522569600,a,1,s,"1.234,50 €",No, fuel,50.8
2,01/04/2018,08:00:01,1522569601,a|b,2,s,"-3,00",Y,,
3,01/04/2018,08:00:02,1522569602,b,357,t,7,Yes,food,-50
"""
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(
        [
            *(
                "TX",
                "DAY",
                "WHEN",
                "EUR",
                "SHOP",
                "FRAUD",
                "LAT",
                "NOWHERE",
                "",
                " ",
                "s",
                "ms",
                "h",
                "d",
                "cents",
                "skip",
            ),
            *("%d/%m/%Y", "%d/%m/%Y %H:%M:%S", "%F", "%", "%%", "%s", ".", ",", "'", "Yes", "2018-04-01", "0001-01-01"),
            *("%Y%m%d", "[", "\\", "^$", "€", "a-z", "]", "9999-12-31T23:59:59+00:00"),
        ]
    ),
    st.text(max_size=8),
    st.lists(st.sampled_from(["TX", "DAY", "CLOCK", "EUR", "Yes", ""]), max_size=3),
    st.dictionaries(
        st.sampled_from(["column", "columns", "unit", "since", "format", "strip", "true", "decimal"]),
        st.sampled_from(["WHEN", "EUR", ["DAY", "CLOCK"], "s", "h", "%F", "2018-04-01", "Yes", ",", 1]),
        max_size=3,
    ),
)


def slots(tree: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any YAML
    """Yield each mapping with each of its keys, and each list with each of its indexes."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, inner in list(inside):
        yield tree, key
        yield from slots(inner)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_column_map_never_gives_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    """Any value in the place of any other, in a map of all forms: an answer in our words, or a map that reads back."""
    file = tmp_path / "some.csv"
    file.write_text(ROWS)
    tree: dict[str, Any] = yaml.safe_load(yaml.safe_dump(COLUMNS))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(slots(tree))))
        holder[key] = copy.deepcopy(data.draw(VALUES))  # a list within itself would be the test's own doing
    section = {"file": str(file), "columns": tree, "sort": data.draw(st.booleans())}
    section["timezone"] = data.draw(st.sampled_from(["UTC", "Europe/Brussels"]))
    text = yaml.safe_dump({"name": "some", "events": section, "model": str(tmp_path)}, allow_unicode=True)
    try:
        scenario = parse(text, "drill.yaml")
    except InvalidScenarioError as error:
        wrong = [line for line in str(error).split("\n") if not LOCATED.match(line)]
        assert wrong == []
        return
    assert parse(resolved(scenario), "again.yaml") == scenario
    assert scenario.events is not None
    try:
        contents = EventFile.open(events_spec(scenario.events)).contents()
    except TransactionFileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - each answer has its own law
        return
    assert contents.rows + contents.skipped_rows == ROWS.count("\n") - 1


def test_the_map_that_is_mutated_is_sound(tmp_path: Path) -> None:
    """Unchanged it reads every row, so that mutations are not lost among errors."""
    (tmp_path / "some.csv").write_text(ROWS)
    section = {"file": str(tmp_path / "some.csv"), "columns": COLUMNS}
    events = parse(yaml.safe_dump({"name": "some", "events": section, "model": str(tmp_path)}), "drill.yaml").events
    assert events is not None
    contents = EventFile.open(events_spec(events)).contents()
    assert (contents.rows, contents.skipped_rows) == (2, 1)
