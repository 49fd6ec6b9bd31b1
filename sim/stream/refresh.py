"""The refresh of batch features as a process of its own: transactions and labels from a stream, tables to a store."""

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median_low
from typing import Final

import typer

from actors.adapters.kafka.client import StillWaitingError, WorkerFencedError
from actors.adapters.kafka.messages import Record
from actors.adapters.kafka.partition_reader import Offsets
from actors.adapters.kafka.plain import CommittedReader
from actors.adapters.kafka.readings import MappedMessages
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.redis.connection import START_TIMEOUT_S, check_store, connect
from actors.adapters.redis.features import RedisFeatureStore
from actors.core.clock import US_PER_S, Clock, RealClock
from actors.core.errors import MachineError
from actors.core.transaction import readable
from actors.features.batch_table import BatchTableBuilder
from actors.features.refresh import Refreshed, Refresher, RefreshFailed, TableStore, boundary
from actors.model.artifact import Artifact
from actors.model.verification import load_verified
from actors.model.warm_state import load_history
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.scenario.pipeline import StreamSourceSettings
from sim.signals import drained_by
from sim.stream.batch_features import SentOnce, keep_served
from sim.stream.labels import WaitingLabels, read_labels
from sim.stream.places import Places
from sim.units import render_moment

Say = Callable[[str], object]
PARSED_AT_ONCE: Final = 512
REMEMBERED: Final = 1_000_000  # ids, as many as the assembler remembers by default
WITNESSES: Final = 101  # transactions whose median says how far event time has come: one wrong clock moves nothing
TOLD_EVERY: Final = 200_000  # transactions


@dataclass(frozen=True, slots=True)
class RefreshOptions:
    """What is refreshed.

    Attributes:
        run: whose workers look the tables up.
        model: folder of the model, whose state is the history before the stream.
        labels: file of labels; None: only those of the topic.
        source: of the scenario, where transactions are other people's messages; None: they are ours.
    """

    run: str
    model: Path
    labels: Path | None = None
    source: StreamSourceSettings | None = None


def run_refresh(places: Places, options: RefreshOptions) -> int:
    """Keep the tables of a run at the latest boundary until asked to end; return the exit code.

    Raises:
        InputError: the stream, the store, the model or the labels cannot be used.
        MachineError: the stream has refused to go on.
    """
    artifact = load_verified(options.model)
    labels = WaitingLabels(int(artifact.manifest.label_delay_s * US_PER_S))
    if options.labels is not None:
        read_labels(options.labels, labels)
    return run_interruptibly(loop_factory(), partial(_run, places, options, artifact, labels))


async def _run(places: Places, options: RefreshOptions, artifact: Artifact, labels: WaitingLabels) -> int:
    run = options.run
    keys, topics = places.keys_of(run), places.stream.topics
    await check_store(places.store, keys)
    server = StreamTopics(places.stream)
    named = (topics.transactions, topics.labels)
    begins = await asyncio.to_thread(server.begins, *named)
    ours = _ours(options.source, {at: offset for (name, at), offset in begins.items() if name == topics.transactions})
    loop, stop, clock, say = asyncio.get_running_loop(), asyncio.Event(), RealClock(), partial(typer.echo, err=True)
    reader, redis = CommittedReader(places.stream, begins), connect(places.store, START_TIMEOUT_S)
    store = RedisFeatureStore(redis, keys)
    refresh = StreamRefresh(artifact, labels, store, run, clock, say)
    say(f"refreshing run {run} from {places.stream.url} at {places.store.url}; Ctrl-C ends it")
    with drained_by(partial(loop.call_soon_threadsafe, stop.set)):
        try:
            await refresh.begin()
            keeping = asyncio.create_task(keep_served(store, clock, say, say), name="table")
            while not stop.is_set():
                await _step(refresh, reader, ours, topics.labels, partial(server.ends, *named), say)
            keeping.cancel()
        except WorkerFencedError as error:
            raise MachineError(f"{places.stream.url}: {error}") from error
        finally:
            await reader.close()
            await redis.aclose()
            clock.close()
    say(refresh.summary())
    return 0


def _ours(
    source: StreamSourceSettings | None, starts: dict[int, int]
) -> Callable[[Sequence[Record]], Sequence[Record]]:
    """Return what makes our own messages of those that are read, by the map of ``source``."""
    if source is None or source.columns is None:
        return lambda records: records
    from sim.replay.messages import MessageMap

    return MappedMessages(MessageMap(source.columns, source.timezone).translate, starts).as_ours


async def _step(
    refresh: "StreamRefresh",
    reader: CommittedReader,
    ours: Callable[[Sequence[Record]], Sequence[Record]],
    labels_topic: str,
    ends: Callable[[], dict[tuple[str, int], int]],
    say: Say,
) -> None:
    try:
        records = await reader.read()
    except StillWaitingError as error:
        if not refresh.waiting:
            say(f"{error}; waiting for it")
        refresh.waiting = True
        return
    refresh.waiting = refresh.waiting and not records
    refresh.take([each for each in records if each.topic == labels_topic], labels=True)
    transactions = [each for each in records if each.topic != labels_topic]
    refresh.take(await asyncio.to_thread(ours, transactions) if transactions else ())
    await refresh.go_on(partial(asyncio.to_thread, ends), idle=not records)


@dataclass(frozen=True, slots=True)
class HeardBy:
    """A run that a refresh is part of.

    Attributes:
        wrap: puts the faults of the refresh around the store.
        refreshed: told of each table that was published.
        failed: told of each that was not.
    """

    wrap: Callable[[TableStore], TableStore]
    refreshed: Callable[[Refreshed], None]
    failed: Callable[[RefreshFailed], None]


class StreamRefresh:
    """History that follows a stream, and the table of the last boundary that event time has passed.

    A boundary is passed once the median of the last transactions is behind it. Then everything is taken in that the
    stream has at that moment, from all partitions, before the table is built: one of a partition that is read late
    counts too.

    Args:
        artifact: the model, with the history before the stream.
        labels: those that wait.
        store: where tables are published.
        run: whose transactions count; those without a run, which others have produced, count too.
        clock: real time.
        say: told in a line what happened.
        heard: a run that the refresh is part of; None where it is a process of its own.

    Attributes:
        target: offsets up to which the stream is to be read before the table is built; None while none is due.
        waiting: whether the brokers were not there when they were last asked.
    """

    def __init__(
        self,
        artifact: Artifact,
        labels: WaitingLabels,
        store: RedisFeatureStore,
        run: str,
        clock: Clock,
        say: Say,
        heard: HeardBy | None = None,
    ) -> None:
        self._history = load_history(artifact)
        self._begin_us = artifact.manifest.state_end_us
        self._labels = labels
        self._store = store
        self._run = run.encode()
        self._clock = clock
        self._say = say
        builder = BatchTableBuilder(self._history, int(artifact.manifest.label_delay_s * US_PER_S))
        published = store if heard is None else heard.wrap(store)
        refreshed, failed = (self._tell, self._tell_failed) if heard is None else (heard.refreshed, heard.failed)
        self._refresher = Refresher(
            builder, published, self._history, labels, None, clock, on_refreshed=refreshed, on_failed=failed
        )
        self._keep = SentOnce(self._history.append, self._begin_us, REMEMBERED)
        self._witnesses: deque[int] = deque(maxlen=WITNESSES)
        self._positions: dict[tuple[str, int], int] = {}
        self._tried_us = boundary(self._begin_us)
        self._taken = self._passed_over = self._published = self._failed = 0
        self.target: dict[tuple[str, int], int] | None = None
        self.waiting = False

    @property
    def now_us(self) -> int:
        """How far event time has come."""
        return max(self._begin_us, median_low(self._witnesses)) if self._witnesses else self._begin_us

    @property
    def due(self) -> bool:
        """Whether a boundary was passed whose table was not tried yet."""
        return boundary(self.now_us) > self._tried_us

    async def begin(self) -> None:
        """Publish the table of the model's own history, unless a newer one is served already.

        Raises:
            FeatureStoreError: the store does not answer.
        """
        await self._store.find_current()
        await self._refresher.refresh_to(self._begin_us)

    def take(self, records: Sequence[Record], *, labels: bool = False) -> None:
        """Take in what was read of one kind."""
        for record in records:
            self._positions[record.topic, record.partition] = record.offset + 1
        ours = [each.value for each in records if each.headers.get("run", self._run) == self._run]
        self._passed_over += len(records) - len(ours)
        if labels:
            self._labels.put(ours)
            return
        for start in range(0, len(ours), PARSED_AT_ONCE):
            self._append(ours[start : start + PARSED_AT_ONCE])

    def _append(self, raws: list[bytes]) -> None:
        columns = readable(raws).columns  # the others are the workers' dead letters
        before, taken = self._taken // TOLD_EVERY, 0
        if columns is not None:
            columns = self._keep(columns)
            self._witnesses.extend(columns.event_us.tolist())
            taken = len(columns)
        self._taken += taken
        self._passed_over += len(raws) - taken
        if self._taken // TOLD_EVERY > before:
            self._say(f"{self._taken:,} transactions taken in, up to {_moment(self.now_us)}")

    async def go_on(self, ends: Callable[[], Awaitable[Offsets]], *, idle: bool) -> None:
        """Publish the table that is due once all is read that it needs.

        Args:
            ends: asks for the offsets at which the stream ends.
            idle: whether the stream had nothing more.
        """
        if self.due and self.target is None:
            self.target = await ends()
        target = self.target
        if target is not None and (idle or all(self._positions.get(at, 0) >= end for at, end in target.items() if end)):
            self.target, self._tried_us = None, boundary(self.now_us)
            await self._refresher.refresh_to(self.now_us)

    def summary(self) -> str:
        """Return what was done, for the last line."""
        refused = f", {self._labels.refused:,} labels refused" if self._labels.refused else ""
        return (
            f"ended: {self._published:,} tables published, {self._failed:,} failed; {self._taken:,} transactions taken "
            f"in, {self._passed_over:,} passed over{refused}"
        )

    def _tell(self, done: Refreshed) -> None:
        self._published += 1
        what = f"{done.label_count:,} labels, {done.transaction_count:,} transactions"
        self._say(f"features refreshed for {_moment(done.at_us)}: {what}")

    def _tell_failed(self, failed: RefreshFailed) -> None:
        self._failed += 1
        self._say(f"refresh for {_moment(failed.at_us)} failed: {failed.error}; the table before is served on")


def _moment(at_us: int) -> str:
    return render_moment(dt.datetime.fromtimestamp(at_us / US_PER_S, dt.UTC))
