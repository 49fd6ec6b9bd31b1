"""Laws of the actor loop and its supervisor: restart without loss, poison, escalation."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.actor import Actor, Environment, Hooks
from actors.config import RestartConfig
from actors.core.clock import NS_PER_MS
from actors.core.errors import EscalationError
from actors.mailbox import Lease, Mailbox
from actors.supervisor import Supervisor
from actors.telemetry.telemetry import Telemetry
from tests.support.actors.actor import HandClock, Numbers

logging.getLogger("actors.supervisor").setLevel(logging.CRITICAL)


class Doubler(Actor[Numbers, Numbers, Numbers]):
    """Doubles numbers; keeps what it committed and what it discarded."""

    def __init__(self, clock: HandClock, hooks: Hooks, poison: frozenset[int] = frozenset()) -> None:
        inbox: Mailbox[Numbers] = Mailbox("doubler", 100, clock)
        outlet: Mailbox[Numbers] = Mailbox("next", 3, clock)
        super().__init__("doubler", inbox, outlet, Environment(clock, Telemetry(), hooks))
        self.poison = poison
        self.committed: list[int] = []
        self.discarded: list[int] = []

    def batch_limit(self) -> int:
        return 4

    async def prepare(self, lease: Lease[Numbers]) -> Numbers:
        await asyncio.sleep(0)
        if self.poison.intersection(lease.message.values):
            raise ValueError("poison")
        return Numbers(tuple(2 * value for value in lease.message.values))

    def commit(self, lease: Lease[Numbers], prepared: Numbers) -> Numbers:
        self.committed.extend(lease.message.values)
        return prepared

    def discard(self, message: Numbers, error: BaseException) -> None:
        assert str(error) == "poison"
        self.discarded.extend(message.values)


class CrashingHooks(Hooks):
    """Crashes at the given calls, counted over both hooks."""

    def __init__(self, crash_at: frozenset[int] = frozenset()) -> None:
        self.crash_at = crash_at
        self.calls = 0

    async def received(self, actor: str, rows: int) -> None:
        self._call()

    async def prepared(self, actor: str, rows: int) -> None:
        self._call()

    def _call(self) -> None:
        self.calls += 1
        if self.calls in self.crash_at:
            raise RuntimeError("killed")


async def drive(doubler: Doubler, count: int, policy: RestartConfig) -> list[int]:
    """Send ``count`` numbers through ``doubler`` under a supervisor; return what came out."""
    out: list[int] = []

    async def drain() -> None:
        assert doubler.outlet is not None
        while (lease := await doubler.outlet.receive(2)) is not None:
            out.extend(lease.message.values)
            doubler.outlet.acknowledge()

    doubler.inbox.offer(Numbers(tuple(range(count))))
    doubler.inbox.close()
    supervisor = Supervisor(policy, doubler.clock, doubler.telemetry)
    await asyncio.gather(supervisor.run([doubler]), drain())
    return out


PATIENT = RestartConfig(max_restarts=1_000)


@given(count=st.integers(1, 40), crash_at=st.frozensets(st.integers(1, 60), max_size=8))
def test_a_crash_loses_nothing_and_repeats_nothing(count: int, crash_at: frozenset[int]) -> None:
    """Killed before or after its work, an actor commits each transaction once and passes it on once, in order."""
    crashes_in_a_row = any({call, call + 1} <= crash_at for call in range(1, 60))
    doubler = Doubler(HandClock(), CrashingHooks(crash_at))
    doubler.discard = lambda message, error: doubler.discarded.extend(message.values)  # type: ignore[method-assign]

    out = asyncio.run(drive(doubler, count, PATIENT))

    kept = [number for number in range(count) if number not in doubler.discarded]
    assert doubler.committed == kept
    assert out == [2 * number for number in kept]
    if not crashes_in_a_row:
        assert doubler.telemetry.counters.restarts <= len(crash_at)


@given(count=st.integers(1, 40), poison=st.frozensets(st.integers(0, 39), max_size=5))
def test_only_what_crashes_its_actor_twice_is_poison(count: int, poison: frozenset[int]) -> None:
    """A batch that crashes twice is cut up; exactly the guilty transactions are discarded, the others pass."""
    doubler = Doubler(HandClock(), Hooks(), poison)

    out = asyncio.run(drive(doubler, count, PATIENT))

    assert doubler.discarded == sorted(number for number in poison if number < count)
    assert out == [2 * number for number in range(count) if number not in poison]


def test_poison_among_others_never_escalates() -> None:
    """Crashes that a poison transaction explains are forgiven, however many there are, while others get through."""
    doubler = Doubler(HandClock(), Hooks(), frozenset(range(0, 40, 2)))

    asyncio.run(drive(doubler, 40, RestartConfig(max_restarts=6)))

    assert doubler.discarded == list(range(0, 40, 2))


def test_an_actor_that_gets_nothing_done_escalates() -> None:
    """One crash more than the policy allows within its span ends the supervisor, naming actor and error."""
    doubler = Doubler(HandClock(), Hooks(), frozenset(range(40)))

    with pytest.raises(EscalationError, match=r"doubler crashed 4 times within 10 s, last with ValueError: poison"):
        asyncio.run(drive(doubler, 40, RestartConfig(max_restarts=3)))
    assert doubler.telemetry.counters.restarts == 3


def test_waits_between_restarts_double_up_to_the_longest() -> None:
    """Backoff is 10, 20, 40 … ms on the run's clock, never above the limit."""
    clock = HandClock()
    doubler = Doubler(clock, CrashingHooks(frozenset({1, 4, 7, 10})))  # each lease once: its second try goes through
    policy = RestartConfig(backoff_ns=10 * NS_PER_MS, max_backoff_ns=30 * NS_PER_MS)

    asyncio.run(drive(doubler, 16, policy))

    assert doubler.telemetry.counters.restarts == 4
    assert clock.at_ns == (10 + 20 + 30 + 30) * 1_000_000
