"""Worlds and runs that the tests of the synthetic world share, small enough to be quick."""

import functools

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S
from sim.feeds.feed import Block
from sim.world.history import history_rows
from sim.world.phases import Poisson, RatedPhase
from sim.world.spec import TownSpec, WorldSpec
from sim.world.town import Town, make_town
from sim.world.traffic import TrafficSpec
from sim.world.transactions import Rows

TOWN_SPEC = TownSpec()
BURST = (
    RatedPhase(name="baseline", duration_ns=10 * NS_PER_S, rate=1_000),
    RatedPhase(name="ramp", duration_ns=10 * NS_PER_S, rate=1_000, ramp_to=4_000, arrivals=Poisson()),
    RatedPhase(name="burst", duration_ns=10 * NS_PER_S, rate=4_000),
    RatedPhase(name="recovery", duration_ns=10 * NS_PER_S, rate=1_000),
)


def traffic_spec(*phases: RatedPhase, seed: int = 7, world: WorldSpec | None = None) -> TrafficSpec:
    """Return the spec of a run with ``phases``."""
    return TrafficSpec(world=world or WorldSpec(), phases=phases, seed=seed)


def steady(seconds: float = 5, rate: float = 1_000) -> RatedPhase:
    """Return a phase of Poisson arrivals at one rate."""
    return RatedPhase(name="steady", duration_ns=round(seconds * NS_PER_S), rate=rate)


@functools.cache
def town() -> Town:
    """Return the default town."""
    return make_town(TOWN_SPEC)


@functools.cache
def history() -> Rows:
    """Return the whole history of the default town."""
    return np.concatenate(list(history_rows(town())))


@functools.cache
def burst_blocks() -> tuple[Block, ...]:
    """Return the traffic of a run that goes to four times its rate and back."""
    return tuple(traffic_spec(*BURST).build())


def due_ns(blocks: tuple[Block, ...] | list[Block]) -> I64:
    """Return the intended arrivals of ``blocks``."""
    return np.concatenate([block.due_ns for block in blocks if block.due_ns is not None])
