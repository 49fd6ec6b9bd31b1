"""The decision log: decisions are written down in order, and the books tell which are."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, TypeAlias

from actors.core.awaiting import CachedLoop
from actors.core.batches import DecidedBatch
from actors.core.errors import SinkError
from actors.output.decision_record import DecisionLines
from actors.output.sinks import FirstFailure, LineSink
from actors.telemetry.ledger import Ledger

GATHERED_S: Final = 0.005  # a hand-over to a thread takes a tenth of a millisecond of loop and thread together
SOON: Final = 512  # decisions that are worth a hand-over of their own
MOST_BUFFERED: Final = 4_096


class DecisionLog(ABC):
    """Writes batches down in two steps, as actors work, and counts what could be written and what could not.

    Args:
        lines: what is written.
        output: where to.
        ledger: the books.

    Attributes:
        failure: the first one of ``output``.
    """

    def __init__(self, lines: DecisionLines, output: LineSink, ledger: Ledger) -> None:
        self.lines = lines
        self.output = output
        self.ledger = ledger
        self.failure = FirstFailure("decisions cannot be logged")

    @abstractmethod
    async def write(self, decided: DecidedBatch) -> bool:
        """Do what takes time; called again for the same batch if the logger died with it.

        Returns:
            Whether nothing has failed.
        """

    @abstractmethod
    def commit(self, decided: DecidedBatch, *, written: bool) -> None:
        """Count ``decided``, which is not written again; called once, with what `write` has returned."""

    @property
    def waiting(self) -> int:
        """How many decisions are committed and not in the books yet, once it has settled."""
        return 0

    @abstractmethod
    def settle(self) -> None:
        """Write and count what was put off, if that takes no time; called before anyone reads the books."""

    async def drained(self) -> None:
        """Wait until all that was committed is in the books."""
        self.settle()

    def count(self, rows: int, *, written: bool) -> None:
        """Enter decisions in the books."""
        (self.ledger.log if written else self.ledger.log_failed)(rows)


class ThreadedLog(DecisionLog):
    """Writes each batch at once, in a thread, so that a slow disk fills the logger's mailbox and nothing else.

    Args:
        lines: what is written.
        output: where to.
        ledger: the books.
        executor: one thread.
    """

    def __init__(
        self, lines: DecisionLines, output: LineSink, ledger: Ledger, executor: Executor | None = None
    ) -> None:
        super().__init__(lines, output, ledger)
        self._executor = executor or ThreadPoolExecutor(1, "decision-log")
        self._committed_size = output.size
        self._home = CachedLoop()

    async def write(self, decided: DecidedBatch) -> bool:
        """Write ``decided``; what is left of an attempt that crashed is cut off first."""
        lines = self.lines.encode(decided)
        try:
            await self._home.get().run_in_executor(self._executor, self._append, lines)
        except SinkError as error:
            self.failure.note(error)
            return False
        return True

    def commit(self, decided: DecidedBatch, *, written: bool) -> None:
        """Count ``decided``."""
        self._committed_size = self.output.size
        self.count(len(decided), written=written)

    def settle(self) -> None:
        """Nothing is put off."""

    def _append(self, lines: bytes) -> None:
        if self.output.size != self._committed_size:  # a crash after writing: this batch comes again
            self.output.cut(self._committed_size)
        self.output.append(lines)


class BufferedLog(DecisionLog):
    """Gathers lines for a moment and writes them in a thread: of small batches many go over to it together.

    To hand one line over costs more than to make it, and wakes the loop once more. A slow disk fills the buffer, then
    the logger's mailbox, and nothing else. A process that is killed loses the lines of `GATHERED_S`, or of one write.

    Args:
        lines: what is written.
        output: where to.
        ledger: the books.
        executor: one thread.
    """

    def __init__(
        self, lines: DecisionLines, output: LineSink, ledger: Ledger, executor: Executor | None = None
    ) -> None:
        super().__init__(lines, output, ledger)
        self._executor = executor or ThreadPoolExecutor(1, "decision-log")
        self._home = CachedLoop()
        self._encoded = b""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._writing = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[None] | None = None  # of the write that is under way

    @property
    def waiting(self) -> int:
        """How many decisions are in the buffer or being written."""
        return self._buffered + self._writing

    async def write(self, decided: DecidedBatch) -> bool:
        """Make lines of ``decided``; wait while the buffer is full."""
        while self._buffered >= MOST_BUFFERED and self._ended is not None:
            await asyncio.shield(self._ended)
        self._encoded = self.lines.encode(decided)
        return True

    def commit(self, decided: DecidedBatch, *, written: bool) -> None:  # noqa: ARG002 - it is not
        """Put the lines into the buffer; have it written now if it is large, or else in a moment."""
        self._buffer.append(self._encoded)
        self._buffered += len(decided.score)
        if self._ended is None:
            self._plan()

    def settle(self) -> None:
        """Nothing can be written at once; `waiting` tells what is not in the books."""

    async def drained(self) -> None:
        """Wait until all that was committed is in the books."""
        while self.waiting:
            if self._ended is None:
                self._start()
            else:
                await asyncio.shield(self._ended)

    def _plan(self) -> None:
        if self._buffered >= SOON:
            self._start()
        elif self._timer is None:
            self._timer = self._home.get().call_later(GATHERED_S, self._start)

    def _start(self) -> None:
        """Have the buffer written."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ended is not None or not self._buffer:
            return
        content, self._buffer = b"".join(self._buffer), []
        self._writing, self._buffered = self._buffered, 0
        self._ended = self._home.future()
        try:
            write = self._home.get().run_in_executor(self._executor, self.output.append, content)
        except RuntimeError as error:  # no thread can be started
            self._book(SinkError(str(error)))
        else:
            write.add_done_callback(self._hear)

    def _hear(self, write: asyncio.Future[None]) -> None:
        self._book(SinkError("the write was given up") if write.cancelled() else write.exception())

    def _book(self, error: BaseException | None) -> None:
        """Count what was written, or could not be, and have the rest written in its turn."""
        if error is not None:
            self.failure.note(error if isinstance(error, SinkError) else SinkError(repr(error)))
        self.count(self._writing, written=error is None)
        self._writing = 0
        ended, self._ended = self._ended, None
        if ended is not None and not ended.done():
            ended.set_result(None)
        if self._buffer:
            self._plan()


MakeLog: TypeAlias = Callable[[DecisionLines, LineSink, Ledger], DecisionLog]
