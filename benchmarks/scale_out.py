"""Workers on Kafka and Redis beside a plain consume, compute, produce loop: same rows, same broker, same settings.

``python -m benchmarks.scale_out [--model DIR]``. Starts a broker and a Redis of its own. All rows lie on the stream
before anybody begins; what counts is the time from when a fifth of the decisions can be read as committed until all of
them can. Then rows come in open loop, and latency counts from the instant each was due until a reader of committed
messages has it. Broker, Redis, contenders and reader share the machine.

Fails below 0.6 × the plain loop, or if two workers compute over 1.15 × as long for a transaction as one does.
"""

import argparse
import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.messages import read_ended
from actors.adapters.kafka.plain import CommittedReader, TransactionSender
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.redis.address import parse_store
from actors.adapters.redis.connection import connect
from actors.adapters.redis.features import RedisFeatureStore
from actors.core.clock import NS_PER_MS, NS_PER_S, wall_ns
from actors.core.transaction import read
from benchmarks.promises import at_least, at_most, judged
from benchmarks.rows import Rows, default_model, load_rows
from benchmarks.servers import Server, kafka_server, redis_server
from benchmarks.stream_contenders import Contender, Task, plain, worker
from sim.stream.places import Places

LEAST_OF_PLAIN = 0.6
MOST_OF_ONE = 1.15
REPETITIONS = 3
FIRST_SHARE = 0.2  # of the rows, before which everybody still warms up
RATE, PACED_ROWS, AT_ONCE = 1_000, 6_000, 10
PATIENCE_S = 120.0
CONTENDERS: dict[str, tuple[Contender, int]] = {
    "plain loop": (plain, 1),
    "1 worker": (worker, 1),
    "2 workers": (worker, 2),
}


@dataclass(frozen=True, slots=True)
class Servers:
    """What all contenders share."""

    kafka: Server
    redis: Server


@dataclass(frozen=True, slots=True)
class Measured:
    """One repetition of one contender; processor times are µs a transaction."""

    per_s: float
    own_us: float
    redis_us: float
    broker_us: float


class Course:
    """A stream with rows on it, and the processes that decide them.

    Args:
        name: of the stream and the run; none before had it.
        servers: where everything is.
        rows: has the transactions.
        model: its folder.
    """

    def __init__(self, name: str, servers: Servers, rows: Rows, model: Path) -> None:
        self._stream = parse_stream(f"kafka://{servers.kafka.address}/{name}")
        self._store = parse_store(f"redis://{servers.redis.address}")
        self._servers, self._rows, self._model, self._run = servers, rows, model, name
        topics = StreamTopics(self._stream)
        topics.ensure()
        self._starts = topics.claim(name)
        self._reader = CommittedReader(self._stream, topics.ends(self._stream.topics.decisions))
        self._sender = TransactionSender(self._stream, name)
        self._keys: list[bytes | None] = [card.encode() for card in read(rows.raws).cards]
        self._processes: list[psutil.Process] = []

    @asynccontextmanager
    async def decided_by(self, contender: Contender, count: int) -> AsyncIterator[None]:
        """Have ``count`` processes decide for as long as the context lasts."""
        async with connect(self._store) as client:
            keys, table = Places(self._stream, self._store).keys_of(self._run), self._rows.warm().store.table
            if table is not None:
                await RedisFeatureStore(client, keys).publish(table)
        starting = multiprocessing.get_context("spawn")
        loop = asyncio.get_running_loop()
        begun = []
        for number in range(count):
            ours, theirs = starting.Pipe()
            task = Task(self._stream.url, self._store.url, self._run, f"w{number}", self._model, self._starts)
            process = starting.Process(target=contender, args=(task, theirs), daemon=True)
            process.start()
            begun.append((process, ours))
        self._processes = [psutil.Process(process.pid) for process, _ in begun]
        try:
            for _, ours in begun:
                await loop.run_in_executor(None, ours.recv)
            yield
            for process, ours in begun:
                ours.send("end")
                await loop.run_in_executor(None, process.join, PATIENCE_S)
        finally:
            for process, _ in begun:
                process.kill()
            self._sender.close()
            await self._reader.close()

    async def send(self, first: int, upto: int, due_ns: int) -> None:
        """Send rows, all due at ``due_ns``."""
        numbers = np.arange(first, upto)
        await self._sender.send(
            self._keys[first:upto], self._rows.raws[first:upto], numbers, np.full(len(numbers), due_ns)
        )

    async def committed_ns(self, count: int) -> list[tuple[int, int]]:
        """Return of ``count`` decisions when each was due and when it could be read, in the order of reading."""
        found: list[tuple[int, int]] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                records = await self._reader.read()
                read_ns = wall_ns()
                found += [(end.due_ns, read_ns) for each in records if (end := read_ended(each, self._run.encode()))]
        return found

    def processor_s(self) -> tuple[float, float, float]:
        """Return how long contenders, Redis and broker have computed."""
        times = [process.cpu_times() for process in self._processes]
        return (
            sum(each.user + each.system for each in times),
            self._servers.redis.processor_s(),
            self._servers.kafka.processor_s(),
        )


async def throughput(course: Course, contender: Contender, count: int, rows: int) -> Measured:
    """Return how fast ``count`` processes decide ``rows`` that lie there."""
    await course.send(0, rows, wall_ns())
    async with course.decided_by(contender, count):
        before = await course.committed_ns(round(FIRST_SHARE * rows))
        began_ns, began_s = before[-1][1], course.processor_s()
        after = await course.committed_ns(rows - len(before))
        spent_us = [1e6 * (end - begin) / len(after) for begin, end in zip(began_s, course.processor_s(), strict=True)]
        return Measured(len(after) * NS_PER_S / (after[-1][1] - began_ns), *spent_us)


async def latency(course: Course, contender: Contender, count: int) -> list[float]:
    """Return p50, p95 and p99 from due to committed at `RATE`, ms."""

    async def send() -> None:
        began_ns = wall_ns()
        for first in range(0, PACED_ROWS, AT_ONCE):
            due_ns = began_ns + first * NS_PER_S // RATE
            await asyncio.sleep(max(0.0, (due_ns - wall_ns()) / NS_PER_S))
            await course.send(first, first + AT_ONCE, due_ns)

    async with course.decided_by(contender, count):
        sending = asyncio.create_task(send())
        ends = await course.committed_ns(PACED_ROWS)
        await sending
    spans = np.array([read_ns - due_ns for due_ns, read_ns in ends[len(ends) // 5 :]]) / NS_PER_MS
    return [float(each) for each in np.percentile(spans, (50, 95, 99))]


async def measure(servers: Servers, rows: Rows, model: Path) -> int:
    """Print both tables; return 0 if both promises are kept."""
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    for turn in range(REPETITIONS):
        for name, (contender, count) in list(CONTENDERS.items())[:: -1 if turn % 2 else 1]:
            course = Course(f"t{turn}-{name.replace(' ', '-')}", servers, rows, model)
            runs[name].append(await throughput(course, contender, count, len(rows.raws)))
    print(f"{len(rows.raws):,} transactions, median of {REPETITIONS}; µs are processor time a transaction")
    print(f"{'':<12}{'a second':>10}{'(least .. most)':>20}{'own µs':>10}{'Redis µs':>10}{'broker µs':>11}")
    for name, each in runs.items():
        rates = [run.per_s for run in each]
        spent = (median([getattr(run, what) for run in each]) for what in ("own_us", "redis_us", "broker_us"))
        print(
            f"{name:<12}{median(rates):>10,.0f}{f'{min(rates):,.0f} .. {max(rates):,.0f}':>20}"
            + "".join(f"{us:>10.1f}" for us in spent)
        )
    print(f"from due to committed at {RATE:,}/s, ms{'p50':>10}{'p95':>10}{'p99':>10}")
    for name, (contender, count) in CONTENDERS.items():
        course = Course(f"l-{name.replace(' ', '-')}", servers, rows, model)
        print(f"{name:<34}" + "".join(f"{each:>10.1f}" for each in await latency(course, contender, count)))
    return _judged(runs)


def _judged(runs: dict[str, list[Measured]]) -> int:
    of_plain = median([run.per_s for run in runs["1 worker"]]) / median([run.per_s for run in runs["plain loop"]])
    of_one = median([run.own_us for run in runs["2 workers"]]) / median([run.own_us for run in runs["1 worker"]])
    return judged(
        [
            at_least("one worker on Kafka and Redis ÷ the plain loop", of_plain, LEAST_OF_PLAIN),
            at_most("processor time a transaction, two workers ÷ one", of_one, MOST_OF_ONE),
        ]
    )


def main() -> int:
    """Measure, print the tables, return 0 if both promises are kept."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.scale_out", description=__doc__)
    arguments.add_argument("--model", type=Path, help="a model of the default world; absent: trained once and cached")
    model = arguments.parse_args().model or default_model()
    with kafka_server() as kafka, redis_server() as redis:
        return asyncio.run(measure(Servers(kafka, redis), load_rows(model), model))


if __name__ == "__main__":
    sys.exit(main())
