"""The scenarios that are shipped."""

from pathlib import Path

import pytest

from sim.scenario.loader import load
from sim.scenario.timeline import duration_ns
from sim.units import NS_PER
from tests.support.repository import place, scenarios

NS_PER_S = NS_PER["s"]


@pytest.mark.parametrize("path", scenarios(), ids=place)
def test_shipped_scenario_states_what_it_is_to_confirm(path: Path) -> None:
    """Each is valid, has a hypothesis and expectations; one on the real clock lasts under 90 s, if it says how long."""
    scenario = load(path, files_required=False)
    assert scenario.hypothesis
    assert scenario.expect
    assert scenario.name.replace("-", "_") == path.stem
    assert scenario.clock == "virtual" or (duration_ns(scenario) or 0) < 90 * NS_PER_S
