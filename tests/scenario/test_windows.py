"""What cannot be judged window by window, and what cannot end a run, is refused where it stands."""

import pytest

from sim.scenario.loader import parse
from sim.scenario.render import resolved
from tests.support.sim.scenario_texts import MARK, REPLAY, line_at_mark

TEXT = """\
name: drill
phases:
  - {{name: calm, duration: 10s, rate: 100}}
  - {{name: storm, duration: 10s, rate: 100}}
expect:
  - {{name: it, {rule}}}
"""
ABORT = """\
name: drill
phases:
  - {{name: calm, duration: 10s, rate: 100}}
abort_on:
  - error_ratio > 50%
  - {rule}
"""


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            f"expr: mailbox.scorer.depth < 9, every: {MARK}2s",
            (
                "expect[0].every is for figures over a span; mailbox.scorer.depth is judged at every tick, "
                "got 2s; leave it out"
            ),
        ),
        (
            f'expr: "error_ratio < 1% and {MARK}recall > 50%", every: 2s',
            (
                "expect[0].expr reads recall, known once the run is over and labels are there, and not in each window, "
                "got 'error_ratio < 1% and recall > 50%'; leave out every"
            ),
        ),
        (
            f"expr: {MARK}storm.latency.p99 < 2 * calm.latency.p99, during: storm, every: 2s",
            (
                "expect[0].expr reads storm.latency.p99, and storm is not over when the first window ends, "
                "got storm.latency.p99 < 2 * calm.latency.p99; compare with a span before it, or leave out every"
            ),
        ),
        (
            f"expr: latency.p99 < 1s, during: storm, within: 2s, every: {MARK}9s",
            "expect[0].every must fit into the 8s that are measured, got 9s; shorten it",
        ),
        (
            f"expr: latency.p99 < 1s, every: {MARK}500ms",
            "expect[0].every must be at least 1s, got 500ms; change the value",
        ),
        (f"never: ErrorRateHigh, every: {MARK}2s", "expect[0].every belongs to expr, got 2s; leave it out"),
    ],
)
def test_what_no_window_can_judge_is_refused(rule: str, problem: str) -> None:
    """Readings, figures of labels, spans to come, windows that do not fit: each with the remedy, where it stands."""
    assert line_at_mark(TEXT.format(rule=rule)) == problem


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (f"latency.p95 > {MARK}5", "abort_on[1] is not a condition: latency.p95 is a time, 5 needs a unit: 5ms?"),
        (f"{MARK}calm.latency.p95 > 5s", "abort_on[1] is not a condition: calm is neither a phase nor a fault"),
        (f"error_ratio {MARK}>= 0", "abort_on[1] says nothing about a run: error_ratio >= 0 can never fail"),
    ],
)
def test_what_can_end_no_run_is_refused(rule: str, problem: str) -> None:
    """A condition that ends a run is checked as an alert's is: over the last 10 s, without spans."""
    assert line_at_mark(ABORT.format(rule=rule)).startswith(problem)


def test_both_keys_are_written_as_they_were_read() -> None:
    """The scenario that a run leaves behind ends early, and is judged, as the first did."""
    scenario = parse(TEXT.format(rule="expr: latency.p99 < 1s, every: 2s") + 'abort_on: ["error_ratio > 50%"]', "it")
    assert scenario.abort_on == ("error_ratio > 50%",)
    assert parse(resolved(scenario), "again") == scenario


def test_a_replay_without_a_planned_end_may_have_windows() -> None:
    """It is not known how many there will be."""
    text = f"{REPLAY}expect: [{{name: it, expr: latency.p99 < 1s, every: 2s}}]\n"
    assert parse(text, "replay.yaml", files_required=False).expect[0].every == 2_000_000_000
