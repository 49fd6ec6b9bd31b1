"""Another run of the same scenario."""

from pathlib import Path

import pytest

from actors.core.errors import ScenarioError
from sim.explore.search import check_variable, varied
from sim.scenario.loader import load, parse
from sim.scenario.timeline import Cut
from sim.trials.trial import PreparedScenario
from sim.units import NS_PER
from tests.support.drills import THIN
from tests.support.repository import scenarios

SEEDS = range(60)
TWO = "  - {name: down-again, kind: model_slow, factor: 3, at: 1500ms, duration: 1s}\nexpect:"


@pytest.fixture
def thin(tmp_path: Path) -> PreparedScenario:
    """Return the thin drill with a second fault, over two phases; no model is needed to vary it."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN.replace("expect:", TWO))
    return PreparedScenario(file, ("clock=virtual",), None, Cut(load(file)), tmp_path)


def test_the_same_seed_gives_the_same_variation(thin: PreparedScenario) -> None:
    """What is tried depends on the seed alone, and no two seeds try the same."""
    first = [varied(thin, seed, anywhere=False).overrides for seed in SEEDS]
    assert first == [varied(thin, seed, anywhere=False).overrides for seed in SEEDS]
    assert len(set(first)) == len(SEEDS)


def test_faults_stay_within_the_phases_that_they_touch(thin: PreparedScenario) -> None:
    """So what a scenario expects of its calm phases still makes sense; and they do move, and change their length."""
    found = [varied(thin, seed, anywhere=False).shorter.scenario.faults for seed in SEEDS]
    for first, second in found:
        assert NS_PER["s"] <= first.at
        assert (first.lift_at or 0) <= 2 * NS_PER["s"]
        assert NS_PER["s"] <= second.at
        assert (second.lift_at or 0) <= 4 * NS_PER["s"]
    assert len({first.at for first, _ in found}) > 20
    assert len({(first.lift_at or 0) - first.at for first, _ in found}) > 20


def test_anywhere_is_anywhere_in_the_run(thin: PreparedScenario) -> None:
    """Asked for, faults leave their phases, never the run."""
    found = [varied(thin, seed, anywhere=True).shorter.scenario.faults for seed in SEEDS]
    assert any(first.at < NS_PER["s"] for first, _ in found)
    assert any((first.lift_at or 0) > 2 * NS_PER["s"] for first, _ in found)
    assert all((fault.lift_at or 0) <= 4 * NS_PER["s"] for faults in found for fault in faults)


@pytest.mark.parametrize("path", [each for each in scenarios() if not load(each, files_required=False).external])
def test_every_shipped_scenario_can_be_varied(path: Path) -> None:
    """A variation is a valid scenario, with as many faults and phases, and the seed it was asked for."""
    whole = load(path)
    check_variable(whole)
    prepared = PreparedScenario(path, (), None, Cut(whole), path)
    for seed in (3, 4, 5):
        other = varied(prepared, seed, anywhere=False)
        assert other.shorter.scenario.seed == seed
        assert [each.name for each in other.shorter.scenario.faults] == [each.name for each in whole.faults]
        assert not whole.faults or len(other.overrides) > 1


def test_what_cannot_be_varied_is_refused(tmp_path: Path) -> None:
    """A replay is the same for each seed, and without a length its faults have no room to move in."""
    (tmp_path / "some.csv").write_text("a")
    events = f"version: 1\nname: replay\nevents: {{file: {tmp_path}/some.csv, columns: {{id: a, event_time: a, card: a"
    events += ", merchant: a, amount: a}, test: [2018-07-25, 2018-07-26], speed: max}\n"
    fault = "faults: [{name: down, kind: feature_store_outage, at: 1s, duration: 1s}]\n"
    with pytest.raises(ScenarioError, match="a replay without faults"):
        check_variable(parse(events, "replay.yaml"))
    with pytest.raises(ScenarioError, match="how long this one takes is not known"):
        check_variable(parse(events + fault, "replay.yaml"))
