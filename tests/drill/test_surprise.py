"""A surprise leaves faults to the seed: the same seed draws the same, and no other draw moves."""

import msgspec
import pytest
import yaml

from sim.faults.registry import FAULTS
from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import resolved
from sim.scenario.scenario import Scenario
from sim.units import NS_PER

SOUND = """
version: 1
name: sound
phases: [{name: steady, duration: 60s, rate: 100}]
"""
ASKED = "surprise: {faults: 2, from: [feature_store, model], between: [10s, 40s]}\n"


def surprised(said: str = ASKED, seed: int = 7, more: str = "") -> Scenario:
    """Return a scenario with a surprise."""
    return parse(f"{SOUND}{said}{more}", "it.yaml", [f"seed={seed}"])


def test_a_seed_always_draws_the_same() -> None:
    """Faults, times and parameters are those of the seed; another one draws others."""
    assert surprised().faults == surprised().faults
    assert len({surprised(seed=seed).faults for seed in range(10)}) == 10


@pytest.mark.parametrize("seed", range(40))
def test_a_surprise_is_what_was_asked_for(seed: int) -> None:
    """As many faults, of those parts, each of another kind, one after another within the span."""
    first, second = surprised(seed=seed).faults
    assert {first.breaks, second.breaks} <= {"feature_store", "model"}
    assert first.kind != second.kind
    assert 10 * NS_PER["s"] <= first.at < (first.lift_at or first.at) <= 25 * NS_PER["s"] <= second.at
    assert (second.lift_at or second.at) <= 40 * NS_PER["s"]


def test_a_surprise_draws_every_part() -> None:
    """Without from, every part of a run can be broken, and many kinds of fault come."""
    found = {surprised("surprise: {}\n", seed).faults[0].kind for seed in range(200)}
    assert {FAULTS[kind].breaks for kind in found} == {each.breaks for each in FAULTS.values()}
    assert len(found) > 20


def test_what_is_drawn_is_written_down() -> None:
    """The resolved scenario has the faults and no surprise, and reads back as itself."""
    scenario = surprised()
    text = resolved(scenario)
    assert "surprise" not in yaml.safe_load(text)
    assert parse(text, "again.yaml") == scenario


def test_faults_that_are_there_stay_and_are_not_drawn_again() -> None:
    """A surprise comes on top."""
    own = "faults: [{name: surprise-1, kind: model_slow, at: 1s, duration: 2s}]\n"
    for seed in range(20):
        faults = surprised(seed=seed, more=own).faults
        assert [each.kind for each in faults].count("model_slow") == 1
        assert len({each.name for each in faults}) == 3


def test_a_scenario_without_surprise_says_nothing_of_it() -> None:
    """So its digest, and with it every hash of a run, is what it was."""
    assert "surprise" not in resolved(parse(SOUND, "it.yaml"))
    assert msgspec.structs.replace(surprised(), faults=()) == parse(SOUND, "it.yaml")


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ("surprise: {between: [10s, 70s]}", "5:21", "must lie within the run, which lasts 1m"),
        (
            "surprise: {faults: 3, between: [10s, 20s]}",
            "5:32",
            "must leave 5s for each of its 3 faults, got 10s for all",
        ),
        ("surprise: {between: [20s, 10s]}", "5:21", "must leave 5s for each of its 1 faults, got 0s for all"),
        ("surprise: {faults: 2, from: [loop]}", "5:20", "must be at most 1: so many kinds of fault can be drawn here"),
        ("surprise: {faults: 0}", "5:20", "must be at least 1"),
        ("surprise: {from: [weather]}", "5:19", "weather"),
    ],
)
def test_a_surprise_that_cannot_be_is_refused_where_it_stands(said: str, place: str, words: str) -> None:
    """File, line and column, in one line."""
    with pytest.raises(InvalidScenarioError) as refused:
        parse(f"{SOUND}{said}\n", "it.yaml")
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"it.yaml:{place}: surprise")
    assert words in line
