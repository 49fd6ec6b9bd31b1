"""A scenario written out is the same scenario."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.loader import parse
from sim.scenario.render import digest, resolved
from sim.scenario.scenario import Scenario
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY, SHORT

KINDS = st.sampled_from(
    [
        "constant",
        "{kind: spike, after: 1s, width: 500ms, factor: 3}",
        "{kind: on_off, on: 100ms, off: 2s, low: 0.1}",
        "{kind: sine, period: 3s, amplitude: 0.25}",
    ]
)
PHASES = st.builds(
    "{{name: p{}, duration: {}ms, rate: {}, ramp_to: {}, arrivals: {}}}".format,
    st.uuids(version=4).map(lambda each: each.hex),
    st.integers(2_000, 10**6),
    st.floats(1, 1e3),
    st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(0.1, 3).map("{}x capacity".format)),
    KINDS,
)


@pytest.mark.parametrize("text", [EXAMPLE, REPLAY, SHORT])
def test_resolved_scenario_loads_back_equal(text: str) -> None:
    """What a run writes into its folder is the scenario that it ran."""
    scenario = parse(text, "drill.yaml", files_required=False)
    assert parse(resolved(scenario), "again.yaml", files_required=False) == scenario


@given(st.lists(PHASES, min_size=1, max_size=4), st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_any_scenario_loads_back_equal(phases: list[str], hypothesis: str) -> None:
    """Any load and any words survive being written out."""
    scenario = parse(f"name: x\nphases: [{', '.join(phases)}]\n", "drill.yaml")
    scenario = msgspec.structs.replace(scenario, hypothesis=hypothesis)
    assert parse(resolved(scenario), "again.yaml") == scenario


def test_default_that_another_value_limits_is_written_as_it_counts() -> None:
    """A breaker whose window is shorter than the default of its calls loads back equal."""
    text = SHORT + "pipeline: {feature_store: {breaker: {window: 5}}}\n"
    scenario = parse(text, "drill.yaml")
    breaker = scenario.pipeline.feature_store.breaker
    assert breaker is not None
    assert breaker.minimum_calls == 5
    assert parse(resolved(scenario), "again.yaml") == scenario


def _changed(**values: object) -> Scenario:
    return msgspec.structs.replace(parse(EXAMPLE, "drill.yaml"), **values)


def test_digest_names_the_content() -> None:
    """Equal scenarios have equal digests, however they are laid out; a change of anything changes it."""
    assert digest(parse(EXAMPLE.replace("seed: 7\n", ""), "drill.yaml")) == digest(_changed())
    assert digest(_changed(seed=8)) != digest(_changed())
    assert digest(_changed(faults=())) != digest(_changed())
