"""What features cost a transaction, by the size of the batch: ``python -m benchmarks.feature_speed``.

*Features* are three calls: rows of the batch tier looked up by name, streaming windows (names looked up, one kernel),
and the join of all tiers into the matrix (words of the payload, one kernel). All that these calls cost counts, in
processor time. Parsing before and history after, which are no part of it, stand beside them. One stream goes through
all steps, as in the assembler, so names and columns are as warm as there; with names that are in no cache, see the last
table. Ratios to parsing hold on any machine; microseconds only on one like ours.

Covers also: a refresh; forty copies of a town: seeding, memory, and batches of their cards.

Fails where features cost a batch of one more than 15 µs, or a row more than 1 µs in batches from 64 on.
"""

import dataclasses
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np
import psutil

from actors.core.arrays import I64
from actors.core.clock import NS_PER_US, US_PER_DAY
from actors.core.transaction import Columns, Transaction, read
from actors.features.assembly import FeatureAssembly
from actors.features.batch_table import BatchTableBuilder
from actors.features.catalogue import SYNTHETIC_FEATURES
from actors.features.history import History
from actors.features.store import InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState
from benchmarks.promises import Promise, at_most, judged
from sim.world_copies.history import CopiedSums
from sim.world_copies.names import Copy, copies
from sim.world_copies.windows import copied_windows

CARDS, MERCHANTS, ROWS = 20_000, 2_000, 20_480
START_US = 1_770_000_000_000_000
DELAY_US = US_PER_DAY // 2
REPETITIONS = 5
COPIES = 40
SIZES = (1, 16, 64, 256, 1_024)
MOST_CALLS = 2_048  # in each repetition
ALONE_US, MANY, MANY_US = 15.0, 64, 1.0  # most that features may cost: a batch of one; a row, in batches of how many
COLD_SIZES = (1, 16, 64, 256, 1_024)
COLD_BYTES = 8_000_000  # read between two batches, so that nothing of one is in the next one's caches


def transactions(count: int, seed: int, *, days: float, cards: int = CARDS, merchants: int = MERCHANTS) -> list[bytes]:
    """Return transactions as JSON, in time order over ``days`` from the start, a third of them online."""
    chance = np.random.default_rng(seed)
    times = START_US + np.sort(chance.integers(0, int(days * US_PER_DAY), count))
    card, merchant = chance.integers(0, cards, count), chance.integers(0, merchants, count)
    amount, online = np.round(chance.lognormal(3, 1, count), 2), chance.random(count) < 1 / 3
    lat, lon = chance.uniform(-60, 60, count).round(4), chance.uniform(-180, 180, count).round(4)
    return [
        msgspec.json.encode(
            Transaction(
                id=f"t{number}",
                event_time=int(times[number]),
                card=f"c0-{card[number]}",
                merchant=f"m0-{merchant[number]}",
                amount=float(amount[number]),
                category="fuel",
                channel="online" if online[number] else "pos",
                device=f"d0-{card[number]}" if online[number] else None,
                ip_country="FR" if online[number] else None,
                card_country="FR",
                lat=None if online[number] else float(lat[number]),
                lon=None if online[number] else float(lon[number]),
            )
        )
        for number in range(count)
    ]


def columns_of(raws: list[bytes], size: int) -> Iterator[Columns]:
    """Yield batches of parsed transactions."""
    for start in range(0, len(raws), size):
        yield read(raws[start : start + size])


class Warm:
    """Windows, history and store that have seen 30 days, and the transactions that come next."""

    def __init__(self) -> None:
        self.stream, self.history = InMemoryStreamState(), History()
        for columns in columns_of(transactions(200_000, 1, days=30), 2_048):
            self.stream.count(columns)
            self.history.append(columns)
        self.store = InMemoryFeatureStore(BatchTableBuilder(self.history, DELAY_US).build(START_US + 30 * US_PER_DAY))
        self.assembly = FeatureAssembly(SYNTHETIC_FEATURES)
        self.raws = transactions(ROWS, 2, days=1)
        self._next = 0

    def numbers(self, count: int) -> I64:
        """Return the numbers of the ``count`` transactions that come next."""
        self._next += count
        return np.arange(self._next - count, self._next)


class Costs(NamedTuple):
    """What each step costs a row, µs."""

    parsing: float
    look_up: float
    windows: float
    join: float
    history: float

    @property
    def features(self) -> float:
        """All that makes features of what was parsed."""
        return self.look_up + self.windows + self.join


def one_pass(warm: Warm, size: int) -> Costs:
    """Return what the steps cost in batches of ``size``, over the same transactions each time.

    The last span of each batch is empty: reading the clock, a call of the system, is taken off the others.
    """
    spans_ns, count = np.zeros(len(Costs._fields) + 1, dtype=np.int64), min(len(warm.raws), MOST_CALLS * size)
    for start in range(0, count, size):
        raws, numbers = warm.raws[start : start + size], warm.numbers(size)
        at_ns = [time.thread_time_ns()]
        columns = read(raws)
        at_ns.append(time.thread_time_ns())
        rows = warm.store.rows(columns.cards, columns.merchants)
        at_ns.append(time.thread_time_ns())
        stream = warm.stream.advance(numbers, columns).value
        at_ns.append(time.thread_time_ns())
        warm.assembly.join(columns, stream, rows)
        at_ns.append(time.thread_time_ns())
        warm.history.append(columns)
        at_ns += (time.thread_time_ns(), time.thread_time_ns())
        spans_ns += np.diff(at_ns)
    return Costs(*((spans_ns[:-1] - spans_ns[-1]) / count / NS_PER_US).tolist())


def show_steps() -> list[Promise]:
    """Print what each step costs by batch size, sizes in turn; return the promises."""
    warm = Warm()
    passes = [{size: one_pass(warm, size) for size in SIZES} for _ in range(REPETITIONS + 1)]
    columns = {size: zip(*(each[size] for each in passes[1:]), strict=True) for size in SIZES}
    costs = {size: Costs(*map(statistics.median, of_step)) for size, of_step in columns.items()}
    print(f"{'µs a row in batches of':<28}" + "".join(f"{size:>9,}" for size in SIZES))
    for name in ("parsing", "look_up", "windows", "join", "features", "history"):
        print(f"{name.replace('_', '-'):<28}" + "".join(f"{getattr(each, name):>9.2f}" for each in costs.values()))
    print(f"{'features / parsing':<28}" + "".join(f"{each.features / each.parsing:>9.2f}" for each in costs.values()))
    most_us = {size: ALONE_US if size == 1 else MANY_US for size in SIZES if size == 1 or size >= MANY}
    return [
        at_most(f"features of a row, batches of {size:,}", costs[size].features, most, "µs")
        for size, most in most_us.items()
    ]


def timed_ms(work: Callable[[], object]) -> float:
    """Return the middle of five runs, in milliseconds."""
    spans = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        spans.append((time.perf_counter() - started) * 1e3)
    return sorted(spans)[2]


def show_refreshes() -> None:
    """Print what one table costs to build, for training histories and for a run of forty copies."""
    for name, per_day, cards, merchants in (("synthetic", 5_360, 4_000, 400), ("handbook", 9_600, 5_000, 10_000)):
        history, days = History(), 31
        for columns in columns_of(transactions(per_day * days, 3, days=days, cards=cards, merchants=merchants), 65_536):
            history.append(columns)
        build = partial(BatchTableBuilder(history, DELAY_US).build, START_US + days * US_PER_DAY)
        print(f"{f'refresh, {name} history':<28} {timed_ms(build):>9.1f} ms")


def show_copies() -> None:
    """Print what forty copies cost in time and memory."""
    trained, base, process = InMemoryStreamState(), History(), psutil.Process()
    for columns in columns_of(transactions(160_000, 4, days=30, cards=4_000, merchants=400), 2_048):
        trained.count(columns)
        base.append(columns)
    before = process.memory_info().rss
    started = time.perf_counter()
    stream = InMemoryStreamState(past=copied_windows(trained.rings, copies(COPIES)))
    past = CopiedSums(base, copies(COPIES), DELAY_US)
    builder = BatchTableBuilder(History(cards=past.cards, merchants=past.merchants), DELAY_US, past)
    store = InMemoryFeatureStore(builder.build(START_US + 30 * US_PER_DAY))
    seeded_s = time.perf_counter() - started
    after = process.memory_info().rss
    print(f"{f'seeding {COPIES} copies':<28} {seeded_s * 1e3:>9.0f} ms, {(after - before) / 1e6:.0f} MB resident")
    again_ms = timed_ms(lambda: setattr(store, "table", builder.build(START_US + 30 * US_PER_DAY)))
    print(f"{f'refresh, {COPIES} copies':<28} {again_ms:>9.1f} ms")
    for size in COLD_SIZES:
        print(f"{f'in {COPIES} copies x {size}':<28} {cold_us(stream, builder, store, size):>9.2f} µs a row")


def cold_us(stream: InMemoryStreamState, builder: BatchTableBuilder, store: InMemoryFeatureStore, size: int) -> float:
    """Return what look-up, features and history of a transaction cost, in µs, when its names are in no cache.

    Each card and merchant is one of any copy, as in a burst: most are seen for the first time.
    """
    assembly, chance = FeatureAssembly(SYNTHETIC_FEATURES), np.random.default_rng(size)
    parts = list(columns_of(transactions(max(4_096, 16 * size), size, days=1, cards=4_000, merchants=400), size))
    everywhere = [Copy(number) for number in chance.integers(0, COPIES, 256).tolist()]
    spans: list[int] = []
    for part in parts:
        columns = scattered(part, everywhere)
        np.ones(COLD_BYTES // 8).sum()
        started_ns = time.thread_time_ns()
        rows = store.rows(columns.cards, columns.merchants)
        assembly.join(columns, stream.count(columns), rows)
        builder.history.append(columns)
        spans.append(time.thread_time_ns() - started_ns)
    return sum(spans) / sum(map(len, parts)) / 1e3


def scattered(columns: Columns, copy_of_row: list[Copy]) -> Columns:
    """Return ``columns`` with each row in a copy of its own."""
    rows = list(zip(itertools.cycle(copy_of_row), columns.cards, columns.merchants, columns.device, strict=False))
    return dataclasses.replace(
        columns,
        cards=[copy.rename([card])[0] for copy, card, _, _ in rows],
        merchants=[copy.rename([merchant])[0] for copy, _, merchant, _ in rows],
        device=[None if device is None else copy.rename([device])[0] for copy, _, _, device in rows],
    )


def main() -> int:
    """Run everything; return 0 if the promises are kept."""
    promises = show_steps()
    show_refreshes()
    show_copies()
    return judged(promises)


if __name__ == "__main__":
    sys.exit(main())
