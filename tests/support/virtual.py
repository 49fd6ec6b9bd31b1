"""Running a coroutine on virtual time, for tests whose instants must be exact."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from sim.clocks.virtual_loop import VirtualLoop

T = TypeVar("T")


def run_virtual(main: Coroutine[object, object, T]) -> T:
    """Return the result of ``main``, run from virtual instant 0."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
