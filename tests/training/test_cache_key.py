"""A model's key changes with what the model depends on, and with nothing else."""

import msgspec

from actors.core.clock import US_PER_HOUR
from actors.model.policy import Thresholds
from sim.training.cache import Recipe, code_digest, recipe_of
from sim.training.fit import FitConfig
from sim.training.source import WorldSource
from sim.world.spec import TownSpec, WorldSpec

DELAY_US = 12 * US_PER_HOUR


def recipe(town: TownSpec, fit: FitConfig | None = None, delay_us: int = DELAY_US) -> Recipe:
    source = WorldSource(town, delay_us)
    return recipe_of(source.facts(), source.features, fit or FitConfig())


def test_the_same_world_has_the_same_key() -> None:
    """Computed twice, from two values."""
    assert recipe(TownSpec()).key == recipe(WorldSpec(cards=20_000, merchants=2_000, speed=60.0).town).key


def test_a_bigger_pool_of_the_same_towns_needs_no_new_model() -> None:
    """More cards in a run are more copies of the town that was trained on."""
    assert recipe(WorldSpec(cards=40_000, merchants=4_000).town).key == recipe(TownSpec()).key


def test_whatever_changes_the_model_changes_the_key() -> None:
    """World, label delay, fit, features, thresholds, code."""
    first = recipe(TownSpec())
    others = [
        recipe(TownSpec(fraud_ratio=0.02)),
        recipe(TownSpec(), delay_us=DELAY_US + 1),
        recipe(TownSpec(), FitConfig(trees=10)),
        msgspec.structs.replace(first, features=first.features[1:]),
        msgspec.structs.replace(first, catalogue="other"),
        msgspec.structs.replace(first, thresholds=Thresholds(0.2, 0.7)),
        msgspec.structs.replace(first, versions=first.versions | {"code": "other"}),
    ]
    assert len({each.key for each in [first, *others]}) == 1 + len(others)


def test_the_code_that_makes_models_has_a_digest() -> None:
    """Twelve digits, the same each time."""
    assert len(code_digest()) == 12
    assert code_digest() == recipe(TownSpec()).versions["code"]
