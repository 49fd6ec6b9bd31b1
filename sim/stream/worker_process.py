"""A worker as a process of its own: event loop, clock, signals, and its end of the control topic."""

import asyncio
import sys
from functools import partial
from typing import Final

import typer

from actors.adapters.kafka.control import KafkaControl
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.redis.connection import check_store
from actors.core.clock import RealClock
from actors.core.errors import MachineError
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.run.machine import PROMPT_S, give_back_large_blocks
from sim.signals import drained_by
from sim.stream.control_link import EncodedLink
from sim.stream.places import Places
from sim.stream.store_check import store_check
from sim.stream.worker import Turn, Worker, WorkerOptions
from sim.stream.worker_connect import connector

RETRY_S: Final = 0.25


def run_worker(places: Places, options: WorkerOptions, turn: Turn | None = None) -> int:
    """Be a worker until asked to end, or no more is to be done; return the exit code.

    Args:
        places: its servers.
        options: what the command line says.
        turn: when it joins, if it is a spare.

    Raises:
        InputError: the stream does not answer, or a run does not take this worker.
        KeyboardInterrupt: it was interrupted before it waited for a run.
    """
    give_back_large_blocks()
    sys.setswitchinterval(PROMPT_S)
    return run_interruptibly(loop_factory(), partial(_run, places, options, turn))


async def _opened(places: Places, *, patient: bool) -> EncodedLink:
    """Return this worker's end of the control topic.

    Args:
        places: where it is.
        patient: whether to wait as long as no broker answers.

    Raises:
        MachineError: no broker answers.
        InputError: they have no such topic, or it cannot be used.
    """
    while True:
        try:
            await asyncio.get_running_loop().run_in_executor(None, StreamTopics(places.stream).ensure_control)
            return EncodedLink(await KafkaControl.open(places.stream))
        except MachineError:
            if not patient:
                raise
            await asyncio.sleep(RETRY_S)


async def _run(places: Places, options: WorkerOptions, turn: Turn | None) -> int:
    if not options.child:  # or its run goes on without a store
        await check_store(places.store, places.keys_of("check"))
    link = await _opened(places, patient=options.child)
    clock = RealClock()
    tell = partial(typer.echo, err=True)
    worker = Worker(options, link, store_check(places), connector(places), clock, tell, turn)
    loop = asyncio.get_running_loop()
    with drained_by(partial(loop.call_soon_threadsafe, worker.interrupt)):
        try:
            return await worker.run()
        finally:
            await link.close()
            clock.close()
