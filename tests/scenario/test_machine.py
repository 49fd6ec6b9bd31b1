"""The modelled machine and the time of look-ups, as a scenario writes them."""

import pytest

from sim.scenario.loader import parse
from sim.scenario.machine import JobCost, MachineSettings
from sim.scenario.pipeline import ConstantLookUp, LognormalLookUp
from sim.scenario.render import digest, resolved
from tests.support.sim.scenario_texts import SHORT, line_at_mark

MACHINE = """\
machine:
  costs:
    parse: {fixed: 10us, per_row: 1.1us}
    score_in_executor: {fixed: 70us, per_row: 8500ns}
  noise: 0.2
pipeline: {feature_store: {look_up: {kind: lognormal, median: 300us, sigma: 0.6, tail_ratio: 0.01, tail: 30ms}}}
"""


def test_costs_are_durations_to_the_nanosecond() -> None:
    """A job's cost is given whole; what is not named stays as measured."""
    machine = parse(SHORT + MACHINE, "short.yaml").machine
    assert machine is not None
    assert machine.costs.parse == JobCost(fixed=10_000, per_row=1_100)
    assert machine.costs.features is None
    assert machine.noise == 0.2


def test_machine_and_look_up_survive_being_written_out() -> None:
    """What a run writes into its folder has them too; a scenario without them is as it was before they existed."""
    scenario = parse(SHORT + MACHINE, "short.yaml")
    assert parse(resolved(scenario), "again.yaml") == scenario
    assert "machine" not in resolved(parse(SHORT, "short.yaml"))
    assert digest(scenario) != digest(parse(SHORT, "short.yaml"))


def test_look_ups_have_kinds() -> None:
    """The kind alone stands for its defaults, as with arrivals."""
    short = SHORT + "pipeline: {feature_store: {look_up: constant}}\n"
    assert parse(short, "short.yaml").pipeline.feature_store.look_up == ConstantLookUp()
    found = parse(SHORT + MACHINE, "short.yaml").pipeline.feature_store.look_up
    assert found == LognormalLookUp(median=300_000, sigma=0.6, tail_ratio=0.01, tail=30_000_000)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("machine: {costs: {▶pars: {fixed: 1us, per_row: 0s}}}", "machine.costs.pars is not a known key; did you mean"),
        ("machine: {costs: {parse: ▶{fixed: 1us}}}", "machine.costs.parse.per_row is missing"),
        ("machine: {costs: {parse: {fixed: ▶10, per_row: 0s}}}", "must be a duration with a unit, got 10"),
        ("machine: {noise: ▶3}", "machine.noise must be at most 2, got 3"),
        ("pipeline: {feature_store: {look_up: {kind: ▶normal}}}", "look_up.kind is not a known kind, got normal"),
        ("pipeline: {feature_store: {look_up: {kind: lognormal, median: ▶0s}}}", "median must be more than 0s"),
    ],
)
def test_mistakes_are_located(text: str, problem: str) -> None:
    """Each is told with line and column, rule and remedy."""
    assert problem in line_at_mark(SHORT + text + "\n")


def test_the_default_machine_has_no_noise() -> None:
    """A section that is empty changes nothing."""
    assert parse(SHORT + "machine: {}\n", "short.yaml").machine == MachineSettings()
