"""An adapter that joins the registry of sources or sinks can be named in a scenario, and stands where it says."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from actors.core.batches import DecidedBatch
from actors.output.sinks import DecisionSink, SinkConfig
from actors.source import Arrivals, Source, SourceConfig
from sim.run.command import Request, run_scenario
from sim.scenario.pipeline import SINKS, SOURCES
from sim.scenario.problems import InvalidScenarioError
from tests.support.drills import run_thin

USED: list[str] = []


@dataclass
class Recut:
    """A source that hands on in blocks of its own size."""

    traffic: Source
    size: int
    left: list[Arrivals] = field(default_factory=list)

    async def take(self) -> Arrivals | None:
        if not self.left and (arrivals := await self.traffic.take()) is not None:
            assert arrivals.due_ns is not None
            parts = [slice(at, at + self.size) for at in range(0, len(arrivals.raws), self.size)]
            self.left = [Arrivals(arrivals.raws[at], arrivals.due_ns[at]) for at in parts]
            USED.append("source")
        return self.left.pop(0) if self.left else None

    def due_count(self, elapsed_ns: int) -> int | None:
        return self.traffic.due_count(elapsed_ns)


class RecutConfig(SourceConfig, frozen=True, kw_only=True):
    """Hands on in other blocks.

    Attributes:
        size: of a block.
    """

    kind: ClassVar[str] = "recut"
    size: int = 7

    def build(self, traffic: Source) -> Source:
        return Recut(traffic, self.size)


@dataclass
class Relay:
    """A sink that passes on."""

    caller: DecisionSink

    async def deliver(self, decided: DecidedBatch) -> None:
        USED.append("sink")
        await self.caller.deliver(decided)


class RelayConfig(SinkConfig, frozen=True, kw_only=True):
    """Passes on."""

    kind: ClassVar[str] = "relay"

    def build(self, caller: DecisionSink) -> DecisionSink:
        return Relay(caller)


def test_ends_that_pass_everything_on_change_no_decision(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named in the scenario, each stands at its end of the pipeline, with its settings, and faults around it."""
    monkeypatch.setitem(SOURCES, RecutConfig.kind, RecutConfig)
    monkeypatch.setitem(SINKS, RelayConfig.kind, RelayConfig)
    USED.clear()
    run_thin(tmp_path / "own", world_model)
    assert not USED
    run_thin(tmp_path / "other", world_model, ["pipeline.source={kind: recut, size: 3}", "pipeline.sink=relay"])
    assert set(USED) == {"source", "sink"}
    own, other = (decisions(tmp_path / each / "decisions.jsonl") for each in ("own", "other"))
    assert own == other
    assert len(own) > 500


def decisions(file: Path) -> list[tuple[object, ...]]:
    """Return what was decided, line by line."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [(line["id"], line["decision"], line["mode"], line["score"]) for line in lines]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("pipeline.feature_store.store={kind: redis, address: 'redis://127.0.0.1:1'}", "must be memory"),
        ("pipeline.source=kafka", "must be feed"),
    ],
)
def test_a_server_of_workers_is_refused_in_process(tmp_path: Path, world_model: Path, said: str, rule: str) -> None:
    """A run that would leave the named server without a worker does not begin."""
    file = tmp_path / "thin.yaml"
    file.write_text("version: 1\nname: thin\nphases: [{name: calm, duration: 1s, rate: 50}]\n")
    request = Request(file, world_model, (said,), out=tmp_path / "run", tui="off")
    with pytest.raises(InvalidScenarioError, match=rf"{rule} where the pipeline is in .*; run it with --stream"):
        run_scenario(request)
    assert not (tmp_path / "run" / "summary.json").exists()
