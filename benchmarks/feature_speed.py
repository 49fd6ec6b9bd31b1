"""What features cost a transaction, beside what parsing it costs: ``python -m benchmarks.feature_speed``.

Covers: streaming windows on arrays and one by one, the whole assembly, the feature store's look-up, a refresh, seeding
of forty copies, their memory, and batches of their cards, whose names are in no cache. Ratios to parsing hold on any
machine; microseconds only on a quiet one.
"""

import dataclasses
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import numpy as np
import psutil

from actors.clock import US_PER_DAY
from actors.features.assembly import FeatureAssembly
from actors.features.batch import BatchTableBuilder
from actors.features.catalogue import SYNTHETIC_FEATURES
from actors.features.history import History
from actors.features.store import InMemoryFeatureStore
from actors.features.windows import InMemoryStreamState
from actors.transaction import Columns, Transaction, parse
from benchmarks.measuring import Prepare, Rates, interleaved
from sim.copies.names import Copy, copies
from sim.copies.sums import CopiedSums
from sim.copies.windows import copied_windows

CARDS, MERCHANTS, ROWS = 20_000, 2_000, 20_480
START_US = 1_770_000_000_000_000
DELAY_US = US_PER_DAY // 2
REPETITIONS = 5
COPIES = 40
SIZES = (1_024, 256, 1)
COLD_SIZES = (1, 16, 64, 256, 1_024)
COLD_BYTES = 8_000_000  # read between two batches, so that nothing of one is in the next one's caches
PROMISES = {  # times what parsing a transaction costs; half above what was measured, for noise
    "windows x 1024": 3.0,
    "assembly x 1024": 4.5,
    "assembly x 1": 75.0,
}


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
        yield Columns.of([parse(raw) for raw in raws[start : start + size]])


class Warm:
    """Windows, history and store that have seen 30 days, and the transactions that come next."""

    def __init__(self) -> None:
        self.stream, self.history = InMemoryStreamState(), History()
        for number, columns in enumerate(columns_of(transactions(200_000, 1, days=30), 2_048)):
            self.stream.advance(number, columns)
            self.history.append(columns)
        self.store = InMemoryFeatureStore(BatchTableBuilder(self.history, DELAY_US).build(START_US + 30 * US_PER_DAY))
        self.assembly = FeatureAssembly(SYNTHETIC_FEATURES, self.stream)
        self.raws = transactions(ROWS, 2, days=1)
        self._sequence = 1_000_000

    def sequence(self) -> int:
        """Return a sequence not used before."""
        self._sequence += 1
        return self._sequence


def parsed(raws: list[bytes], size: int, then: Callable[[Columns], object]) -> Prepare:
    """Return a contender that parses batches of ``size`` and does ``then`` to each, while its names are still warm."""
    count = len(raws) if size > 1 else len(raws) // 10

    def work() -> int:
        for start in range(0, count, size):
            then(Columns.of([parse(raw) for raw in raws[start : start + size]]))
        return count

    return lambda: work


def contenders(warm: Warm) -> dict[str, Prepare]:
    """Return everything that is measured in turn, by batch size."""

    def windows(columns: Columns) -> None:
        warm.stream.advance(warm.sequence(), columns)

    def assembly(columns: Columns) -> None:
        rows = warm.store.rows(columns.cards, columns.merchants)
        warm.assembly.compute(warm.sequence(), columns, rows)

    steps: dict[str, Callable[[Columns], object]] = {
        "parsing": len,
        "look-up": lambda columns: warm.store.rows(columns.cards, columns.merchants),
        "history": warm.history.append,
        "windows": windows,
        "assembly": assembly,
    }
    return {f"{step} x {size}": parsed(warm.raws, size, then) for size in SIZES for step, then in steps.items()}


def show(rates: dict[str, Rates]) -> bool:
    """Print what each step adds to parsing; return whether every promise was kept."""
    us = {name: 1e6 / each.median for name, each in rates.items()}
    unit_us, kept = us[f"parsing x {SIZES[0]}"], True
    print(f"{'step x batch size':<20} {'µs a row':>9} {'× parsing':>10}   promised")
    for name, total_us in us.items():
        step, _, size = name.partition(" x ")
        cost_us = total_us - (0 if step == "parsing" else us[f"parsing x {size}"])
        promise = PROMISES.get(name)
        kept &= promise is None or cost_us / unit_us <= promise
        print(f"{name:<20} {cost_us:>9.2f} {cost_us / unit_us:>10.2f}   {'' if promise is None else f'<= {promise}'}")
    return kept


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
    for number, columns in enumerate(columns_of(transactions(160_000, 4, days=30, cards=4_000, merchants=400), 2_048)):
        trained.advance(number, columns)
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
    again_ms = timed_ms(lambda: store.publish(builder.build(START_US + 30 * US_PER_DAY)))
    print(f"{f'refresh, {COPIES} copies':<28} {again_ms:>9.1f} ms")
    for size in COLD_SIZES:
        print(f"{f'in {COPIES} copies x {size}':<28} {cold_us(stream, builder, store, size):>9.2f} µs a row")


def cold_us(stream: InMemoryStreamState, builder: BatchTableBuilder, store: InMemoryFeatureStore, size: int) -> float:
    """Return what look-up, features and history of a transaction cost, in µs, when its names are in no cache.

    Each card and merchant is one of any copy, as in a burst: most are seen for the first time.
    """
    assembly, chance = FeatureAssembly(SYNTHETIC_FEATURES, stream), np.random.default_rng(size)
    parts = list(columns_of(transactions(max(4_096, 16 * size), size, days=1, cards=4_000, merchants=400), size))
    everywhere = [Copy(number) for number in chance.integers(0, COPIES, 256).tolist()]
    spans: list[int] = []
    for number, part in enumerate(parts):
        columns = scattered(part, everywhere)
        np.ones(COLD_BYTES // 8).sum()
        started_ns = time.thread_time_ns()
        rows = store.rows(columns.cards, columns.merchants)
        assembly.compute(size * 1_000_000 + number, columns, rows)
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
    """Run everything; return 0 if every promise was kept."""
    show_copies()
    show_refreshes()
    return 0 if show(interleaved(contenders(Warm()), REPETITIONS)) else 1


if __name__ == "__main__":
    sys.exit(main())
