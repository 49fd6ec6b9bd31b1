"""A map of other people's messages, as a scenario writes it at its source."""

import pytest

from sim.scenario.loader import parse
from sim.scenario.pipeline import mapped_source
from sim.scenario.render import resolved
from sim.scenario.scenario import LISTENING
from tests.support.sim.scenario_texts import line_at_mark

MAPPED = """\
name: mapped
pipeline:
  source:
    kind: kafka
    columns: {event_time: {column: a.at, unit: ms}, card: card, merchant: shop, amount: sum}
"""


def test_a_map_needs_no_phase_and_no_rate() -> None:
    """Others say when messages come: without a phase it goes on until it is ended; written out it reads the same."""
    scenario = parse(MAPPED, "mapped.yaml")
    assert scenario.phases == (LISTENING,)
    assert parse(resolved(scenario), "again.yaml") == scenario
    source = mapped_source(scenario.pipeline)
    assert source is not None
    assert (source.from_, source.timezone) == ("now", "UTC")
    assert source.columns is not None
    assert source.columns.event_time.names == ("a.at",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "phases: [{name: a, duration: 1s, rate: ▶5}]\n",
            "has no use: whoever writes the messages says",
        ),
        (
            "phases: [▶{name: a}, {name: b, duration: 1s}]\n",
            "is missing: only the last phase may last",
        ),
        ("world: ▶{cards: 500}\n", "world has no use: the transactions are the messages of pipeline.source"),
    ],
)
def test_what_others_decide_cannot_be_said(text: str, problem: str) -> None:
    """Neither rates nor a world; each is told where it stands."""
    assert problem in line_at_mark(MAPPED + text)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("amount: sum", "amount: {column: sum, negative: ▶skip}", "must be refuse: every message of a topic comes to"),
        ("amount: sum", "amount: sum, fraud: ▶bad", "pipeline.source.columns.fraud has no use: a label is no part"),
        ("amount: sum", "amount: {column: sum, thousands: ▶',', decimal: ','}", "must differ from what stands before"),
        ("column: a.at, unit: ms", "columns: [a, b], unit: ▶ms", "pipeline.source.columns.event_time.unit has no use"),
        ("    columns: {", "    from: ▶noon\n    columns: {", "pipeline.source.from"),
    ],
)
def test_a_map_is_checked_as_that_of_a_file(old: str, new: str, problem: str) -> None:
    """By the same rules, and by those that only messages have."""
    assert problem in line_at_mark(MAPPED.replace(old, new))


def test_what_is_for_a_map_needs_one() -> None:
    """Where to begin, and the time zone, are no matter where the messages are ours."""
    text = "name: own\nphases: [{name: a, duration: 1s, rate: 5}]\npipeline: {source: {kind: kafka, from: ▶earliest}}\n"
    assert "pipeline.source.from has no use without columns" in line_at_mark(text)
