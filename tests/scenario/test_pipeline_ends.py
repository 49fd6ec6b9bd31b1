"""Where the pipeline takes transactions from and delivers decisions to, as a scenario writes it."""

import pytest

from sim.scenario.loader import parse
from sim.scenario.pipeline import CallerSink, FeedSourceSettings
from sim.scenario.render import resolved
from tests.support.sim.scenario_texts import SHORT, line_at_mark


@pytest.mark.parametrize(
    "text", ["", "pipeline: {source: feed, sink: caller}\n", "pipeline: {source: {kind: feed}, sink: {kind: caller}}\n"]
)
def test_ends_are_the_runs_own_unless_others_are_named(text: str) -> None:
    """Said or not, in one word or as a mapping, it is the same scenario, and is written out with every default."""
    scenario = parse(SHORT + text, "short.yaml")
    assert (scenario.pipeline.source, scenario.pipeline.sink) == (FeedSourceSettings(), CallerSink())
    assert scenario == parse(SHORT, "short.yaml") == parse(resolved(scenario), "again.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("pipeline: {source: ▶topic}", "pipeline.source is not a known kind, got topic; use one of feed, kafka"),
        ("pipeline: {source: ▶{}}", "pipeline.source.kind is missing; use one of feed, kafka"),
        (
            "pipeline: {sink: {kind: ▶file}}",
            "pipeline.sink.kind is not a known kind, got file; use one of caller, kafka",
        ),
        ("pipeline: {sink: {kind: caller, ▶topic: x}}", "pipeline.sink.topic is not a known key"),
        ("pipeline: {source: {kind: kafka, topic: ▶a/b}}", "pipeline.source.topic must be the name of a topic"),
        ("pipeline: {sink: {kind: kafka, dead_letters: ▶..}}", "pipeline.sink.dead_letters must be the name of"),
    ],
)
def test_mistakes_are_located(text: str, problem: str) -> None:
    """Each is told with line and column, and with the kinds there are."""
    assert problem in line_at_mark(SHORT + text + "\n")
