"""How fast the events of a synthetic world pass, and at which paces no run can be made of it."""

import math

import msgspec

from sim.scenario.scenario import Scenario
from sim.units import NS_PER, Rate
from sim.world.spec import WorldSpec

YEAR_S = 365.25 * NS_PER["d"] / NS_PER["s"]
MOST_YEARS = 100  # of event time: a run ends before 2127, and every date has four digits
# Episodes of several transactions are under way when a run starts, and all of them are planned before its first
# transaction: 20,000 transactions an event-second with 1 % of fraud take 6 s, and so do 400 with half of it.
MOST_PER_EVENT_S = 20_000
USUAL_FRAUD = 0.01  # below it other episodes take the time


class Unworkable(msgspec.Struct, frozen=True):
    """Why no run can be made at a pace: what a problem at ``world.speed`` says."""

    rule: str
    got: str
    remedy: str


def world_spec(scenario: Scenario) -> WorldSpec:
    """Return the world of a synthetic scenario."""
    world = scenario.world
    return WorldSpec(cards=world.cards, merchants=world.merchants, fraud_ratio=world.fraud_ratio, speed=world.speed)


def base_rate(scenario: Scenario, capacity_per_s: float | None = None) -> float | None:
    """Return the rate that the world's cards are meant for; None if it is a share of a capacity that is not known."""
    for phase in scenario.phases:
        for rate in (phase.rate, phase.ramp_to):
            if rate is not None and not is_zero(rate):
                known = rate.per_s is not None or capacity_per_s is not None
                return rate.resolve(capacity_per_s or 0.0) if known else None
    return None


def is_zero(rate: Rate) -> bool:
    """Return whether nothing arrives at ``rate``."""
    return not rate.per_s and not rate.of_capacity


def unworkable(scenario: Scenario, capacity_per_s: float | None = None) -> Unworkable | None:
    """Return why the world of ``scenario`` cannot keep pace with its load; None if it can, or if that is not known yet.

    Args:
        scenario: a synthetic one whose phases have durations and rates.
        capacity_per_s: what ``1.5x capacity`` is a share of; None before it is measured.
    """
    rate = base_rate(scenario, capacity_per_s)
    if rate is None:
        return None
    spec = world_spec(scenario)
    speed = spec.speed_at(rate)
    if speed * _length_s(scenario) > MOST_YEARS * YEAR_S:
        return _too_long(scenario, speed)
    least = rate / MOST_PER_EVENT_S * max(spec.fraud_ratio / USUAL_FRAUD, 1.0)
    if speed < least:
        written = f"{_rounded_up(least):g}"
        rule = f"must be at least {written} where {rate:g} transactions a second arrive, or they take minutes to plan"
        return Unworkable(rule, f"{speed:g}", "leave it out, and cards are as busy as in training")
    return None


def _length_s(scenario: Scenario) -> float:
    return sum(phase.duration or 0 for phase in scenario.phases) / NS_PER["s"]


def _too_long(scenario: Scenario, speed: float) -> Unworkable:
    most = f"at most {MOST_YEARS} years of events pass"
    if scenario.world.speed is not None:
        return Unworkable(f"must be so low that {most}", f"{speed:g}", "lower it, or shorten the run")
    cards = f"{scenario.world.cards:,} cards as busy as in training"
    rule = f"must be given so that {most}, which are more with {cards}"
    return Unworkable(rule, "none", "write world: {speed: 1000} or more cards, or shorten the run")


def _rounded_up(number: float) -> float:
    """Return ``number`` with two digits, not below it."""
    digit = 10.0 ** (math.floor(math.log10(number)) - 1)
    return math.ceil(number / digit) * digit
