"""The process that makes traffic ahead of time: ``python -m sim.world.generator``, started by `TrafficProcess` only.

It reads a `TrafficSpec` as JSON from its input and writes frames to its output, as fast as they are read. It ignores
SIGINT: an interrupted run drains first, and closes its feed when it is done. When nobody reads any more, it ends.
"""

import contextlib
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import BinaryIO

import msgspec

from sim.feeds.feed import Block, pack
from sim.feeds.frames import BLOCK, END, ERROR, write_frame
from sim.world.traffic import TrafficSpec


def generate(blocks: Callable[[bytes], Iterable[Block]], source: bytes, pipe: BinaryIO) -> None:
    """Write the traffic that ``source`` describes to ``pipe``; an error is written there too, with its traceback."""
    try:
        for block in blocks(source):
            write_frame(pipe, BLOCK, pack(block))
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the run has to know why there is no traffic
        write_frame(pipe, ERROR, traceback.format_exc().encode())
    else:
        write_frame(pipe, END)


def serve(blocks: Callable[[bytes], Iterable[Block]]) -> None:
    """Serve the process that started this one with the ``blocks`` of what it sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError):
        generate(blocks, sys.stdin.buffer.read(), sys.stdout.buffer)


def _blocks(source: bytes) -> Iterable[Block]:
    return msgspec.json.decode(source, type=TrafficSpec).build()


if __name__ == "__main__":
    serve(_blocks)
