"""Waiting for the first of several, in an order that does not depend on where objects lie in memory."""

import asyncio
from collections.abc import Sequence
from typing import Any


async def first_of(awaited: "Sequence[asyncio.Future[Any]]") -> None:
    """Return as soon as one of ``awaited`` is done, whatever came of it; none is cancelled."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: "asyncio.Future[Any]") -> None:
        if not woken.done():
            woken.set_result(None)

    for each in awaited:
        each.add_done_callback(wake)
    try:
        await woken
    finally:
        for each in awaited:
            each.remove_done_callback(wake)


async def all_done(awaited: "Sequence[asyncio.Future[Any]]", within_s: float) -> bool:
    """Wait until all of ``awaited`` are done; return whether they are in time. None is cancelled."""
    try:
        async with asyncio.timeout(within_s):
            while waiting := [each for each in awaited if not each.done()]:
                await first_of(waiting)
    except TimeoutError:
        return all(each.done() for each in awaited)
    return True
