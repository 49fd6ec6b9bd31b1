"""The two ends of a pipeline on a stream: rows are handed out in epochs, and committed once each has ended."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from actors.adapters.kafka.client import EpochAbortedError, StillWaitingError, WorkerFencedError
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epochs import Epoch, EpochBook, Fetched, Row
from actors.adapters.kafka.messages import letter_document
from actors.adapters.kafka.thread import HANGS_S, ClientHangsError, ClientThread
from actors.adapters.positions import Recount
from actors.core.arrays import I64
from actors.core.awaiting import Completed
from actors.core.batches import DECIDED, NUMBER, DeadLetter, DecidedBatch
from actors.core.clock import NS_PER_S, Clock, wall_ns
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, readable
from actors.output.decision_record import DecisionLines
from actors.source import Arrivals

EPOCH_S: Final = 30.0  # an epoch takes milliseconds; a row that has not ended by then was lost in this process
LOOKS: Final = 10  # for such rows, in that time
MOST_TIMES: Final = 3  # in a row that rows are lost, or commits hang
RECOUNTED: Final = 2_000  # rows at a time
RETRY_S: Final = 0.25
REST_S: Final = 3.0  # within what a worker takes for its last commit

log = logging.getLogger(__name__)


class StreamEnds:
    """Source, sink and dead letters of one worker, and what moves them; made on the event loop.

    Args:
        client: used in a thread of its own from now on.
        starts: offset of each partition at which the run begins.
        lines: makes the values of decisions.
        clock: of the pipeline.
        epoch_s: after this long a row that has not ended is taken for lost, and its epoch is played again.
        hangs_s: a call of the client that takes longer than this is said to hang.

    Attributes:
        book: which rows are on their way; the `Positions` of the windows.
        windows: told again of what they have missed; None where they cannot miss anything.
        early: transactions that were due later than the clock of this machine says.
        uncounted: transactions that windows have not counted, known once it is closed.
    """

    def __init__(
        self,
        client: EpochClient,
        starts: dict[int, int],
        lines: DecisionLines,
        clock: Clock,
        epoch_s: float = EPOCH_S,
        hangs_s: float = HANGS_S,
    ) -> None:
        self.book = EpochBook(starts)
        self.windows: Recount | None = None
        self.early = self.uncounted = 0
        self._client = client
        self._epoch_s = epoch_s
        self._thread = ClientThread("kafka", hangs_s)
        self._lines = lines
        self._clock = clock
        self._begun_wall_ns = wall_ns()
        self._wall_less_clock_ns = wall_ns() - clock.now_ns()
        self._fetching: asyncio.Task[Epoch | None] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stalled_count = 0
        # book and client change together: rows that are fetched while an epoch fails would be handed out twice
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()
        self._finishing = False
        self._failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._partitions: tuple[int, ...] = ()
        self._lag = 0
        self._measured_s = 0.0

    async def start(self) -> None:
        """Join the group; waits as long as the brokers do not answer.

        Raises:
            WorkerFencedError: it cannot be joined.
        """
        while True:
            try:
                await self._thread.call(self._client.start)
            except StillWaitingError as waiting:
                self._client.losing = str(waiting)
                await asyncio.sleep(RETRY_S)
            else:
                return

    # ------------------------------------------------------------------ source, see `Source`

    async def take(self) -> Arrivals | None:
        """Return the next epoch's transactions, None once `finish` was called."""
        while not self._finishing and not self._failure.done():
            if self._fetching is None:
                self._fetching = asyncio.create_task(self._next_epoch(), name="epoch")
            await asyncio.wait({self._fetching})  # whoever is cancelled here has taken nothing
            fetched, self._fetching = self._fetching, None
            epoch = fetched.result()
            if epoch is not None:
                return self._arrivals(epoch)
        return None

    def due_count(self, elapsed_ns: int) -> int | None:  # noqa: ARG002 - the port's signature
        """Return None: when transactions come is known only when they are there."""
        return None

    async def _next_epoch(self) -> Epoch | None:
        """Return another epoch; None if there is nothing to take for now, or no room."""
        try:
            await self._settled()
            if not self.book.room or self._finishing:
                await self._wait()
                return None
            epoch = await self._fetched()
        except StillWaitingError:
            await asyncio.sleep(RETRY_S)
            return None
        except (WorkerFencedError, ClientHangsError) as error:
            self._fail(error)
            return None
        return epoch

    async def _fetched(self) -> Epoch | None:
        """Return an epoch of what the client has; None if it has nothing, or partitions were given away."""
        async with self._turn:
            fetched = await self._thread.call(self._client.fetch)
            if fetched.revoked:
                await self._give_away(fetched)
            for partition, offset in fetched.assigned.items():
                self.book.assigned(partition, offset)
            if self._measured_s + RETRY_S < time.monotonic():
                self._measured_s = time.monotonic()
                self._partitions, self._lag = await self._thread.call(self._client.measure)
            if fetched.revoked:
                return None
            if fetched.assigned and await self._behind(tuple(fetched.assigned)):
                await self._thread.call(self._client.rewind, _firsts(fetched.rows))
                return None
            if not fetched.rows:
                return None
            return self.book.open(_in_order(fetched.rows), self._clock.now_ns())

    async def _give_away(self, fetched: Fetched) -> None:
        """Drop what was not committed, and hand out again what lies in partitions that are still ours."""
        self.book.revoked(fetched.revoked)
        again = _firsts(fetched.rows)
        aborted = self._abort("partitions were given to another worker")
        # one that came back meanwhile goes on where its group has committed, which another worker may have moved
        again |= {partition: offset for partition, offset in aborted.items() if partition not in fetched.revoked}
        await self._thread.call(self._client.rewind, again)

    async def _settled(self) -> None:
        """Have windows count what they missed, once nothing is on its way."""
        if self.book.zombie:
            raise WorkerFencedError("the windows are ahead of this worker: another one has its partitions")
        if not self.book.gaps or self.windows is None:
            return
        while not self.book.idle:
            await self._wait()
            if self._failure.done():
                return
        for partition, offset in dict(self.book.gaps).items():
            await self._recount(partition, offset, self.windows)

    async def _behind(self, partitions: Sequence[int]) -> bool:
        """Return whether windows of ``partitions`` end below what is committed, as far as they tell."""
        if self.windows is None:
            return False
        with contextlib.suppress(StreamStateError):  # or their next rows are decided without them, and find it
            await self.windows.look(partitions)
        return not self.book.gaps.keys().isdisjoint(partitions)

    async def _count_rest(self) -> None:
        """Have windows count what was decided without them last, if they answer within a while."""
        if self.windows is None or not await self._behind(self._partitions):
            return
        with contextlib.suppress(TimeoutError, StillWaitingError):
            async with asyncio.timeout(REST_S):
                while self.book.gaps:
                    for partition, offset in dict(self.book.gaps).items():
                        await self._recount(partition, offset, self.windows)
        gaps = self.book.gaps.items()
        self.uncounted = sum(self.book.committed(partition) - offset for partition, offset in gaps)

    async def _recount(self, partition: int, start: int, windows: Recount) -> None:
        end = self.book.committed(partition)
        with contextlib.suppress(StreamStateError):
            await windows.look((partition,))  # whoever had it before may have missed more
            start = self.book.gaps.get(partition, start)
            while start < end:
                found, after = await self._thread.call(self._client.reread, partition, start, end, RECOUNTED)
                if after == start:  # it was given away while it was read
                    return
                await windows.recount(partition, *_readable(found), after)
                start = after
            self.book.gaps.pop(partition, None)
            return
        await asyncio.sleep(RETRY_S)  # they are out of reach again; rows are decided without them meanwhile

    def _arrivals(self, epoch: Epoch) -> Arrivals:
        now_ns = wall_ns()
        due_ns = np.array([row.offered.due_ns for row in epoch.rows], dtype=np.int64)
        self.early += int((due_ns > now_ns).sum())
        due_ns = np.maximum.accumulate(np.minimum(due_ns, now_ns))
        return Arrivals([row.raw for row in epoch.rows], due_ns - self._begun_wall_ns)

    # ------------------------------------------------------------------ sink, see `DecisionSink`

    async def deliver(self, decided: DecidedBatch) -> None:
        """Take note of decisions; they are committed with their epoch. Never raises and never waits."""
        track = decided.batch.track
        done_ns = (track[:, DECIDED] + self._wall_less_clock_ns).tolist()
        values = self._lines.encode(decided).splitlines()
        self.book.decided(track[:, NUMBER].tolist(), values, done_ns)
        self._ended()

    def put(self, letters: Sequence[DeadLetter]) -> Completed[None]:
        """Take note of dead letters; see `DeadLetterSink`."""
        for letter in letters:
            row = self.book.row(letter.number)
            if row is not None:
                document = letter_document(letter, row.partition, row.offset)
                self.book.letter(letter.number, document, letter.at_ns + self._wall_less_clock_ns)
        self._ended()
        return Completed(None)

    def on_duplicates(self, numbers: I64) -> None:
        """Take note of rows that repeat others."""
        self.book.duplicates(numbers.tolist(), wall_ns())
        self._ended()

    def _ended(self) -> None:
        """Commit the oldest epoch if each of its rows has ended."""
        if self._committing is None and self.book.ready() is not None and not self._failure.done():
            self._committing = asyncio.create_task(self._commit(), name="commit")
        self._moved.set()

    async def _commit(self) -> None:
        try:
            while (epoch := self.book.ready()) is not None:
                await self._commit_one(epoch)
                self._moved.set()
        except (WorkerFencedError, ClientHangsError) as error:
            self._fail(error)
        finally:
            self._committing = None
            self._moved.set()

    async def _commit_one(self, epoch: Epoch) -> None:
        hung_count = 0
        async with self._turn:
            while not epoch.dropped:
                try:
                    await self._thread.call(self._client.commit, epoch)
                except StillWaitingError:
                    await asyncio.sleep(RETRY_S)
                except ClientHangsError:
                    hung_count += 1
                    if hung_count == MOST_TIMES:
                        raise
                    self._client.give_up_commit()
                    self._thread.renew()
                except EpochAbortedError as aborted:
                    await self._thread.call(self._client.rewind, self._abort(str(aborted)))
                else:
                    self.book.commit(epoch)
                    self._stalled_count = 0
                    return

    async def _watch(self) -> None:
        """Play epochs again of which rows do not end, until that was no help."""
        patience_ns = round(self._epoch_s * NS_PER_S)
        while not self._failure.done():
            await asyncio.sleep(self._epoch_s / LOOKS)
            if not (lost := self.book.stalled(self._clock.now_ns() - patience_ns)):
                continue
            why = f"{lost:,} transactions have not ended for {self._epoch_s:g} s"
            self._stalled_count += 1
            if self._stalled_count == MOST_TIMES:
                self._fail(EpochAbortedError(f"{why}, {MOST_TIMES} times in a row: they are lost in this process"))
                continue
            try:
                async with self._turn:
                    if not self.book.stalled(self._clock.now_ns() - patience_ns):
                        continue
                    firsts = self.book.give_up()
                    log.warning("an epoch is played again: %s", why)
                    await self._thread.call(self._client.rewind, firsts)
            except ClientHangsError as error:
                self._fail(error)
            self._moved.set()

    def _abort(self, why: str) -> dict[int, int]:
        firsts = self.book.abort()
        if firsts:
            log.warning("an epoch is played again: %s", why)
        return firsts

    # ------------------------------------------------------------------ from start to end, see `Epochs` of a worker

    def begin(self, start_ns: int) -> None:
        """Take that the pipeline starts at ``start_ns`` on its clock."""
        self._wall_less_clock_ns = wall_ns() - self._clock.now_ns()
        self._begun_wall_ns = start_ns + self._wall_less_clock_ns
        self._watching = asyncio.create_task(self._watch(), name="lost rows")

    def finish(self) -> None:
        """Hand out nothing more."""
        self._finishing = True
        self._moved.set()

    async def close(self) -> None:
        """Wait until all is committed that was taken, then leave the group."""
        self.finish()
        deadline_ns = self._clock.now_ns() + round(self._epoch_s * NS_PER_S)
        while not self.book.idle and not self._failure.done() and self._clock.now_ns() < deadline_ns:
            await self._wait()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if not self._failure.done():
            try:
                await self._count_rest()
                await self._thread.call(self._client.close)
            except ClientHangsError as hanging:
                self._fail(hanging)
        self._thread.close()

    async def failed(self) -> str:
        """Wait until this worker can never go on, and return why in one line."""
        return await asyncio.shield(self._failure)

    @property
    def partitions(self) -> tuple[int, ...]:
        """The partitions that are this worker's."""
        return self._partitions

    @property
    def lag(self) -> int:
        """Transactions of them that were not handed out."""
        return self._lag

    @property
    def foreign(self) -> int:
        """Messages of other runs, passed over."""
        return self._client.foreign

    @property
    def losing(self) -> str:
        """What is wrong with the brokers at the moment."""
        return self._client.losing

    def _fail(self, error: Exception) -> None:
        if not self._failure.done():
            self._failure.set_result(str(error))
        self._moved.set()

    async def _wait(self) -> None:
        """Wait until something has moved, or for a moment."""
        self._moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self._moved.wait()


def _firsts(rows: Sequence[Row]) -> dict[int, int]:
    """Return the offset of the first of ``rows`` in each partition."""
    return {row.partition: row.offset for row in reversed(rows)}


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """Return ``rows`` by the time at which they were due, those of each partition as they lie in it."""
    due_ns = np.array([row.offered.due_ns for row in rows], dtype=np.int64)
    partitions = np.array([row.partition for row in rows], dtype=np.int64)
    for partition in set(partitions.tolist()):
        own = partitions == partition
        due_ns[own] = np.maximum.accumulate(due_ns[own])
    return [rows[at] for at in np.argsort(due_ns, kind="stable").tolist()]


def _readable(found: Sequence[tuple[int, bytes]]) -> tuple[I64, Columns | None]:
    """Return those of ``found`` that are transactions: offsets and columns, None if there is none.

    The others are dead letters, as they were when they came first.
    """
    columns, rows, _ = readable([raw for _, raw in found])
    return np.array([found[row][0] for row in rows], dtype=np.int64), columns
