"""Work that a fault does in a thread, so that the pipeline goes on meanwhile."""

import asyncio
from collections.abc import Callable


async def to_the_end(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread and return when it has ended, also when cancelled: what it writes can then be removed."""
    under_way = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.gather(under_way, return_exceptions=True)
        raise
