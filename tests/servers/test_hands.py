"""A run on a stream that someone changes at its screen: workers hear of it, and it can be played again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim.exit_codes import INTERRUPTED
from sim.operator.refusals import MORE_ON_STREAM
from sim.report.run_folder import AS_PLAYED, DECISIONS, JOURNAL
from sim.scenario.loader import load
from tests.support.redis_server import RedisServer
from tests.support.sim.stream_commands import AtScreen, holds, lines

SCENARIO = """
version: 1
name: at-hand
phases: [{name: steady, duration: 10m, rate: 100}]
expect: [{name: books, expr: ledger.balanced == 1}]
"""
NAME = "feature_store_outage-1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def entry(folder: Path, kind: str) -> dict[str, Any] | None:
    """Return what the journal says of the fault, None before it does."""
    entries = (each for each in lines(folder / JOURNAL) if (each["kind"], each["name"]) == (kind, NAME))
    return next(entries, None)


def test_a_fault_comes_and_goes_at_the_keyboard(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """It strikes in the worker from when it was put in until it was lifted; more load is refused with the reason."""
    folder, file = tmp_path / "out", tmp_path / "it.yaml"
    file.write_text(SCENARIO)
    url = f"kafka://{kafka_address}/hands-{os.getpid()}"
    servers = ("--stream", url, "--store", store.url, "--workers", "1")
    run = AtScreen(("run", str(file), "--out", str(folder), "--model", str(world_model), *servers))
    try:
        assert holds(lambda: lines(folder / DECISIONS)), run.seen
        assert run.press("b", MORE_ON_STREAM[:60]), run.seen
        assert run.press("f", "inject a fault"), run.seen
        assert run.press("store_outage", "1 of"), run.seen
        assert run.press("\r", "Enter injects"), run.seen
        assert run.press("5m\r", f"{NAME} goes in"), run.seen
        assert holds(lambda: entry(folder, "fault_injected"))
        assert holds(lambda: any(each["mode"] == "realtime_only" for each in lines(folder / DECISIONS)))
        assert run.press("l", "lift a fault"), run.seen
        assert run.press("\r", f"lifted {NAME}"), run.seen
        assert holds(lambda: entry(folder, "fault_lifted"))
        run.press("q")
        code, seen, _ = run.ended()
    finally:
        run.kill()
    assert code == INTERRUPTED, seen
    summary = msgspec.json.decode((folder / "summary.json").read_bytes())
    assert summary["ledger"]["balanced"]
    assert len(summary["by_hand"]) == 2
    (record,) = summary["faults"]
    assert (record["name"], record["state"]) == (NAME, "lifted")
    assert record["touched_count"] > 0
    (fault,) = load(folder / AS_PLAYED).faults
    (occurrence,) = fault.planned
    injected, lifted = entry(folder, "fault_injected"), entry(folder, "fault_lifted")
    assert injected is not None
    assert lifted is not None
    assert occurrence.lift_at is not None
    assert occurrence.inject_at / 1e9 <= injected["at_s"]
    assert occurrence.lift_at / 1e9 <= lifted["at_s"]
