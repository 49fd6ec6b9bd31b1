"""Mirrors of towns: the cards and merchants of what a change of the rate adds to the planned traffic.

A module of its own: a plan counts them, and imports nothing of what happens to traffic while a run goes on.
"""

import math
from collections.abc import Sequence
from typing import Final

from sim.steps.registry import MOST_TIMES, RateChange
from sim.steps.step import ScenarioStep
from sim.world.active_towns import MOST_TOWNS, PooledTown

MOST_MIRRORS: Final = math.ceil(MOST_TIMES) - 1


def mirrors_for(steps: Sequence[ScenarioStep]) -> int:
    """Return how many mirrors of each town ``steps`` need."""
    factors = [step.factor for step in steps if isinstance(step, RateChange) and step.factor > 1]
    return min(MOST_MIRRORS, math.ceil(math.prod(factors)) - 1) if factors else 0


def with_mirrors(towns: Sequence[PooledTown], mirrors: int) -> tuple[PooledTown, ...]:
    """Return ``towns`` and so many mirrors of each, with the past that it has itself."""
    copies = (PooledTown(mirror(town.index, each), town.activated_us) for each in range(mirrors) for town in towns)
    return (*towns, *copies)


def mirror(town: int, number: int) -> int:
    """Return the index of mirror ``number``, from 0, of the town with the index ``town``."""
    return town + (number + 1) * MOST_TOWNS
