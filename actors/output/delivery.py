"""Deliveries that failed: tried again a while, then kept in a file for later."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from actors.config import DeliveryConfig
from actors.core.batches import DecidedBatch
from actors.core.cancellation import CalledOffError
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import SinkError
from actors.output.sinks import DecisionSink, LineSink
from actors.resilience.timeout import ReusableTimeout
from actors.telemetry.ledger import Ledger

MOST_DOUBLINGS = 6


async def deliver(sink: DecisionSink, limit: ReusableTimeout, decided: DecidedBatch) -> None:
    """Hand ``decided`` to ``sink``, and wait no longer than ``limit`` allows.

    A batch that timed out may have been taken all the same. It is delivered again with the same transaction ids, by
    which whoever takes it knows it.

    Raises:
        SinkError: it was refused, or nobody answered in time.
    """
    try:
        await limit.guard(sink.deliver(decided))
    except TimeoutError as error:
        raise SinkError(f"no answer within {limit.timeout_ns / NS_PER_S:g} s") from error
    except CalledOffError as error:
        raise SinkError(str(error)) from error


@dataclass(slots=True, eq=False)
class _Owed:
    decided: DecidedBatch
    attempts: int
    due_ns: int


class DeliveryRetries:
    """A bounded queue of batches that the caller has not taken, beside the flow: newer decisions do not wait for them.

    Attributes:
        depth: transactions that wait for another attempt.

    Args:
        config: how often, and how many may wait.
        sink: where they go.
        encode: makes lines of what is given up.
        undelivered: where those lines are kept; None: they are only counted.
        clock: the run's clock.
        ledger: where each ends.
    """

    def __init__(
        self,
        config: DeliveryConfig,
        sink: DecisionSink,
        encode: Callable[[DecidedBatch], bytes],
        undelivered: LineSink | None,
        clock: Clock,
        ledger: Ledger,
    ) -> None:
        self._config = config
        self._sink = sink
        self._encode = encode
        self._undelivered = undelivered
        self._clock = clock
        self._ledger = ledger
        self._timeout = ReusableTimeout(config.timeout_ns, clock)
        self._owed: deque[_Owed] = deque()
        self._filled: asyncio.Future[None] | None = None
        self._emptied: asyncio.Future[None] | None = None
        self.depth = 0
        self.unkept_count = 0

    def put(self, decided: DecidedBatch) -> None:
        """Take a batch whose first delivery failed; if there is no room or no second attempt, give it up at once."""
        if self._config.attempts <= 1 or self.depth + len(decided) > self._config.capacity:
            self._give_up(decided)
            return
        self.depth += len(decided)
        self._owed.append(_Owed(decided, 1, self._clock.now_ns() + self._config.backoff_ns))
        _wake(self._filled)

    async def run(self) -> None:
        """Try again for ever, the oldest first."""
        while True:
            while not self._owed:
                _wake(self._emptied)
                self._filled = asyncio.get_running_loop().create_future()
                await self._filled
            await self._clock.sleep_until_ns(self._owed[0].due_ns)
            if self._owed:
                await self._try(self._owed[0])

    async def drained(self) -> None:
        """Wait until nothing is owed any more; `run` must be running."""
        while self._owed:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    def abandon(self) -> None:
        """Give up everything that is owed; for the end of a run that could not wait."""
        while self._owed:
            self._end(self._owed[0], delivered=False)

    async def _try(self, owed: _Owed) -> None:
        config = self._config
        try:
            await deliver(self._sink, self._timeout, owed.decided)
        except Exception:  # noqa: BLE001 - whatever it is, this attempt failed, and whatever is owed is tried again
            owed.attempts += 1
            if owed.attempts >= config.attempts:
                self._end(owed, delivered=False)
            else:
                doublings = min(owed.attempts - 1, MOST_DOUBLINGS)
                owed.due_ns = self._clock.now_ns() + (config.backoff_ns << doublings)
                self._owed.remove(owed)
                self._owed.append(owed)
        else:
            self._end(owed, delivered=True)

    def _end(self, owed: _Owed, *, delivered: bool) -> None:
        """Book a batch and take it off the queue, in one step."""
        self._owed.remove(owed)
        self.depth -= len(owed.decided)
        if delivered:
            self._ledger.deliver(len(owed.decided))
        else:
            self._give_up(owed.decided)

    def _give_up(self, decided: DecidedBatch) -> None:
        self._ledger.undelivered(len(decided))
        if self._undelivered is None:
            return
        try:
            self._undelivered.append(self._encode(decided))
        except Exception:  # noqa: BLE001 - the same
            self.unkept_count += len(decided)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
