"""The process that makes a file's traffic ahead of time: ``python -m sim.events.generator``, for `TrafficProcess` only.

It reads a `FileTraffic` as JSON from its input; otherwise it is as `sim.world.generator`.
"""

from collections.abc import Iterable

from sim.events.traffic import FileTraffic
from sim.world.block import Block
from sim.world.generator import serve


def _blocks(source: bytes) -> Iterable[Block]:
    return FileTraffic.decode(source)


if __name__ == "__main__":
    serve(_blocks)
