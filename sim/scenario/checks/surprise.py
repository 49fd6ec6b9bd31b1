"""A surprise: that there is room for it in the run, and that there is something to draw."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.scenario.surprise import LEAST_NS, candidates
from sim.scenario.timeline import duration_ns
from sim.units import render_duration


def check_surprise(view: View) -> Iterator[Problem]:
    """Yield a problem for a surprise that cannot fit into the run."""
    surprise = view.scenario.surprise
    if surprise is None or not view.whole("surprise", "phases", "events", "faults"):
        return
    run_ns = duration_ns(view.scenario)
    if run_ns is None:
        rule = "needs a run whose length is known: its last phase has no duration"
        yield view.problem("surprise", rule, remedy="give the phase a duration")
        return
    where = "surprise" if surprise.between is None else "surprise.between"
    start_ns, end_ns = surprise.span(run_ns)
    if end_ns > run_ns:
        rule = f"must lie within the run, which lasts {render_duration(run_ns)}"
        yield view.problem(where, rule, remedy="end it earlier, or let the run last longer")
    elif end_ns - start_ns < surprise.faults * LEAST_NS:
        rule = f"must leave {render_duration(LEAST_NS)} for each of its {surprise.faults} faults"
        got = f"{render_duration(max(0, end_ns - start_ns))} for all"
        yield view.problem(where, rule, got, "ask for fewer, or give them more time")
    there = candidates(surprise, view.scenario.faults, synthetic=view.scenario.events is None)
    if len(there) < surprise.faults:
        rule = f"must be at most {len(there):,}: so many kinds of fault can be drawn here, each once"
        yield view.problem("surprise.faults", rule, f"{surprise.faults:,}", "ask for fewer, or draw from more parts")
