"""How many transactions a run expects."""

import msgspec

from sim.run.plan import SyntheticLoad
from sim.world.phases import RatedPhase
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.support.sim.worlds import steady


def load_of(*rates: float) -> SyntheticLoad:
    """Return load at ``rates``, ten seconds each."""
    phases = tuple(msgspec.structs.replace(steady(10), name=str(at), rate=rate) for at, rate in enumerate(rates))
    return SyntheticLoad(TrafficSpec(world=WorldSpec(), phases=phases, seed=1))


def test_transactions_are_counted_ahead() -> None:
    """Ramps count with their mean."""
    ramp = RatedPhase(name="ramp", duration_ns=10 * 10**9, rate=0, ramp_to=1_000)
    assert load_of(100, 200).expected_count == 3_000
    assert SyntheticLoad(TrafficSpec(world=WorldSpec(), phases=(ramp,), seed=1)).expected_count == 5_000
