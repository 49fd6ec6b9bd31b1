"""Batch features in Redis: a look-up by the size of the batch, and what a refresh does to look-ups.

``python -m benchmarks.store_speed``. Starts a Redis of its own. A process looks up cards and merchants at 5,000
transactions a second, in open loop: latency counts from the instant each batch was due. It does so with nothing else
going on and while a table of 100,000 cards is published again and again; the ratio of the two is of one run.

Fails where p99.9 of look-ups reaches 20 ms during a refresh.
"""

import argparse
import asyncio
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from actors.adapters.redis.connection import connect
from actors.adapters.redis.features import RedisFeatureStore
from actors.contracts.feature_store import AT_US, table
from actors.core.arrays import I64
from benchmarks.promises import at_most, judged
from benchmarks.servers import redis_server

PREFIX = "rd:benchmark:store_speed:"
KEPT_S = 600
CARDS, MERCHANTS = 100_000, 2_000
SIZES = (1, 16, 256)
CALLS = 300
RATE, BATCH = 5_000, 16
SPAN_S = 6.0
MOST_MS = 20.0
PATIENT_S = 10.0  # a late answer is to be seen as one
NO_EVENTS: I64 = np.zeros(1, dtype=np.int64)
NAMES = [f"card-{number:06d}" for number in range(CARDS)]
SHOPS = [f"shop-{number:04d}" for number in range(MERCHANTS)]


def asked(chance: np.random.Generator, size: int) -> tuple[list[str], list[str]]:
    """Return cards and merchants of ``size`` transactions."""
    cards, shops = chance.integers(0, CARDS, size).tolist(), chance.integers(0, MERCHANTS, size).tolist()
    return [NAMES[card] for card in cards], [SHOPS[shop] for shop in shops]


async def look_up_in_open_loop(url: str) -> NDArray[np.float64]:
    """Return the latency of each batch, ms, since it was due."""
    chance, latencies = np.random.default_rng(1), []
    async with connect(url, PATIENT_S) as client:
        store = RedisFeatureStore(client, PREFIX, KEPT_S)
        await store.find_current()
        started = time.perf_counter()
        for number in range(round(SPAN_S * RATE / BATCH)):
            due = started + number * BATCH / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await store.lookup(*asked(chance, BATCH), NO_EVENTS)
            latencies.append((time.perf_counter() - due) * 1e3)
    return np.array(latencies)


def looker(url: str) -> NDArray[np.float64]:
    """Run `look_up_in_open_loop` in a process of its own."""
    return asyncio.run(look_up_in_open_loop(url))


async def measure(url: str) -> int:
    """Print the tables; return 0 if the promise is kept."""
    async with connect(url, PATIENT_S) as client:
        store = RedisFeatureStore(client, PREFIX, KEPT_S)
        published = table(AT_US, NAMES, SHOPS)
        before = (await client.info("memory"))["used_memory"]
        await store.publish(published)
        grown = (await client.info("memory"))["used_memory"] - before
        print(f"{'bytes a card, with its key':<34}{grown / CARDS:>9.0f}")
        chance = np.random.default_rng(2)
        for size in SIZES:
            spans = []
            for _ in range(CALLS):
                names, started = asked(chance, size), time.perf_counter()
                await store.lookup(*names, NO_EVENTS)
                spans.append((time.perf_counter() - started) * 1e6)
            print(f"{f'look-up of {size}, µs a row':<34}{statistics.median(spans) / size:>9.1f}")
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1) as other:
            alone = await loop.run_in_executor(other, looker, url)
            refreshes: list[float] = []
            looking = loop.run_in_executor(other, looker, url)
            while not looking.done():
                started = time.perf_counter()
                await store.publish(published)
                refreshes.append(time.perf_counter() - started)
            beside = await looking
    print(f"{f'refresh of {CARDS:,} cards, s':<34}{statistics.median(refreshes):>9.2f}   ({len(refreshes)} times)")
    print(f"{f'look-ups at {RATE:,}/s, ms':<34}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}")
    rows = [np.percentile(each, (50, 99, 99.9, 100)) for each in (alone, beside)]
    for name, row in zip(("alone", "during refreshes", "ratio"), (*rows, rows[1] / rows[0]), strict=True):
        print(f"{name:<34}" + "".join(f"{each:>9.2f}" for each in row.tolist()))
    return judged([at_most(f"p99.9 of look-ups while {CARDS:,} cards are refreshed", rows[1][2], MOST_MS, "ms")])


def main() -> int:
    """Measure; return 0 if the promise is kept."""
    argparse.ArgumentParser(prog="python -m benchmarks.store_speed", description=__doc__).parse_args()
    with redis_server() as server:
        return asyncio.run(measure(f"redis://{server.address}"))


if __name__ == "__main__":
    sys.exit(main())
