"""``--duration`` ends a scenario early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.loader import parse
from sim.scenario.render import resolved
from sim.scenario.timeline import cut, duration_ns
from sim.units import NS_PER
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY

S = NS_PER["s"]


def test_what_would_start_later_is_skipped_by_name() -> None:
    """Cut before the fault, the run has its first phases, and the rest is listed in the order of the scenario."""
    short = cut(parse(EXAMPLE, "drill.yaml"), 24 * S)
    assert [(phase.name, phase.duration) for phase in short.scenario.phases] == [("baseline", 20 * S), ("burst", 4 * S)]
    assert short.skipped == (
        "phase recovery",
        "fault store-down",
        "expectation degraded",
        "expectation detected",
        "expectation recovered",
    )
    assert [each.name for each in short.not_judged] == ["degraded", "detected", "recovered"]


def test_fault_that_would_outlast_the_run_is_lifted_at_its_end() -> None:
    """Cut within the fault, it is in until the end, and the alert that could resolve too late is not judged."""
    short = cut(parse(EXAMPLE, "drill.yaml"), 30 * S)
    assert short.scenario.faults[0].lift_at == 30 * S
    assert [each.name for each in short.scenario.expect] == ["tail", "degraded", "quiet"]


def test_cut_beyond_the_end_changes_nothing() -> None:
    """A run is never made longer."""
    scenario = parse(EXAMPLE, "drill.yaml")
    assert cut(scenario, 61 * S).scenario == scenario
    assert cut(scenario, 61 * S).skipped == ()


def test_open_replay_gets_an_end() -> None:
    """A replay that ends with its events ends after the duration instead."""
    scenario = cut(parse(REPLAY, "drill.yaml", files_required=False), 5 * S).scenario
    assert scenario.phases[0].duration == 5 * S


@pytest.mark.parametrize("text", [EXAMPLE, REPLAY])
@given(duration=st.integers(1, 70 * S))
def test_what_is_left_is_a_valid_scenario(text: str, duration: int) -> None:
    """However a scenario is cut, what is left has no problem and lasts no longer than asked."""
    short = cut(parse(text, "drill.yaml", files_required=False), duration).scenario
    assert parse(resolved(short), "again.yaml", files_required=False) == short
    assert (duration_ns(short) or 0) <= duration
