"""The process that makes traffic ahead of time: ``python -m sim.world.generator``, started by `ProcessFeed` only.

It reads a `TrafficSpec` as JSON from its input and writes frames to its output, as fast as they are read. It ignores
SIGINT: an interrupted run drains first, and closes its feed when it is done. When nobody reads any more, it ends.
"""

import contextlib
import signal
import sys
import traceback
from typing import BinaryIO

import msgspec

from sim.world.block import pack
from sim.world.frames import BLOCK, END, ERROR, write_frame
from sim.world.traffic import TrafficSpec


def generate(source: bytes, pipe: BinaryIO) -> None:
    """Write the traffic of the spec in ``source`` to ``pipe``; an error is written there too, with its traceback."""
    try:
        for block in msgspec.json.decode(source, type=TrafficSpec).build():
            write_frame(pipe, BLOCK, pack(block))
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the run has to know why there is no traffic
        write_frame(pipe, ERROR, traceback.format_exc().encode())
    else:
        write_frame(pipe, END)


def main() -> None:
    """Serve the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError):
        generate(sys.stdin.buffer.read(), sys.stdout.buffer)


if __name__ == "__main__":
    main()
