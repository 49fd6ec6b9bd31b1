"""How fast traffic is made: transactions a second of one core, JSON included.

Run ``python -m benchmarks.world_speed``. The promise is 200,000 a second; generation must keep ahead of any drill while
it shares the machine with the pipeline.
"""

import pickle
import time

from actors.core.clock import NS_PER_S
from sim.world.history import generate_history
from sim.world.phases import RatedPhase
from sim.world.spec import TownSpec, WorldSpec
from sim.world.traffic import TrafficSpec

_REPEATS = 3


def world_speed() -> dict[str, float]:
    """Return transactions a second of processor time: in a steady run, in a burst, pickled for a pipe, as history.

    Each is the best of three, for neighbours can only slow it down.
    """
    steady = (RatedPhase(name="steady", duration_ns=200 * NS_PER_S, rate=1_000),)
    burst = (
        RatedPhase(name="baseline", duration_ns=20 * NS_PER_S, rate=1_000),
        RatedPhase(name="burst", duration_ns=20 * NS_PER_S, rate=1_000, ramp_to=8_000),
        RatedPhase(name="recovery", duration_ns=20 * NS_PER_S, rate=1_000),
    )
    return {
        "steady": max(_traffic(steady, pickled=False) for _ in range(_REPEATS)),
        "burst": max(_traffic(burst, pickled=False) for _ in range(_REPEATS)),
        "steady, pickled": max(_traffic(steady, pickled=True) for _ in range(_REPEATS)),
        "history": max(_history() for _ in range(_REPEATS)),
    }


def _traffic(phases: tuple[RatedPhase, ...], *, pickled: bool) -> float:
    spec = TrafficSpec(world=WorldSpec(), phases=phases, seed=1)
    start_s, count = time.process_time(), 0
    for block in spec.build():
        count += len(block)
        if pickled:
            pickle.dumps(block)
    return count / (time.process_time() - start_s)


def _history() -> float:
    start_s = time.process_time()
    count = sum(len(chunk.columns) for chunk in generate_history(TownSpec()))
    return count / (time.process_time() - start_s)


if __name__ == "__main__":
    for what, rate in world_speed().items():
        print(f"{what:16} {rate:9,.0f} transactions/s")
