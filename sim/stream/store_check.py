"""Whether a worker was given the store of its run: two names may be one server, and one name two servers."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

from actors.adapters.redis.run_marks import RunMarks
from actors.core.errors import InputError
from sim.stream.control_messages import Announce
from sim.stream.membership import JoinRefusedError
from sim.stream.places import Places

MARKED_EVERY_S: Final = 0.5  # by the run, for as long as it goes on
LOOKED_FOR: Final = 6  # times: a store that has just come back empty gets its mark within two

Check: TypeAlias = Callable[[Announce], Coroutine[Any, Any, None]]
"""Checks that a worker can take part in a run, before it asks to.

Raises:
    JoinRefusedError: it cannot, and why.
"""


def store_check(places: Places) -> Check:
    """Return what checks that the store of ``places`` is that of a run.

    The run marks its store. One that does not answer can only be told by its address: a worker that is started again
    while its store is away goes on without it.
    """

    async def check(announce: Announce) -> None:
        keys, marks = places.keys_of(announce.run), RunMarks(places.store)
        here, there = places.store.url, announce.store
        try:
            for _ in range(LOOKED_FOR):
                if await marks.has(keys):
                    return
                await asyncio.sleep(MARKED_EVERY_S)
        except InputError as error:
            if here == there:
                return
            told = f"and whether {here} is another name of it cannot be told: {error}"
        else:
            told = f"and nothing of it is at {here}" if here != there else "which is another server on this machine"
        finally:
            await marks.close()
        raise JoinRefusedError(f"run {announce.run} keeps its state at {there}, {told}; name its store with --store")

    return check
