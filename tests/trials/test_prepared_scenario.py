"""A scenario made ready for trials."""

from pathlib import Path

import pytest

from actors.core.errors import ScenarioError
from sim.trials.trial import prepare_scenario
from tests.support.drills import THIN


def test_overrides_add_up_and_the_clock_is_virtual(tmp_path: Path) -> None:
    """What a trial runs is what the same words make of the file, on the virtual clock whatever it says."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN.replace("clock: virtual", "clock: real"))
    prepared = prepare_scenario(file, ["seed=3"], "2s", tmp_path, lambda _: None)
    more = prepared.with_overrides(["phases.calm.rate=10"])
    assert more.overrides == ("seed=3", "phases.calm.rate=10")
    assert (more.shorter.scenario.seed, more.shorter.scenario.clock) == (3, "virtual")
    assert [phase.name for phase in more.shorter.scenario.phases] == ["calm", "trouble"]
    assert prepared.shorter.scenario.phases[0].rate != more.shorter.scenario.phases[0].rate
    with pytest.raises(ScenarioError, match="seed must be at least 0"):
        prepared.with_overrides(["seed=-1"])


@pytest.mark.slow
def test_shares_of_capacity_become_figures(tmp_path: Path, world_model: Path) -> None:
    """The line that repeats a run says how many transactions a second it was, not of which measurement a share."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN.replace("duration: 1s, rate: 150}", "duration: 1s, rate: 1.5x capacity}", 1))
    prepared = prepare_scenario(file, (), None, world_model, lambda _: None)
    (override,) = prepared.overrides
    assert override.startswith("phases.calm.rate=")
    rate = prepared.shorter.scenario.phases[0].rate
    assert rate is not None
    assert rate.of_capacity is None
    assert (rate.per_s or 0) > 1_000
