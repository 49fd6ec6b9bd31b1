"""The two ends of a pipeline on a stream: rows are handed out in epochs, and committed once each has ended."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from actors.adapters.kafka.client import StillWaitingError, WorkerFencedError
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epoch_turns import RETRY_S, EpochTurns
from actors.adapters.kafka.epochs import Epoch, EpochBook, Fetched, Row
from actors.adapters.kafka.messages import letter_document
from actors.adapters.kafka.recounts import Recounts
from actors.adapters.kafka.thread import HANGS_S, ClientHangsError, ClientThread
from actors.adapters.positions import Recount
from actors.core.arrays import I64
from actors.core.awaiting import Completed
from actors.core.batches import DECIDED, NUMBER, DeadLetter, DecidedBatch
from actors.core.clock import Clock, wall_ns
from actors.output.decision_record import DecisionLines
from actors.source import Arrivals

EPOCH_S: Final = 30.0  # an epoch takes milliseconds; a row that has not ended by then was lost in this process


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
        early: transactions that were due later than the clock of this machine says.
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
        self.early = 0
        self._client = client
        self._thread = ClientThread("kafka", hangs_s)
        self._recounts = Recounts(self.book, client, self._thread)
        self._turns = EpochTurns(self.book, client, self._thread, clock, epoch_s)
        self._lines = lines
        self._clock = clock
        self._begun_wall_ns = wall_ns()
        self._wall_less_clock_ns = wall_ns() - clock.now_ns()
        self._fetching: asyncio.Task[Epoch | None] | None = None
        self._finishing = False
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
        while not self._finishing and not self._turns.failed:
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
                await self._turns.wait()
                return None
            epoch = await self._fetched()
        except StillWaitingError:
            await asyncio.sleep(RETRY_S)
            return None
        except (WorkerFencedError, ClientHangsError) as error:
            self._turns.fail(error)
            return None
        return epoch

    async def _fetched(self) -> Epoch | None:
        """Return an epoch of what the client has; None if it has nothing, or partitions were given away."""
        async with self._turns.turn:
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
            if fetched.assigned and await self._recounts.behind(tuple(fetched.assigned)):
                await self._thread.call(self._client.rewind, _firsts(fetched.rows))
                return None
            if not fetched.rows:
                return None
            return self.book.open(_in_order(fetched.rows), self._clock.now_ns())

    async def _give_away(self, fetched: Fetched) -> None:
        """Drop what was not committed, and hand out again what lies in partitions that are still ours."""
        self.book.revoked(fetched.revoked)
        again = _firsts(fetched.rows)
        aborted = self._turns.abort("partitions were given to another worker")
        # one that came back meanwhile goes on where its group has committed, which another worker may have moved
        again |= {partition: offset for partition, offset in aborted.items() if partition not in fetched.revoked}
        await self._thread.call(self._client.rewind, again)

    async def _settled(self) -> None:
        """Have windows count what they missed, once nothing is on its way."""
        if self.book.zombie:
            raise WorkerFencedError("the windows are ahead of this worker: another one has its partitions")
        if not self._recounts.due:
            return
        while not self.book.idle:
            await self._turns.wait()
            if self._turns.failed:
                return
        await self._recounts.count()

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
        self._turns.go_on()

    def put(self, letters: Sequence[DeadLetter]) -> Completed[None]:
        """Take note of dead letters; see `DeadLetterSink`."""
        for letter in letters:
            row = self.book.row(letter.number)
            if row is not None:
                document = _document(letter, row)
                self.book.letter(letter.number, document, letter.at_ns + self._wall_less_clock_ns)
        self._turns.go_on()
        return Completed(None)

    def on_duplicates(self, numbers: I64) -> None:
        """Take note of rows that repeat others."""
        self.book.duplicates(numbers.tolist(), wall_ns())
        self._turns.go_on()

    # ------------------------------------------------------------------ from start to end, see `Epochs` of a worker

    def begin(self, start_ns: int) -> None:
        """Take that the pipeline starts at ``start_ns`` on its clock."""
        self._wall_less_clock_ns = wall_ns() - self._clock.now_ns()
        self._begun_wall_ns = start_ns + self._wall_less_clock_ns
        self._turns.watch()

    def finish(self) -> None:
        """Hand out nothing more."""
        self._finishing = True
        self._turns.go_on()

    async def close(self) -> None:
        """Wait until all is committed that was taken, then leave the group."""
        self.finish()
        await self._turns.settle()
        if not self._turns.failed:
            try:
                await self._recounts.count_rest(self._partitions)
                await self._thread.call(self._client.close)
            except (ClientHangsError, WorkerFencedError) as error:
                self._turns.fail(error)
        self._thread.close()

    async def failed(self) -> Exception:
        """Wait until this worker can never go on, and return why: a `TransactionsGoneError` if no other one can."""
        return await self._turns.failure()

    @property
    def windows(self) -> Recount | None:
        """Told again of what they have missed; None where they cannot miss anything."""
        return self._recounts.windows

    @windows.setter
    def windows(self, windows: Recount) -> None:
        self._recounts.windows = windows

    @property
    def uncounted(self) -> int:
        """Transactions that windows have not counted, known once it is closed."""
        return self._recounts.uncounted

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


def _document(letter: DeadLetter, row: Row) -> bytes:
    """Return the value of a dead letter, with what the map said where that has refused the message."""
    if row.refused is None:
        return letter_document(letter, row.partition, row.offset)
    (reason, detail, field), begin = row.refused
    told = msgspec.structs.replace(letter, reason=reason, detail=detail, raw=begin)
    return letter_document(told, row.partition, row.offset, field)


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
