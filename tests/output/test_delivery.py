"""Failed deliveries are tried again beside the flow, within bounds, and what is given up is kept."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from actors.adapters.memory import InMemoryLines
from actors.config import DeliveryConfig, PipelineConfig
from actors.contracts.contract import decided
from actors.core.batches import DecidedBatch
from actors.core.clock import NS_PER_MS, NS_PER_S
from actors.core.errors import SinkError
from actors.output.delivery import DeliveryRetries
from actors.telemetry.ledger import Ledger
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.pipeline import Bench, ListSink, arrivals, transaction
from tests.support.virtual import run_virtual

COUNT = 60
QUICK = DeliveryConfig(timeout_ns=5 * NS_PER_MS, attempts=4, backoff_ns=10 * NS_PER_MS, capacity=1_000)


@dataclass
class Caller(ListSink):
    """Refuses, or does not answer, for a while; may take what it does not answer for."""

    until_ns: int = 0
    silent: bool = False
    takes_silently: bool = False
    calls: int = 0
    seen: list[str] = field(default_factory=list)
    error: Exception = field(default_factory=lambda: SinkError("refused"))

    async def deliver(self, decided: DecidedBatch) -> None:
        self.calls += 1
        down = asyncio.get_running_loop().time() * NS_PER_S < self.until_ns
        if not down or self.takes_silently:
            self.seen += decided.batch.ids
        if down and self.silent:
            await asyncio.sleep(3_600)
        if down:
            raise self.error
        self.delivered.append(decided)


def run(caller: Caller, delivery: DeliveryConfig = QUICK) -> tuple[Bench, bytes, float]:
    """Run `COUNT` transactions, one a ms; return the bench, the file of undelivered ones, and how long it took."""
    kept = InMemoryLines()

    async def main() -> float:
        config = PipelineConfig(delivery=delivery)
        bench.config = config
        pipeline = bench.build(undelivered=kept)
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)
        return asyncio.get_running_loop().time()

    bench = Bench(arrivals([transaction(number) for number in range(COUNT)]), sink=caller)
    took_s = run_virtual(main())
    return bench, bytes(kept.content), took_s


@pytest.mark.parametrize("silent", [False, True])
def test_outage_shorter_than_the_retries_costs_no_decision(silent: bool) -> None:
    """Every decision arrives in the end; without retries those of the outage are lost to the caller."""
    bench, kept, _ = run(Caller(until_ns=30 * NS_PER_MS, silent=silent))
    assert (bench.telemetry.ledger.delivered, kept) == (COUNT, b"")
    once, _, _ = run(Caller(until_ns=30 * NS_PER_MS, silent=silent), msgspec.structs.replace(QUICK, attempts=1))
    assert once.telemetry.ledger.undelivered_count > 0


def test_undeliverable_decisions_are_counted_and_kept() -> None:
    """A caller that never answers again gets its decisions from the file: each once, with what was decided."""
    bench, kept, _ = run(Caller(until_ns=3_600 * NS_PER_S))
    lines: list[dict[str, Any]] = [msgspec.json.decode(line) for line in kept.splitlines()]
    assert sorted(line["id"] for line in lines) == sorted(f"t{number}" for number in range(COUNT))
    assert bench.telemetry.ledger.undelivered_count == COUNT
    logged = bench.decisions()
    assert all(line["decision"] == logged[line["id"]]["decision"] for line in lines)


def test_attempts_are_bounded() -> None:
    """No batch is delivered more often than configured."""
    caller = Caller(until_ns=3_600 * NS_PER_S)
    bench, _, _ = run(caller)
    assert caller.calls == QUICK.attempts * len(bench.decisions())  # one transaction a batch


def test_queue_is_bounded() -> None:
    """What finds no room is given up at once, and kept."""
    bench, kept, _ = run(Caller(until_ns=45 * NS_PER_MS), msgspec.structs.replace(QUICK, capacity=3, attempts=50))
    ledger = bench.telemetry.ledger
    assert ledger.undelivered_count == len(kept.splitlines()) > 0
    assert ledger.delivered + ledger.undelivered_count == COUNT


def test_silent_caller_does_not_hold_the_log_up() -> None:
    """With a time-out the log goes on; before it is over the logger stands still until the caller answers."""
    _, _, took_s = run(Caller(until_ns=3_600 * NS_PER_S, silent=True))
    assert took_s < 1.0
    _, _, hung_s = run(Caller(until_ns=1 * NS_PER_S, silent=True), DeliveryConfig(timeout_ns=7_200 * NS_PER_S))
    assert hung_s >= 3_600


def test_decision_taken_without_an_answer_is_the_same_the_second_time() -> None:
    """A batch that timed out and had been taken comes again with the same ids, by which the caller knows it."""
    caller = Caller(until_ns=30 * NS_PER_MS, silent=True, takes_silently=True)
    bench, _, _ = run(caller)
    assert len(caller.seen) > COUNT
    assert set(caller.seen) == {f"t{number}" for number in range(COUNT)}
    assert bench.telemetry.ledger.delivered == COUNT


@pytest.mark.parametrize("until_ns", [25 * NS_PER_MS, 3_600 * NS_PER_S])
def test_whatever_a_caller_raises_is_a_failed_attempt(until_ns: int) -> None:
    """An error that no caller should raise ends no retries: each batch arrives later, or is given up and counted."""
    caller = Caller(until_ns=until_ns, error=ConnectionResetError("the client's own"))
    ledger = Ledger()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        retries = DeliveryRetries(QUICK, caller, lambda _: b"", None, VirtualClock(loop), ledger)
        running = asyncio.create_task(retries.run())
        for first in (0, 3):
            retries.put(decided(first, 3))
        async with asyncio.timeout(60):
            await retries.drained()
        running.cancel()
        return loop.time()

    assert run_virtual(main()) < 1.0
    answered = until_ns < NS_PER_S
    assert (ledger.delivered, ledger.undelivered_count) == ((6, 0) if answered else (0, 6))
