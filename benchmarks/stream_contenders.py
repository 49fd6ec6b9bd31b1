"""Who decides what lies on a stream, each in a process of its own: a worker's pipeline, and a plain loop.

The plain loop is what a good engineer would write around confluent-kafka who needs no actors: consume, compute,
produce, commit, in one thread, with the worker's settings, parser, kernels, engine and messages. Its windows and batch
features are in its own memory and die with it.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.client import CONSUMER, PATIENCE_S, PRODUCER, TRANSACTION_MS
from actors.adapters.kafka.messages import Record, ended, read_offered, record_of
from actors.adapters.redis.address import parse_store
from actors.adapters.streams import KafkaSourceConfig
from actors.core.arrays import I64, all_u8, all_u16
from actors.core.batches import Cause, DecidedBatch, FeatureBatch, Reason, Track
from actors.core.clock import RealClock, wall_ns
from actors.core.transaction import read
from actors.features.assembly import FeatureAssembly
from actors.model.artifact import load_artifact
from actors.model.policy import decide
from actors.model.serving import ModelSlot
from actors.output.decision_record import DecisionLines
from actors.telemetry.telemetry import Telemetry
from benchmarks.rows import LABEL_DELAY_US, traffic
from sim.kernel_warm_up import make_ready
from sim.run.serving import model_slot
from sim.run.warm_state import warm_state
from sim.scenario.loader import parse
from sim.stream.control_messages import Announce
from sim.stream.membership import Identity, kernel_digest, own_version
from sim.stream.places import Places
from sim.stream.worker_connect import connector
from sim.stream.worker_ends import Joined
from sim.stream.worker_pipeline import compose_worker

SCENARIO = """
version: 1
name: benchmark
phases: [{name: load, duration: 60s, rate: 1000}]
pipeline: {feature_store: {timeout: 2s}, assembler: {windows_timeout: 2s, max_batch_size: 1024}}
"""
WAIT_S = 0.02


@dataclass(frozen=True, slots=True)
class Task:
    """What a contender is given.

    Attributes:
        name: of the process; none other of the run has it.
        starts: offset of each partition at which the run begins.
    """

    stream: str
    store: str
    run: str
    name: str
    model: Path
    starts: dict[int, int]


Contender = Callable[[Task, Connection], None]
"""Decides until it is told to end; says when it is ready."""


def worker(task: Task, told: Connection) -> None:
    """Decide as a worker does: the same pipeline, between the same adapters."""
    asyncio.run(_work(task, told))


async def _work(task: Task, told: Connection) -> None:
    clock, artifact, scenario = RealClock(), load_artifact(task.model), parse(SCENARIO, "benchmark")
    make_ready(lambda _: None)
    announce = Announce(
        run=task.run,
        scenario=SCENARIO,
        model=artifact.manifest.sha256,
        model_folder=str(task.model),
        kernels=kernel_digest(),
        version=own_version(),
        starts=task.starts,
        store=task.store,
    )
    slot = model_slot(artifact, scenario.pipeline.thresholds)
    connect = connector(Places(parse_stream(task.stream), parse_store(task.store)))
    identity = Identity.new(task.name)
    ends = await connect(Joined(announce, scenario, identity, artifact, slot.digests.__getitem__, clock))
    parts = compose_worker(scenario, artifact, ends, slot, Telemetry(artifact.reference), clock)
    gc.collect()
    gc.freeze()
    start_ns = clock.now_ns()
    ends.epochs.begin(start_ns)
    parts.pipeline.start(start_ns)
    told.send("ready")
    await asyncio.get_running_loop().run_in_executor(None, told.recv)
    ends.epochs.finish()
    await parts.pipeline.drain(send_rest=True)
    await ends.epochs.close()
    clock.close()


def plain(task: Task, told: Connection) -> None:
    """Decide in a loop."""
    make_ready(lambda _: None)
    loop = PlainStreamLoop(task)
    told.send("ready")
    while not told.poll():
        loop.turn()
    loop.close()


class PlainStreamLoop:
    """Consumes, computes, produces and commits, one batch after another."""

    def __init__(self, task: Task) -> None:
        artifact, spec = load_artifact(task.model), traffic()
        warm, slot = (
            warm_state(artifact, spec.begins_us, LABEL_DELAY_US, spec.towns()),
            ModelSlot(artifact.served_by("auto")),
        )
        self._assembly, self._stream, self._store = FeatureAssembly(artifact.feature_names), warm.stream, warm.store
        self._model, self._lines = slot.current, DecisionLines(slot.digests.__getitem__)
        self._run, self._name, self._batch = (
            task.run.encode(),
            task.name.encode(),
            KafkaSourceConfig().epoch_rows * len(task.starts),
        )
        stream = parse_stream(task.stream)
        self._topics, group = stream.topics, stream.group_of(task.run)
        transactional = {"transactional.id": f"{group}.{task.name}", "transaction.timeout.ms": TRANSACTION_MS}
        self._producer = Producer({**stream.client(), **PRODUCER, **transactional})
        self._producer.init_transactions(PATIENCE_S)
        self._consumer = Consumer({**stream.client(), **CONSUMER, "group.id": group})
        self._consumer.subscribe([self._topics.transactions])

    def turn(self) -> None:
        """Decide what is there."""
        messages = self._consumer.consume(1, WAIT_S)
        messages += self._consumer.consume(self._batch - 1, 0) if messages else []
        records = [record_of(message) for message in messages if message.error() is None]
        if not records:
            return
        self._producer.begin_transaction()
        lines = self._lines.encode(self._decided(records)).splitlines()
        done_ns = wall_ns()
        for record, line in zip(records, lines, strict=True):
            row = read_offered(record, self._run)
            if row is None:
                raise AssertionError("all that lies here is the run's")
            headers = ended(self._run, row, done_ns, self._name)
            self._producer.produce(self._topics.decisions, line, record.key, record.partition, headers=headers)
        after = {record.partition: record.offset + 1 for record in records}
        offsets = [TopicPartition(self._topics.transactions, *each) for each in after.items()]
        self._producer.send_offsets_to_transaction(offsets, self._consumer.consumer_group_metadata(), PATIENCE_S)
        self._producer.commit_transaction(PATIENCE_S)

    def _decided(self, records: list[Record]) -> DecidedBatch:
        columns = read([record.value for record in records])
        count = len(columns)
        features, mode = self._assembly.join(
            columns, self._stream.count(columns), self._store.rows(columns.cards, columns.merchants)
        )
        scores = self._model.engine.score(features)
        track: I64 = np.full((count, len(Track)), time.perf_counter_ns(), dtype=np.int64)
        batch = FeatureBatch(columns.ids, columns.cards, columns.event_us, columns.amount, features, mode, track)
        cause, reason = all_u8(Cause.NONE, count), all_u8(Reason.SCORE, count)
        generation = all_u16(self._model.generation, count)
        return DecidedBatch(batch, scores, decide(scores, self._model.thresholds), mode, cause, reason, generation)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
