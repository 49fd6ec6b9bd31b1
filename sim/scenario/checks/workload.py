"""Phases and world: they say all that a run needs, contradict nothing, and can be made in time."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sim.scenario.checks.view import View
from sim.scenario.pace import is_zero, unworkable
from sim.scenario.pipeline import mapped_source
from sim.scenario.problems import Problem
from sim.scenario.scenario import Phase, World
from sim.units import MAX_DURATION_NS, render_duration
from sim.world.phases import Arrivals, OnOff, Poisson, Sine, Spike

MOST_MERCHANTS = 100  # a card; a town of 4,000 cards, in which each of 24,000 favourites is looked up, has as many more
# Each is drawn twice, for the feed and for the schedule: some seconds for as many as these.
MOST_BURSTS = 2_000_000  # a day of bursts of 40 ms
MOST_PERIODS = 100_000  # a day of one a second; a period is 64 straight lines


class Unplanned(NamedTuple):
    """Traffic that no phase plans: who says when it comes, what to do instead of a rate, and how long it lasts."""

    who: str
    instead: str
    lasts: str


REPLAYED: Final = Unplanned("the events say", "remove it, or set events.speed", "the events")
TAKEN: Final = Unplanned("whoever writes the messages says", "remove it", "nobody ends the run")


def check_workload(view: View) -> Iterator[Problem]:
    """Yield a problem for each contradiction."""
    yield from _presence(view)
    replay = view.given("events")
    comes = REPLAYED if replay else TAKEN if mapped_source(view.scenario.pipeline) is not None else None
    phases = dict(view.items("phases"))
    for path, phase in phases.items():
        yield from _generated(view, path, phase) if comes is None else _unplanned(view, path, phase, comes)
    total = sum(phase.duration or 0 for phase in phases.values())
    if total > MAX_DURATION_NS:
        yield view.problem("phases", "must last at most 10 years in all", render_duration(total), "shorten them")
    elif comes is None and view.whole("phases", "world", "events"):
        wrong = unworkable(view.scenario)
        if wrong is not None:
            yield view.problem("world.speed", wrong.rule, wrong.got, wrong.remedy)


def _presence(view: View) -> Iterator[Problem]:
    scenario = view.scenario
    mapped = mapped_source(scenario.pipeline) is not None
    if not scenario.phases and not view.given("events") and not mapped and view.whole("phases"):
        yield view.problem(
            "phases",
            "is missing" if not view.given("phases") else "must have at least one phase",
            "",
            "add - {name: steady, duration: 20s, rate: 1000}",
        )
    if view.given("events") and scenario.world != World():
        yield view.problem("world", "has no use: the transactions come from events", remedy="remove one of the two")
    elif mapped and scenario.world != World():
        rule = "has no use: the transactions are the messages of pipeline.source"
        yield view.problem("world", rule, remedy="remove it, or pipeline.source.columns")
    elif scenario.world.merchants > scenario.world.cards * MOST_MERCHANTS and view.whole("world.cards"):
        rule = f"must be at most {MOST_MERCHANTS} a card, {scenario.world.cards * MOST_MERCHANTS:,}"
        got = f"{scenario.world.merchants:,}"
        yield view.problem("world.merchants", rule, got, "lower it, or give more cards")
    if scenario.external and not view.given("events") and not view.given("model") and not mapped:
        yield view.problem("external", "needs data outside the repository", remedy="add events or model, or remove it")


def _generated(view: View, path: str, phase: Phase) -> Iterator[Problem]:
    for key in ("duration", "rate"):
        if getattr(phase, key) is None and view.whole(f"{path}.{key}"):
            example = "20s" if key == "duration" else "1000"
            yield view.problem(f"{path}.{key}", "is missing", remedy=f"add {key}: {example}")
    if phase.ramp_to is not None and (is_zero(phase.ramp_to) and phase.rate is not None and is_zero(phase.rate)):
        yield view.problem(f"{path}.ramp_to", "must be positive where rate is 0", remedy="give it a load")
    if phase.duration is None or not view.whole(f"{path}.arrivals"):
        return
    yield from _swings(view, path, phase.arrivals, phase.duration)
    spike = phase.arrivals
    if isinstance(spike, Spike):
        start = 0 if spike.after_ns is None else spike.after_ns  # without a place it is in the middle
        if start + spike.width_ns > phase.duration:
            width = render_duration(spike.width_ns) + ("" if view.given(f"{path}.arrivals.width") else " by default")
            length = render_duration(phase.duration)
            rule = f"must have its spike, which lasts {width}, within the phase of {length}"
            remedy = "shorten it" if view.given(f"{path}.arrivals.width") else "give it a width"
            yield view.problem(f"{path}.arrivals", rule, "", remedy)


def _swings(view: View, path: str, arrivals: Arrivals, duration_ns: int) -> Iterator[Problem]:
    """Yield a problem where there are more swings than can be laid out before the first transaction."""
    match arrivals:
        case Sine():
            key, swing_ns, swings = "period", arrivals.period_ns, MOST_PERIODS
        case OnOff():
            key, swing_ns, swings = "on", arrivals.on_ns + arrivals.off_ns, MOST_BURSTS
        case _:
            return
    if duration_ns > swing_ns * swings:
        what = "periods" if key == "period" else "bursts"
        rule = f"must make at most {swings:,} {what} in {render_duration(duration_ns)}"
        got = f"{duration_ns // swing_ns:,}"
        yield view.problem(f"{path}.arrivals.{key}", rule, got, f"make {what} longer, or the phase shorter")


def _unplanned(view: View, path: str, phase: Phase, comes: Unplanned) -> Iterator[Problem]:
    for key in ("rate", "ramp_to"):
        if getattr(phase, key) is not None:
            rule = f"has no use: {comes.who} when transactions arrive"
            yield view.problem(f"{path}.{key}", rule, remedy=comes.instead)
    if phase.arrivals != Poisson():
        yield view.problem(f"{path}.arrivals", f"has no use: {comes.who} when transactions arrive", remedy="remove it")
    if phase.duration is None and phase is not view.scenario.phases[-1] and view.whole(f"{path}.duration"):
        yield view.problem(f"{path}.duration", f"is missing: only the last phase may last as long as {comes.lasts}")
