"""What is only produced ends well only if a broker says that all of it is decided."""

import asyncio
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from actors.actor import Environment
from actors.adapters.memory import InMemorySource
from actors.core.arrays import I64
from actors.core.clock import RealClock
from actors.core.errors import EscalationError, MachineError
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.open_loop import OpenLoop
from sim.coordinator.producer_lifecycle import ProducerLifecycle
from sim.coordinator.producer_parts import ProducerParts
from sim.coordinator.stream_workers import StreamWorkers
from sim.exit_codes import FAILED, INTERRUPTED, PASS
from sim.journal import Journal
from sim.run.plan import Plan
from sim.scenario.loader import parse
from tests.support.sim.workers import transactions

COUNT = 20
STARTS = {0: 7}
TEXT = "version: 1\nname: small\nphases: [{name: calm, duration: 200ms, rate: 100}]\npipeline: {drain_timeout: 1ms}\n"


class Nothing:
    """Faults, steps and a refresher that do nothing."""

    async def run(self) -> None:
        """End at once."""

    def lift_all(self) -> None:
        """Lift nothing."""

    def records(self) -> tuple[()]:
        return ()


class AskedTopics:
    """Topics that answer as a test says: how many are undecided, or that no broker is there.

    Args:
        answers: one for each time they are asked; the last one goes on.
    """

    def __init__(self, answers: Sequence[int | MachineError]) -> None:
        self._answers: Iterator[int | MachineError] = iter(answers)
        self._last: int | MachineError = 0

    def lag(self, run: str, starts: dict[int, int]) -> int:
        assert (run, starts) == ("r", STARTS)
        self._last = next(self._answers, self._last)
        if isinstance(self._last, MachineError):
            raise self._last
        return self._last


class CountedSender:
    """Takes everything, and has ``unacknowledged`` of it at hand for ever."""

    def __init__(self, unacknowledged: int, refused: int) -> None:
        self.unacknowledged, self.refused = unacknowledged, refused
        self.refusal, self.losing = "too large", ""
        self.sent = 0

    async def send(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: I64, due_wall_ns: I64) -> None:
        assert len(keys) == len(raws) == len(numbers) == len(due_wall_ns)
        self.sent += len(raws)

    async def hear(self) -> None:
        """Hear nothing."""


def produced(
    answers: Sequence[int | MachineError],
    *,
    unacknowledged: int = 0,
    refused: int = 0,
    interrupts: int = 0,
    failure: Exception | None = None,
) -> tuple[int, list[str], dict[str, Any]]:
    """Produce `COUNT` transactions; return the exit code, what was said, and how workers were let go."""
    return asyncio.run(_produced(AskedTopics(answers), CountedSender(unacknowledged, refused), interrupts, failure))


async def _produced(
    topics: AskedTopics, sender: CountedSender, interrupts: int, failure: Exception | None
) -> tuple[int, list[str], dict[str, Any]]:
    clock, telemetry, said, ended = RealClock(), Telemetry(), list[str](), dict[str, Any]()
    scenario = parse(TEXT, "small")
    source = InMemorySource.of(transactions(COUNT), np.arange(COUNT) * 1_000_000)
    sending = OpenLoop(scenario.pipeline, source, sender, Environment(clock, telemetry), lambda *_: None)

    async def end(why: str, within_s: float, *, settled: bool) -> None:
        assert within_s > 0
        ended.update(why=why, settled=settled)

    async def given_up() -> None:
        if failure is not None:
            raise failure
        await asyncio.get_running_loop().create_future()

    workers = SimpleNamespace(
        run="r",
        starts=STARTS,
        given_up=given_up,
        topics=topics,
        sender=sender,
        group=SimpleNamespace(live=[1], refused=[]),
        request=SimpleNamespace(
            places=SimpleNamespace(stream=SimpleNamespace(topics=SimpleNamespace(decisions="x.decisions")))
        ),
        begin=lambda _: None,
        end=end,
    )
    nothing = Nothing()
    own = SimpleNamespace(
        sending=sending,
        event_time=SimpleNamespace(begin=lambda _: None),
        faults=nothing,
        steps=nothing,
        refresher=nothing,
    )
    plan = SimpleNamespace(scenario=scenario, load=SimpleNamespace(expected_count=COUNT))
    lifecycle = ProducerLifecycle(
        cast("Plan", plan),
        cast("ProducerParts", own),
        cast("StreamWorkers", workers),
        telemetry,
        Journal(clock),
        clock,
        said.append,
    )
    for _ in range(interrupts):
        lifecycle.interrupt()
    try:
        code = await lifecycle.run()
    finally:
        clock.close()
    return code, said, ended


def test_it_ends_well_once_all_is_decided() -> None:
    """It waits for workers that are behind, then lets them go with nothing left."""
    code, said, ended = produced([7, 7, 0])
    assert code == PASS
    assert said[0].startswith(f"sent {COUNT} transactions in ")
    assert said[-1] == "all that was sent is decided; run r has ended, its decisions are in x.decisions"
    assert ended == {"why": "", "settled": True}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give workers less time than in earnest."""
    monkeypatch.setattr("sim.coordinator.producer_lifecycle.RECOVERY_S", 0.2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answers", [[3], [0, MachineError("no broker"), MachineError("no broker")]])
def test_what_no_broker_calls_decided_is_undecided(answers: Sequence[int | MachineError]) -> None:
    """Neither what is behind, nor an old answer from before the broker went, is taken for the end of it."""
    code, said, ended = produced(answers)
    assert code == FAILED
    assert said[-1].startswith("undecided: ")
    assert said[-1].endswith("--discard r")
    assert ended["settled"] is False


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("unacknowledged", "refused"), [(2, 0), (0, 1)])
def test_what_no_broker_has_taken_is_no_success(unacknowledged: int, refused: int) -> None:
    """Also where everything else is decided."""
    code, _, _ = produced([0], unacknowledged=unacknowledged, refused=refused)
    assert code == FAILED


def test_an_interrupt_sends_nothing_more_and_waits() -> None:
    """Its exit code says so, whatever workers have decided."""
    code, said, ended = produced([0], interrupts=1)
    assert code == INTERRUPTED
    assert said[-1].startswith("all that was sent is decided")
    assert ended["settled"] is True


@pytest.mark.parametrize("lag", [0, 5])
def test_what_workers_cannot_decide_any_more_is_not_waited_for(lag: int) -> None:
    """It says why and has failed, whatever a broker says that has forgotten what is undecided."""
    code, said, ended = produced([lag], failure=EscalationError("worker w0: not there"))
    assert code == FAILED
    assert "given up: worker w0: not there" in said
    assert ended["settled"] is (lag == 0)


def test_it_ends_with_the_error_of_a_helper_that_fails() -> None:
    """What goes on beside the sending and dies is no part that can be missed: nothing is waited for."""
    with pytest.raises(LookupError, match="a bug"):
        produced([1], failure=LookupError("a bug"))
