"""Ctrl-C at any instant of a run, by the signal itself and on virtual time; and books that broke, told alike by all."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.model.artifact import load_artifact
from actors.pipeline import Held, Pipeline
from dashboard.plain import verdict
from sim.report.run_folder import RunFolder
from sim.run import output
from sim.run.composition import Attachments
from sim.run.execution import Result, execute
from sim.run.output import join_labels
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut

# Twice as much arrives as the machine can do: a drain lasts until its time-out, or until someone stops it.
STUCK = """\
version: 1
name: stuck
clock: virtual
world: {cards: 4000, merchants: 400}
phases: [{name: first, duration: 500ms, rate: 200}, {name: last, duration: 500ms, rate: 200}]
machine: {costs: {decide: {fixed: 1us, per_row: 10ms}}}
pipeline: {drain_timeout: 200ms, scorer: {max_batch_size: 1}, mailboxes: {scorer: {capacity: 50}}}
expect:
  - {name: books, expr: "ledger.balanced == 1"}
  - {name: early, expr: "ledger.balanced == 1", during: first}
  - {name: both, expr: "ledger.balanced == 1 and throughput > 1"}
"""


def run(folder: Path, model: Path, alter: Callable[[Pipeline], None]) -> Result:
    """Run `STUCK` with something done to its pipeline before it starts."""
    plan = prepare(Cut(parse(STUCK, "stuck.yaml")), load_artifact(model), folder)
    return execute(plan, RunFolder(folder), NullScreen(), Attachments(alter=alter))


def pressing(*at_s: float) -> Callable[[Pipeline], None]:
    """Return what raises the signal at these seconds of the run."""

    def press(_: Pipeline) -> None:
        loop = asyncio.get_running_loop()
        for each in at_s:
            loop.call_at(each, signal.raise_signal, signal.SIGINT)

    return press


@pytest.mark.parametrize("first_s", [0.0, 0.001, 0.31, 0.7, 0.98, 1.0, 1.003])
@pytest.mark.parametrize("second_after_s", [None, 0.0, 0.000_5, 0.1])
def test_ctrl_c_at_any_instant_ends_the_run_with_its_books(
    first_s: float, second_after_s: float | None, tmp_path: Path, world_model: Path
) -> None:
    """Once or twice, before the first transaction or while it drains: 130, a summary, and nothing unaccounted for."""
    presses = [first_s] if second_after_s is None else [first_s, first_s + second_after_s]
    summary = run(tmp_path, world_model, pressing(*presses)).summary
    assert summary.exit_code == 130
    assert summary.duration_s <= first_s + 0.3
    books = summary.ledger
    assert books.balanced
    assert books.produced == books.decided == books.logged
    assert (books.in_flight, books.awaiting_log, books.awaiting_delivery) == (0, 0, 0)
    assert len((tmp_path / "decisions.jsonl").read_bytes().splitlines()) == books.logged


def test_asked_twice_a_run_does_not_wait_for_its_drain(tmp_path: Path, world_model: Path) -> None:
    """The second Ctrl-C may come before the first was acted on; what is left is decided by default."""
    summary = run(tmp_path, world_model, pressing(0.4, 0.4)).summary
    assert summary.duration_s < 0.5
    assert summary.modes.default > 20


def test_a_drain_that_is_stopped_at_the_planned_end_is_an_interruption(tmp_path: Path, world_model: Path) -> None:
    """Whoever does not wait for the end of a run has not seen its verdict."""
    whole = run(tmp_path / "whole", world_model, pressing())
    stopped = run(tmp_path / "stopped", world_model, pressing(1.000_001))
    assert (whole.summary.exit_code == 130, stopped.summary.exit_code) == (False, 130)


def test_ctrl_c_while_labels_are_joined_costs_the_labels_only(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of a long run has gigabytes: whoever does not wait gets verdict and summary, and the log as it was."""

    def pressed(*given: Any) -> int:  # noqa: ANN401 - whatever it is given
        signal.raise_signal(signal.SIGINT)
        return join_labels(*given)

    monkeypatch.setattr(output, "join_labels", pressed)
    result = run(tmp_path, world_model, pressing())
    assert result.exit_code != 130
    assert result.problems == ("labels are not joined, decisions stay as they are: interrupted",)
    lines = (tmp_path / "decisions.jsonl").read_text().splitlines()
    assert len(lines) == result.summary.ledger.logged
    assert all('"label":null' in line for line in lines)
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("broken_at_s", [0.1, 0.6, 1.0, 1.001])
def test_books_that_broke_once_are_broken_for_everyone(broken_at_s: float, tmp_path: Path, world_model: Path) -> None:
    """Expectations on any span, verdict, summary, screen and closing text: none calls them balanced any more."""

    def misread(pipeline: Pipeline) -> None:
        rightly = pipeline.held

        def held() -> Held:
            found = rightly()
            late = asyncio.get_running_loop().time() >= broken_at_s
            if late and not misread_once:
                misread_once.append(True)
                return replace(found, in_flight=found.in_flight + 1)
            return found

        misread_once: list[bool] = []
        pipeline.held = held  # type: ignore[method-assign]  # a mistake that lasts for one reading

    result = run(tmp_path, world_model, misread)
    summary = result.summary
    assert (summary.verdict, summary.exit_code) == ("fail", 99)
    assert [each.state for each in summary.expectations] == ["failed"] * 3
    assert not summary.ledger.balanced
    assert any("1 counted twice" in each for each in summary.ledger.imbalances)
    assert any("the ledger does not balance" in reason for reason in summary.reasons)
    text = "\n".join("".join(segment.text for segment in line) for line in verdict(result.frame, 100).rows)
    assert "BROKEN" in text
    assert "balanced ✓" not in text
