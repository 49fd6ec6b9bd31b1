"""What moves the epochs of a worker: each is committed once all of it has ended, or played again."""

import asyncio
import contextlib
import logging
from typing import Final

from actors.adapters.kafka.client import EpochAbortedError, StillWaitingError, WorkerFencedError
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epochs import Epoch, EpochBook
from actors.adapters.kafka.thread import ClientHangsError, ClientThread
from actors.core.clock import NS_PER_S, Clock

LOOKS: Final = 10  # for rows that do not end, in the time that an epoch is given
MOST_TIMES: Final = 3  # in a row that rows are lost, or commits hang
RETRY_S: Final = 0.25

log = logging.getLogger(__name__)


class EpochTurns:
    """Commits the epochs of a worker one after the other, and plays them again where that failed; on the event loop.

    Args:
        book: which rows are on their way.
        client: commits, and hands out again.
        thread: in which the client is used.
        clock: of the pipeline.
        epoch_s: after this long a row that has not ended is taken for lost, and its epoch is played again.

    Attributes:
        turn: held while book and client change together: rows that are fetched while an epoch fails would be handed
            out twice.
    """

    def __init__(
        self, book: EpochBook, client: EpochClient, thread: ClientThread, clock: Clock, epoch_s: float
    ) -> None:
        self.turn = asyncio.Lock()
        self._book = book
        self._client = client
        self._thread = thread
        self._clock = clock
        self._epoch_s = epoch_s
        self._committing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stalled_count = 0
        self._moved = asyncio.Event()
        self._failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    # ------------------------------------------------------------------ commit

    def go_on(self) -> None:
        """Commit the oldest epoch if each of its rows has ended, and let whoever waits look again."""
        if self._committing is None and self._book.ready() is not None and not self.failed:
            self._committing = asyncio.create_task(self._commit(), name="commit")
        self._moved.set()

    async def _commit(self) -> None:
        try:
            while (epoch := self._book.ready()) is not None:
                await self._commit_one(epoch)
                self._moved.set()
        except (WorkerFencedError, ClientHangsError) as error:
            self.fail(error)
        finally:
            self._committing = None
            self._moved.set()

    async def _commit_one(self, epoch: Epoch) -> None:
        hung_count = 0
        async with self.turn:
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
                    await self._thread.call(self._client.rewind, self.abort(str(aborted)))
                else:
                    self._book.commit(epoch)
                    self._stalled_count = 0
                    return

    # ------------------------------------------------------------------ again

    def watch(self) -> None:
        """Look from now on for rows that do not end."""
        self._watching = asyncio.create_task(self._watch(), name="lost rows")

    async def _watch(self) -> None:
        """Play epochs again of which rows do not end, until that was no help."""
        patience_ns = round(self._epoch_s * NS_PER_S)
        while not self.failed:
            await asyncio.sleep(self._epoch_s / LOOKS)
            if not (lost := self._book.stalled(self._clock.now_ns() - patience_ns)):
                continue
            why = f"{lost:,} transactions have not ended for {self._epoch_s:g} s"
            self._stalled_count += 1
            if self._stalled_count == MOST_TIMES:
                self.fail(EpochAbortedError(f"{why}, {MOST_TIMES} times in a row: they are lost in this process"))
                continue
            try:
                async with self.turn:
                    if not self._book.stalled(self._clock.now_ns() - patience_ns):
                        continue
                    firsts = self._book.give_up()
                    log.warning("an epoch is played again: %s", why)
                    await self._thread.call(self._client.rewind, firsts)
            except ClientHangsError as error:
                self.fail(error)
            self._moved.set()

    def abort(self, why: str) -> dict[int, int]:
        """Drop every epoch that was not committed; return by partition from where it is to be handed out again."""
        firsts = self._book.abort()
        if firsts:
            log.warning("an epoch is played again: %s", why)
        return firsts

    # ------------------------------------------------------------------ the end

    async def settle(self) -> None:
        """Wait until all that was taken is committed, for as long as an epoch is given, then look for no more rows."""
        deadline_ns = self._clock.now_ns() + round(self._epoch_s * NS_PER_S)
        while not self._book.idle and not self.failed and self._clock.now_ns() < deadline_ns:
            await self.wait()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    @property
    def failed(self) -> bool:
        """Whether this worker can never go on."""
        return self._failure.done()

    async def failure(self) -> Exception:
        """Wait until this worker can never go on, and return why, its text in one line."""
        return await asyncio.shield(self._failure)

    def fail(self, error: Exception) -> None:
        """Take that this worker can never go on."""
        if not self.failed:
            self._failure.set_result(error)
        self._moved.set()

    async def wait(self) -> None:
        """Wait until something has moved, or for a moment."""
        self._moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self._moved.wait()
