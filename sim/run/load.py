"""The load of a run: the scenario's phases and world as the world's own values, with shares of capacity resolved."""

from sim.scenario import arrivals as said
from sim.scenario.pace import world_spec
from sim.scenario.phases import Phase as SaidPhase
from sim.scenario.scenario import Scenario
from sim.units import Rate
from sim.world.phases import Arrivals, Constant, OnOff, Phase, Poisson, Sine, Spike
from sim.world.traffic import TrafficSpec


def needs_capacity(scenario: Scenario) -> bool:
    """Return whether any rate is a share of what the pipeline can do, so that it must be measured first."""
    rates = [rate for phase in scenario.phases for rate in (phase.rate, phase.ramp_to) if rate is not None]
    return any(rate.of_capacity is not None for rate in rates)


def traffic_spec(scenario: Scenario, capacity_per_s: float | None = None) -> TrafficSpec:
    """Return the traffic of a synthetic scenario.

    Args:
        scenario: without an events file.
        capacity_per_s: what ``1.5x capacity`` is a share of; may be None if no rate is one.
    """
    phases = tuple(_phase(phase, capacity_per_s) for phase in scenario.phases)
    return TrafficSpec(world=world_spec(scenario), phases=phases, seed=scenario.seed)


def _phase(phase: SaidPhase, capacity_per_s: float | None) -> Phase:
    if phase.duration is None or phase.rate is None:
        raise AssertionError("a synthetic scenario's phases have durations and rates; validation sees to it")
    return Phase(
        name=phase.name,
        duration_ns=phase.duration,
        rate=_per_s(phase.rate, capacity_per_s),
        ramp_to=None if phase.ramp_to is None else _per_s(phase.ramp_to, capacity_per_s),
        arrivals=_arrivals(phase.arrivals),
    )


def _per_s(rate: Rate, capacity_per_s: float | None) -> float:
    if rate.of_capacity is not None and capacity_per_s is None:
        raise AssertionError("capacity must be measured before rates are resolved")
    return rate.resolve(capacity_per_s or 0.0)


def _arrivals(arrivals: said.Arrivals) -> Arrivals:
    match arrivals:
        case said.Constant():
            return Constant()
        case said.Poisson():
            return Poisson()
        case said.Spike():
            return Spike(after_ns=arrivals.after, width_ns=arrivals.width, factor=arrivals.factor)
        case said.OnOff():
            return OnOff(on_ns=arrivals.on, off_ns=arrivals.off, low=arrivals.low)
        case said.Sine():
            return Sine(period_ns=arrivals.period, amplitude=arrivals.amplitude)
        case _:
            raise AssertionError(f"no arrivals of kind {arrivals.kind}")
