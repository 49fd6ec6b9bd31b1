"""What the suites of all ports share: how a law is run, a failure that is expected, made-up transactions."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import msgspec
import numpy as np

from actors.core.batches import DecidedBatch, FeatureBatch, Track
from actors.core.errors import DependencyError
from actors.core.transaction import EARLIEST_US

T = TypeVar("T")

PATIENCE_S = 60.0  # a law that takes longer has failed; a server in a container may need some of it
LATE_S = 5.0  # an adapter whose server is gone has said so by then, or its caller's timeout never helps
FEATURES = 3  # columns of made-up feature rows


class PortContract:
    """Runs each law in an event loop of its own."""

    def run(self, law: Coroutine[Any, Any, T]) -> T:
        """Run ``law`` to its end; an adapter that needs a loop of its own kind says so here."""
        return asyncio.run(asyncio.wait_for(law, PATIENCE_S))


async def failure(call: Awaitable[object], kind: type[DependencyError]) -> DependencyError:
    """Return the error of ``call``, which must be of ``kind`` and come soon, whatever the server's client raises."""
    try:
        async with asyncio.timeout(LATE_S):
            answer = await call
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was to be raised, and the answer is {answer!r}")


def transaction(number: int, **changes: object) -> bytes:
    """Return a valid transaction as JSON, its id ``t`` and ``number``, with ``changes``."""
    fields = {
        "id": f"t{number}",
        "event_time": EARLIEST_US + number * 60_000_000,
        "card": f"card-{number % 5}",
        "merchant": f"shop-{number % 3}",
        "amount": 10.0 + number,
    }
    return msgspec.json.encode({**fields, **changes})


def decided(first: int, count: int) -> DecidedBatch:
    """Return made-up decisions on transactions ``first`` to ``first + count - 1``: of each third a review, a block."""
    numbers = np.arange(first, first + count)
    track = np.zeros((count, len(Track)), dtype=np.int64)
    track[:, Track.NUMBER] = numbers
    batch = FeatureBatch(
        [f"t{number}" for number in numbers.tolist()],
        [f"card-{number % 5}" for number in numbers.tolist()],
        EARLIEST_US + numbers * 60_000_000,
        np.arange(count, dtype=np.float64),
        np.zeros((count, FEATURES), dtype=np.float32),
        np.zeros(count, dtype=np.uint8),
        track,
    )
    decision, nothing = (numbers % 3).astype(np.uint8), np.zeros(count, dtype=np.uint8)
    return DecidedBatch(batch, numbers % 3 / 2, decision, nothing, nothing, nothing, np.zeros(count, dtype=np.uint16))
