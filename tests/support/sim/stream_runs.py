"""A run on real servers as a worker sees it: it announces itself, admits, offers transactions and reads decisions."""

import asyncio
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.control import KafkaControl
from actors.adapters.kafka.messages import Ended, read_ended
from actors.adapters.kafka.plain import CommittedReader, TransactionSender
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.redis.address import parse_store
from actors.adapters.redis.connection import connect
from actors.adapters.redis.features import RedisFeatureStore
from actors.adapters.redis.run_marks import RunMarks
from actors.core.clock import wall_ns
from actors.core.transaction import read
from actors.model.artifact import MANIFEST_FILE, load_artifact
from actors.model.manifest import read_manifest
from sim.run.plan import traffic_spec
from sim.run.warm_state import warm_state
from sim.scenario.loader import parse
from sim.stream.control_link import EncodedLink
from sim.stream.control_messages import (
    Ack,
    Admit,
    Announce,
    Control,
    End,
    FromWorker,
    InjectFault,
    Join,
    Leave,
    LiftFault,
    Refused,
    ReleaseModel,
    RollbackModel,
    Status,
)
from sim.stream.membership import kernel_digest, own_version
from sim.stream.places import KEYS
from tests.support.actors.transactions import DAY_US
from tests.support.repository import ROOT
from tests.support.sim.workers import DRILL, PROMPT_S, transactions

Heard = TypeVar("Heard", bound=FromWorker)
PATIENCE_S = 60.0


class StreamRun:
    """One run.

    Attributes:
        heard: what workers have said, in order.
        ended: what became of each transaction, by its number, as a reader of committed messages sees it.
        twice: how many ended more than once.
        again: those ends, with the one before.
        taken: slots that are held: whoever asks for one of them is refused.
        releases: folders of models that whoever joins has to release.
        workers: processes that were started.
    """

    def __init__(self, url: str, store: str, model: Path) -> None:
        self.url, self.store, self.model = url, store, model
        stream = parse_stream(url)
        topics = StreamTopics(stream)
        topics.ensure()
        self.run = secrets.token_hex(3)
        self.heard: list[Control] = []
        self.ended: dict[int, Ended] = {}
        self.twice = 0
        self.again: list[tuple[Ended, Ended]] = []
        self.taken: set[str] = set()
        self.releases: tuple[str, ...] = ()
        self.offered = 0
        self.workers: list[subprocess.Popen[str]] = []
        self.announce = Announce(
            run=self.run,
            scenario=DRILL,
            model=read_manifest(model / MANIFEST_FILE).sha256,
            model_folder=str(model),
            kernels=kernel_digest(),
            version=own_version(),
            starts=topics.claim(self.run),
            store=store,
        )
        self._stream = stream
        self._ends = topics.ends(stream.topics.decisions, stream.topics.dead_letters)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Announce the run, answer and read, for as long as the context lasts."""
        self._link = EncodedLink(await KafkaControl.open(self._stream))
        self._sender = TransactionSender(self._stream, self.run)
        reader = CommittedReader(self._stream, self._ends)
        jobs = (self._announcing(), self._listening(), self._reading(reader))
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            yield
        finally:
            self._link.send(End(run=self.run, why="the test is over"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._link.close()
            self._sender.close()

    async def _announcing(self) -> None:
        marks = RunMarks(parse_store(self.store))
        try:
            while True:
                await marks.mark(f"{KEYS}:{self._stream.prefix}:{self.run}:")
                self._link.send(self.announce)
                await asyncio.sleep(0.5)
        finally:
            await marks.close()

    async def _listening(self) -> None:
        while True:
            message = await self._link.receive()
            if message.run != self.run or not isinstance(message, FromWorker):
                continue
            self.heard.append(message)
            if isinstance(message, Join):
                self._answer(message)

    def _answer(self, asked: Join) -> None:
        if asked.slot in self.taken:
            why = f"slot {asked.slot} is held by another process"
            self._link.send(Refused(run=self.run, process=asked.process, why=why))
        else:
            self._link.send(Admit(run=self.run, process=asked.process, releases=self.releases))

    async def _reading(self, reader: CommittedReader) -> None:
        while True:
            for record in await reader.read():
                ended = read_ended(record, self.run.encode())
                if ended is not None:
                    if (before := self.ended.get(ended.number)) is not None:
                        self.twice += 1
                        self.again.append((before, ended))
                    self.ended[ended.number] = ended

    async def offer(self, count: int, *, decided: bool = True) -> None:
        """Send so many transactions at once and wait for what becomes of them."""
        await self.send(transactions(self.offered + count)[self.offered :])
        if decided:
            await self.until(lambda: len(self.ended) == self.offered)

    async def send(self, raws: Sequence[bytes]) -> None:
        """Send transactions, under numbers that follow those before."""
        count = len(raws)
        numbers = np.arange(self.offered, self.offered + count)
        keys = [card.encode() for card in read(raws).cards]
        await self._sender.send(keys, raws, numbers, np.full(count, wall_ns()))
        self.offered += count

    async def publish(self) -> None:
        """Put the model's batch features, as of the end of its history, into the store."""
        redis = connect(self.store, PATIENCE_S)
        try:
            spec = traffic_spec(parse(DRILL, "the drill"))
            table = warm_state(load_artifact(self.model), spec.begins_us, DAY_US // 2, spec.towns()).store.table
            assert table is not None
            await RedisFeatureStore(redis, f"{KEYS}:{self._stream.prefix}:{self.run}:").publish(table)
        finally:
            await redis.aclose()

    async def command(self, command: InjectFault | LiftFault | ReleaseModel | RollbackModel) -> list[Ack]:
        """Send ``command`` and return the answers of all workers that report."""
        workers = {status.process for status in self.of(Status)} - {leave.process for leave in self.of(Leave)}
        self._link.send(command)

        def answers() -> list[Ack]:
            return [ack for ack in self.of(Ack) if ack.number == command.number]

        await self.until(lambda: {ack.process for ack in answers()} >= workers)
        return answers()

    def of(self, kind: type[Heard]) -> list[Heard]:
        """Return what workers have said of ``kind``."""
        return [each for each in self.heard if isinstance(each, kind)]

    async def until(self, holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until ``holds`` does."""
        async with asyncio.timeout(patience_s):
            while not holds():  # noqa: ASYNC110 - of whatever is in another process
                await asyncio.sleep(PROMPT_S)

    def modes(self, first: int = 0) -> Counter[str]:
        """Return how many of the decisions from ``first`` on are of each mode."""
        return Counter(
            msgspec.json.decode(ended.value)["mode"] for number, ended in self.ended.items() if number >= first
        )

    def worker(self, *words: str) -> "subprocess.Popen[str]":
        """Start a worker."""
        command = [sys.executable, "-m", "sim", "worker", "--stream", self.url, "--store", self.store, *words]
        process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.workers.append(process)
        return process
