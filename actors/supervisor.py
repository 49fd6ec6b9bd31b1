"""The supervisor: restarts actors that crash, sets aside what crashes them, and gives up in time."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from actors.actor import Actor
from actors.config import RestartConfig
from actors.core.cancellation import CalledOffError, called_off
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError
from actors.telemetry.telemetry import Telemetry

MAX_DOUBLINGS = 20  # beyond it only the longest wait matters
CRASHES_TO_ACT = 2  # the first may be chance; the second has the batch as its only common cause

log = logging.getLogger(__name__)


class Supervised(Protocol):
    """What a supervisor runs: a producer or an actor."""

    name: str

    async def run(self) -> None:
        """Work until done; run again after it has raised."""
        ...


@dataclass(frozen=True, slots=True)
class Restart:
    """An actor crashed and was started again."""

    actor: str
    at_ns: int
    error: str


class Supervisor:
    """Keeps the workers of one pipeline running until they are done.

    Args:
        config: how they are restarted. Crashes that a poison transaction explains do not count, as long as other
            transactions get through.
        clock: the run's clock.
        telemetry: where restarts are counted.
        on_restart: told of each restart.
    """

    def __init__(
        self,
        config: RestartConfig,
        clock: Clock,
        telemetry: Telemetry,
        on_restart: Callable[[Restart], None] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._telemetry = telemetry
        self._on_restart = on_restart
        self._crashes: dict[str, Crashes] = {}
        self._restart_counts: dict[str, int] = {}
        self._states: dict[str, str] = {}

    def state_of(self, name: str) -> str:
        """Return what a worker does: waiting to be started, running, restarting, done or failed."""
        return self._states.get(name, "waiting")

    def restart_count_of(self, name: str) -> int:
        """Return how often a worker was restarted."""
        return self._restart_counts.get(name, 0)

    async def run(self, workers: Sequence[Supervised]) -> None:
        """Run all workers until each is done.

        Raises:
            EscalationError: one crashed too often; the others are still running and are cancelled first.
        """
        tasks = [asyncio.create_task(self._keep(worker), name=worker.name) for worker in workers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, worker: Supervised) -> None:
        while True:
            self._states[worker.name] = "running"
            try:
                await worker.run()
            except asyncio.CancelledError:
                if not called_off():
                    raise
                await self._restart(worker, CalledOffError())
            except Exception as error:  # noqa: BLE001 - whatever it was, the answer is to restart
                await self._restart(worker, error)
            else:
                self._states[worker.name] = "done"
                return

    async def _restart(self, worker: Supervised, error: Exception) -> None:
        now_ns = self._clock.now_ns()
        crashes = self._crashes.setdefault(worker.name, Crashes())
        crashes.forget_before(now_ns - self._config.within_ns)
        crashes.add(now_ns)
        if isinstance(worker, Actor):
            crashes.forgive(worker.commit_count)
            _set_poison_aside(worker, error, crashes)
        if len(crashes) > self._config.max_restarts:
            text = (
                f"{worker.name} crashed {len(crashes)} times within {self._config.within_ns / NS_PER_S:g} s, "
                f"last with {type(error).__name__}: {error}"
            )
            self._states[worker.name] = "failed"
            raise EscalationError(text) from error
        log.warning("%s crashed and is restarted: %s: %s", worker.name, type(error).__name__, error)
        self._telemetry.counters.restarts += 1
        self._states[worker.name] = "restarting"
        self._restart_counts[worker.name] = self.restart_count_of(worker.name) + 1
        if self._on_restart is not None:
            self._on_restart(Restart(worker.name, now_ns, f"{type(error).__name__}: {error}"))
        backoff_ns = self._config.backoff_ns << min(len(crashes) - 1, MAX_DOUBLINGS)
        await self._clock.sleep_ns(min(backoff_ns, self._config.max_backoff_ns))


class Crashes:
    """The crashes of one worker that speak against it.

    A crash that a poison transaction seems to explain is forgiven once the actor has got something else done; an actor
    that gets nothing done is broken, whatever it is given.
    """

    def __init__(self) -> None:
        self._at_ns: deque[int] = deque()
        self._explained = 0
        self._commits_then = 0

    def __len__(self) -> int:
        """Return how many count."""
        return len(self._at_ns)

    def add(self, at_ns: int) -> None:
        """Count a crash."""
        self._at_ns.append(at_ns)

    def forget_before(self, at_ns: int) -> None:
        """Drop crashes older than ``at_ns``."""
        while self._at_ns and self._at_ns[0] < at_ns:
            self._at_ns.popleft()
        self._explained = min(self._explained, len(self._at_ns))

    def explain(self, commit_count: int) -> None:
        """Say that a transaction seems to blame for the last crashes; ``commit_count`` tells progress from now on."""
        self._explained = len(self._at_ns)
        self._commits_then = commit_count

    def forgive(self, commit_count: int) -> None:
        """Drop the explained crashes if the actor has committed anything since."""
        if commit_count > self._commits_then:
            for _ in range(self._explained):
                self._at_ns.popleft()
            self._explained = 0


def _set_poison_aside(actor: Actor[Any, Any, Any], error: Exception, crashes: Crashes) -> None:
    """Cut a batch that crashed its actor twice into single transactions; discard a single one that did."""
    lease = actor.inbox.lease
    if lease is None:
        return
    lease.crash_count += 1
    if lease.crash_count < CRASHES_TO_ACT:
        return
    if len(lease.message) > 1:
        actor.inbox.narrow()
    else:
        actor.discard(lease.message, error)
        actor.inbox.acknowledge()
    crashes.explain(actor.commit_count)
