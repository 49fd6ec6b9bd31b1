"""The schema, the reader and the writer of scenarios agree."""

from hypothesis import given, settings

from sim.scenario.json_schema import schema
from sim.scenario.loader import parse
from sim.scenario.render import plain, resolved
from tests.support.sim.drawn_scenarios import scenarios
from tests.support.sim.schema_check import faults_of


@given(scenarios())
@settings(max_examples=max(60, settings().max_examples // 4))  # drawing one takes a tenth of a second
def test_drawn_scenario_is_written_as_the_schema_says_and_loads_back_equal(text: str) -> None:
    """What is valid, written out with every default, is valid by the schema too, and is the same scenario."""
    scenario = parse(text, "drawn.yaml")
    assert parse(resolved(scenario), "again.yaml") == scenario
    whole = schema()
    assert list(faults_of(plain(scenario), whole, whole["$defs"])) == []
