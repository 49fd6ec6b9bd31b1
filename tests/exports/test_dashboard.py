"""The dashboard shows what is promised and watched, and its panels lie side by side."""

import json
import re
from itertools import combinations
from typing import Any

from actors.telemetry.alerts.built_in import built_in_rules
from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import METRICS
from sim.exports.dashboard import dashboard
from sim.exports.panels import ONLY
from sim.exports.promql import INTERVAL, Translation
from sim.metrics_endpoint.collector import ALL_SERIES

DOCUMENT: dict[str, Any] = json.loads(dashboard())
PANELS = DOCUMENT["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]


def test_it_shows_every_signal_that_a_built_in_alert_reads() -> None:
    """Whoever is told of an alert finds its figures here; drift stands there feature by feature."""
    read = {name for rule in built_in_rules() for name in Expression.parse(rule.expr).metrics()}
    asked = Translation(INTERVAL, ONLY)
    shown = {name for name in read if asked.metric(METRICS[name]) in QUERIES}
    assert read - shown == {"psi.max", "score.shift_sigma"}


def test_every_query_names_series_that_are_served() -> None:
    """A name that nobody serves would be an empty panel."""
    names = {name for query in QUERIES for name in re.findall(r"riskdrill_\w+", query)}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in names} <= set(ALL_SERIES)


def test_panels_lie_side_by_side_and_each_has_a_number_of_its_own() -> None:
    """None covers another, and none reaches beyond the grid."""
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    places = [panel["gridPos"] for panel in PANELS]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


def test_phases_and_faults_are_marked_over_all_panels() -> None:
    """From the series that are 1 while they last."""
    marks = {each["name"]: each["expr"] for each in DOCUMENT["annotations"]["list"]}
    assert marks == {
        "Faults": f"max by (fault, kind) (riskdrill_fault_active{{{ONLY}}}) == 1",
        "Phases": f"max by (phase) (riskdrill_phase_active{{{ONLY}}}) == 1",
    }


def test_each_query_asks_the_source_that_the_reader_chose() -> None:
    """And only the processes that they chose."""
    assert all(panel["datasource"]["uid"] == "${source}" for panel in PANELS if panel["type"] != "row")
    assert all(ONLY in query for query in QUERIES)
    assert {each["name"] for each in DOCUMENT["templating"]["list"]} == {"source", "job", "instance"}
