"""How fast a world's events pass, as a scenario may ask for it."""

from pathlib import Path

import pytest

from actors.core.errors import InputError
from sim.scenario.loader import parse, placing
from sim.scenario.pace import MOST_PER_EVENT_S, unworkable
from sim.scenario.problems import LateProblemError
from tests.support.sim.scenario_texts import SHORT, line_at_mark, lines

SHARE = "name: x\nphases: [{name: a, duration: 1s, rate: 2x capacity}]\nworld: {speed: 1}\n"


@pytest.mark.parametrize(
    ("world", "phase", "words"),
    [
        ("{speed: ▶1e-12}", "rate: 300", "world.speed must be a number from 1e-6 to 100000, got 1e-12"),
        ("{speed: ▶0.01}", "rate: 300", "world.speed must be at least 0.015 where 300 transactions"),
        ("{speed: ▶1, fraud_ratio: 0.5}", "rate: 1000", "must be at least 2.5 where 1000 transactions a second arrive"),
        ("{speed: ▶90000}", "rate: 1, ramp_to: 2", "must be so low that at most 100 years of events pass, got 90000"),
        ("▶{cards: 100}", "rate: 1000000", "world.speed must be given so that at most 100 years of"),
        (
            "{cards: 100, merchants: ▶10001}",
            "rate: 1",
            "world.merchants must be at most 100 a card, 10,000, got 10,001",
        ),
    ],
)
def test_pace_that_no_world_keeps_is_refused_before_it_is_made(world: str, phase: str, words: str) -> None:
    """What would take minutes before the first transaction, or leave the calendar, is told with a way out."""
    assert words in line_at_mark(f"name: x\nphases: [{{name: a, duration: 12h, {phase}}}]\nworld: {world}\n")


@pytest.mark.parametrize(
    ("arrivals", "words"),
    [
        ("{kind: sine, period: ▶1ns}", "arrivals.period must make at most 100,000 periods in 10s, got 10,000,000,000"),
        ("{kind: on_off, on: ▶1ns, off: 1us}", "arrivals.on must make at most 2,000,000 bursts in 10s, got 9,990,009"),
    ],
)
def test_swings_without_number_are_refused(arrivals: str, words: str) -> None:
    """A schedule of a thousand million swings would take minutes to lay out."""
    assert words in line_at_mark(f"name: x\nphases: [{{name: a, duration: 10s, rate: 5, arrivals: {arrivals}}}]\n")


def test_world_at_the_speed_that_it_takes_by_itself_is_always_workable() -> None:
    """Without a speed cards are as busy as in training, at any rate."""
    for rate in ("1e-6", "1", "1e7"):
        parse(f"name: x\nphases: [{{name: a, duration: 1s, rate: {rate}}}]\n", "drill.yaml")


def test_share_of_capacity_is_judged_once_it_is_a_rate() -> None:
    """What validation cannot know yet is judged by the same rule when the capacity is measured."""
    scenario = parse(SHARE, "drill.yaml")
    assert unworkable(scenario) is None
    assert unworkable(scenario, MOST_PER_EVENT_S / 2) is None
    assert unworkable(scenario, MOST_PER_EVENT_S) is not None


def test_problem_that_shows_late_is_told_with_its_place(tmp_path: Path) -> None:
    """A rule that needs the model or the machine is told at its line and column, or at the override."""
    file = tmp_path / "late.yaml"
    file.write_text(SHARE)
    late = LateProblemError("world.speed", "must be more", "1", "raise it")
    with pytest.raises(InputError) as in_file, placing(file):
        raise late
    assert str(in_file.value) == f"{file}:3:16: world.speed must be more, got 1; raise it"
    with pytest.raises(InputError) as in_override, placing(file, ["world.speed=1"]):
        raise late
    by_name = LateProblemError("phases[a].rate", "must be less", "2x capacity", "lower it")
    with pytest.raises(InputError) as at_index, placing(file):
        raise by_name
    assert str(at_index.value) == f"{file}:2:40: phases[0].rate must be less, got 2x capacity; lower it"
    assert str(in_override.value) == "--set world.speed=1: world.speed must be more, got 1; raise it"


def test_rate_is_nothing_or_something() -> None:
    """A rate too small for one transaction in thirty years is a mistake, and so is a job longer than any."""
    tiny = SHORT.replace("rate: 100", "rate: ▶1e-300")
    said = "phases[0].rate must be a rate of 0, or from 1e-9 to 1e9, got 1e-300; write transactions a second"
    assert line_at_mark(tiny) == said
    costs = "machine: {costs: {log: {fixed: 61m, per_row: 1001ms}}}\n"
    assert lines(SHORT + costs) == [
        "drill.yaml:4:32: machine.costs.log.fixed must be at most 1h, got 61m; change the value",
        "drill.yaml:4:46: machine.costs.log.per_row must be at most 1s, got 1001ms; change the value",
    ]
