"""``--set PATH=VALUE`` changes a scenario before it is checked."""

from pathlib import Path

import pytest

from sim.scenario.loader import parse
from sim.scenario.overrides import apply_override
from sim.scenario.scenario import Scenario
from sim.scenario.yaml_nodes import compose
from sim.scenario.yaml_reader import YamlReader
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY, SHORT, lines


def test_override_reaches_any_value() -> None:
    """A path leads by key, by number or by name, also to what the file does not mention."""
    overrides = (
        "pipeline.scorer.deadline=20ms",
        "phases[0].duration=25s",
        "phases.burst.ramp_to=1.5x capacity",
        "alerts.FeatureStoreErrors.for=1s",
        "pipeline.log.features=off",
        "world={cards: 500}",
        "expect=[]",
    )
    scenario = parse(EXAMPLE, "drill.yaml", overrides)
    assert scenario.pipeline.scorer.deadline_ns == 20_000_000
    assert scenario.pipeline.scorer.max_batch_size == 256
    assert scenario.phases[0].duration == 25_000_000_000
    assert scenario.phases[1].ramp_to is not None
    assert scenario.phases[1].ramp_to.of_capacity == 1.5
    assert scenario.alerts[0].for_ == 1_000_000_000
    assert scenario.pipeline.log.features == "off"
    assert (scenario.world.cards, scenario.world.merchants) == (500, 2_000)
    assert scenario.expect == ()


def test_later_override_wins() -> None:
    """Overrides apply in the order given."""
    assert parse(SHORT, "drill.yaml", ("seed=1", "seed=2")).seed == 2


def test_empty_override_gives_the_default_back() -> None:
    """No value is no value."""
    assert parse(SHORT + "seed: 1\n", "drill.yaml", ("seed=",)).seed == 7


@pytest.mark.parametrize(
    "typed",
    [
        "my data #1",
        "a: b",
        "*star",
        "yes",
        "123",
        "4e15",
        "null",
        "~",
        "[x",
        "'quoted'",
        "- item",
        " padded ",
        "a, b",
        "%",
    ],
)
def test_key_that_holds_text_takes_it_as_it_was_typed(typed: str) -> None:
    """Nothing that YAML would make of a text changes it: neither a sign, nor a number, nor a word of its own."""
    words = (f"hypothesis={typed}", f"events.columns.card={typed}", f"expect.tail.expr={typed}")
    text = REPLAY + "expect: [{name: tail, during: always, expr: 'x > 1'}]\n"
    tree = compose(text, "drill.yaml")
    assert tree is not None
    for word in words:
        tree = apply_override(tree, word, Scenario)
    reader = YamlReader(Path.cwd())
    scenario = reader.read_struct(tree, Scenario, "")
    assert not reader.problems
    assert (scenario.hypothesis, scenario.events.columns.card.column, scenario.expect[0].expr) == (typed, typed, typed)


def test_empty_override_takes_a_text_away() -> None:
    """A text that may be absent is absent when nothing is given for it."""
    assert parse(SHORT + "model: nowhere\n", "drill.yaml", ("model=",)).model is None


def test_override_of_one_alias_leaves_the_others() -> None:
    """What shares an anchor in the file is changed only where the path leads."""
    text = "name: x\nphases:\n  - &p {name: a, duration: 5s, rate: 10}\n  - {<<: *p, name: b}\n"
    first, second = parse(text, "drill.yaml", ("phases.b.rate=20",)).phases
    assert first.rate is not None
    assert second.rate is not None
    assert (first.rate.per_s, second.rate.per_s) == (10, 20)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("seed=-1", "--set seed=-1: seed must be at least 0, got -1; change the value"),
        ("sed=1", "--set sed=1: sed is not a known key; did you mean seed?"),
        ("seed", "--set seed: must be PATH=VALUE; write it as in pipeline.scorer.deadline=20ms or phases[0].rate=2000"),
        ("=1", "--set =1: must be PATH=VALUE; write it as in pipeline.scorer.deadline=20ms or phases[0].rate=2000"),
        (
            "phases[-1].rate=1",
            (
                "--set phases[-1].rate=1: must have a path of keys, names and numbers; write it as in"
                " pipeline.scorer.deadline=20ms or phases[0].rate=2000"
            ),
        ),
        (
            "phases.calm.rate=1",
            "--set phases.calm.rate=1: calm is not among 1 items; use a number from [0], or an item's name",
        ),
        ("seed=[1", "--set seed=[1: a [ opens here and does not close, or a comma is missing in it; close it with ]"),
        (
            "phases.only.duration=5",
            '--set phases.only.duration=5: phases[0].duration must be a duration with a unit, got 5; "5s or 5ms?"',
        ),
    ],
)
def test_broken_override_is_located_as_itself(override: str, line: str) -> None:
    """A mistake in an override is not blamed on the file."""
    assert lines(SHORT, (override,)) == [line]
