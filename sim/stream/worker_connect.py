"""A worker's adapters for one run: source, sink and dead letters on Kafka, windows and batch features in Redis."""

from collections.abc import Awaitable, Callable

from actors.adapters.kafka.client import TransactionsGoneError
from actors.adapters.kafka.ends import StreamEnds
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.readings import MappedMessages, Reading
from actors.adapters.placed_ids import PlacedIds
from actors.adapters.redis.connection import connect
from actors.adapters.redis.features import RedisFeatureStore
from actors.adapters.redis.windows import RedisWindows
from actors.adapters.stores import kept_s
from actors.adapters.streams import delivery_of, epoch_rows_of, topics_of
from actors.output.decision_record import DecisionLines
from sim.exit_codes import GONE, TRY_AGAIN
from sim.run.plan import load_of
from sim.run.warm_state import warm_past
from sim.scenario.pipeline import StreamSourceSettings, mapped_source
from sim.stream.control_messages import Announce, EndsReading
from sim.stream.places import Places
from sim.stream.worker_ends import Connect, Ending, Joined, WorkerEnds


class StreamEpochs:
    """What moves a worker on Kafka, and lets the store go with it.

    Args:
        ends: source and sink.
        let_go: closes the connections to the store.
    """

    def __init__(self, ends: StreamEnds, let_go: Callable[[], Awaitable[object]]) -> None:
        self._ends = ends
        self._let_go = let_go

    def begin(self, start_ns: int) -> None:
        """Take that the pipeline starts."""
        self._ends.begin(start_ns)

    def finish(self) -> None:
        """Hand out nothing more."""
        self._ends.finish()

    async def close(self) -> None:
        """Wait for the last commit, leave the group, close the connections."""
        try:
            await self._ends.close()
        finally:
            await self._let_go()

    async def failed(self) -> Ending:
        """Wait until this worker can never go on."""
        error = await self._ends.failed()
        return Ending(str(error), fatal=True, code=GONE if isinstance(error, TransactionsGoneError) else TRY_AGAIN)

    def reading(self) -> EndsReading:
        """Return how it stands."""
        ends, book = self._ends, self._ends.book
        return EndsReading(
            partitions=ends.partitions,
            lag=ends.lag,
            epochs=book.committed_epochs,
            epochs_aborted=book.aborted_epochs,
            rows_replayed=book.replayed_rows,
            early=ends.early,
            foreign=ends.foreign,
            uncounted=ends.uncounted,
            losing=tuple(filter(None, (ends.losing,))),
        )


def connector(places: Places) -> Connect:
    """Return what makes the adapters of a worker at ``places``."""

    async def connected(joined: Joined) -> WorkerEnds:
        announce, scenario, identity = joined.announce, joined.scenario, joined.identity
        stream = places.stream.named(topics_of(scenario.pipeline.source, scenario.pipeline.sink))
        group = stream.group_of(announce.run)
        worker, slot = identity.worker, identity.slot
        settings = scenario.pipeline
        delivery, epoch_rows = delivery_of(settings.sink), epoch_rows_of(settings.source)
        reading = _reading(mapped_source(settings), announce)
        client = EpochClient(stream, group, announce.run, worker, slot, delivery, epoch_rows, reading)
        lines = DecisionLines(joined.digest_of, settings.log.features)
        ends = StreamEnds(client, announce.starts, lines, joined.clock)
        redis = connect(places.store)
        made_up = scenario.events is None and reading is None
        towns = load_of(scenario, announce.capacity_per_s).towns() if made_up else ()
        prefix, remembered_ids = places.keys_of(announce.run), settings.assembler.remembered_ids
        past, kept = warm_past(joined.artifact, towns), kept_s(settings.windows.store)
        windows = ends.windows = RedisWindows(redis, prefix, ends.book, past, remembered_ids, kept)
        store = RedisFeatureStore(redis, prefix, kept_s(settings.feature_store.store))
        await ends.start()
        own_ids = PlacedIds(remembered_ids, ends.book, len(announce.starts))
        epochs = StreamEpochs(ends, redis.aclose)
        return WorkerEnds(ends, ends, ends, windows, store, epochs, ends.on_duplicates, windows, own_ids)

    return connected


def _reading(source: StreamSourceSettings | None, announce: Announce) -> Reading | None:
    """Return what reads other people's messages; None where they are our own."""
    if source is None or source.columns is None:
        return None
    from sim.replay.messages import MessageMap

    return MappedMessages(MessageMap(source.columns, source.timezone).translate, announce.starts)
