"""Who makes a run's traffic on virtual time: this process, or another one beside it."""

import multiprocessing
import os

from sim.run.plan import Load
from sim.world.feed import Feed, InlineFeed
from sim.world.piped_feed import PipedFeed

# Transactions. Another process saves 4 s a million of them and costs 0.1 s here, for the blocks that are made while it
# starts, and half a second there: from 30,000 on a run is shorter, and a short one may have many of its kind beside it.
LONG = 50_000


def virtual_feed(load: Load) -> Feed:
    """Return the traffic of ``load``, made by another process if that is worth while; the same traffic either way."""
    if load.expected_count >= LONG and _core_to_spare():
        return PipedFeed(load.blocks)
    return InlineFeed(load.blocks)


def _core_to_spare() -> bool:
    """Return whether there is another core, and this is not one of several processes that were given one each."""
    return (os.cpu_count() or 1) > 1 and multiprocessing.parent_process() is None
