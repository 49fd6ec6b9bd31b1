"""When phases and faults start and end, and when a run must be measured."""

from sim.scenario.loader import parse
from sim.scenario.timeline import Span, duration_ns, fault_spans, marks, phase_spans
from sim.units import NS_PER
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY

S = NS_PER["s"]


def test_phases_follow_each_other() -> None:
    """Each phase starts where the one before it ends."""
    assert phase_spans(parse(EXAMPLE, "drill.yaml")) == {
        "baseline": Span(0, 20 * S),
        "burst": Span(20 * S, 40 * S),
        "recovery": Span(40 * S, 60 * S),
    }


def test_fault_lasts_from_injection_to_lift() -> None:
    """A fault's span is what the scenario says."""
    assert fault_spans(parse(EXAMPLE, "drill.yaml")) == {"store-down": Span(25 * S, 45 * S)}


def test_run_is_measured_wherever_a_span_starts_settles_or_ends() -> None:
    """The marks are the borders of phases and faults, and the end of each settling time."""
    assert marks(parse(EXAMPLE, "drill.yaml")) == [each * S for each in (0, 20, 25, 28, 40, 45, 60)]


def test_replay_has_no_planned_end() -> None:
    """A run that ends with its events is measured at its start, and when it has ended."""
    scenario = parse(REPLAY, "drill.yaml", files_required=False)
    assert duration_ns(scenario) is None
    assert marks(scenario) == [0]
