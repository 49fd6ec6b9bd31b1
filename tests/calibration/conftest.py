"""What is measured in these tests: the default world on the real clock."""

from pathlib import Path

import pytest

from actors.model.artifact import load_artifact
from sim.run.plan import Plan, load_of
from sim.scenario.loader import parse


@pytest.fixture
def real_plan(world_model: Path) -> Plan:
    """Return a plan for the real clock with the model of the tests."""
    scenario = parse("name: x\nphases: [{name: p, duration: 1s, rate: 1000}]\n", "x")
    return Plan(
        scenario=scenario,
        artifact=load_artifact(world_model),
        clock="real",
        load=load_of(scenario),
        folder=world_model,
    )
