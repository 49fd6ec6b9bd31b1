"""``--set PATH=VALUE`` changes a scenario before it is checked."""

import pytest

from sim.scenario.load import parse
from tests.scenario.example import EXAMPLE, SHORT
from tests.scenario.reading import lines


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
    assert scenario.pipeline.scorer.deadline == 20_000_000
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
        ("seed", "--set seed: must be PATH=VALUE; write it as in pipeline.scorer.deadline=20ms"),
        ("=1", "--set =1: must be PATH=VALUE; write it as in pipeline.scorer.deadline=20ms"),
        (
            "phases.calm.rate=1",
            "--set phases.calm.rate=1: calm is not among 1 items; use a number from [0], or an item's name",
        ),
        ("seed=[1", "--set seed=[1: not YAML: expected ',' or ']', but got '<stream end>'"),
        (
            "phases.only.duration=5",
            '--set phases.only.duration=5: phases[0].duration must be a duration with a unit, got 5; "5s or 5ms?"',
        ),
    ],
)
def test_broken_override_is_located_as_itself(override: str, line: str) -> None:
    """A mistake in an override is not blamed on the file."""
    assert lines(SHORT, (override,)) == [line]
