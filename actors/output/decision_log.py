"""The decision log: decisions are written down in order, and the ledger tells which are."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, TypeAlias

from actors.core.awaiting import CachedLoop
from actors.core.batches import DecidedBatch
from actors.core.errors import SinkError
from actors.core.work import WRITE, WRITER, Work
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
        ledger: counts what is logged and what is not.
        work: lets the time of writing pass.

    Attributes:
        failure: the first one of ``output``.
    """

    def __init__(self, lines: DecisionLines, output: LineSink, ledger: Ledger, work: Work) -> None:
        self.lines = lines
        self.output = output
        self.ledger = ledger
        self.work = work
        self.failure = FirstFailure("decisions cannot be logged")

    @abstractmethod
    async def write(self, decided: DecidedBatch) -> None:
        """Do what takes time; called again for the same batch if the logger died with it."""

    @abstractmethod
    def commit(self, decided: DecidedBatch) -> None:
        """Keep ``decided``, which was given to `write` last; called once."""

    @property
    def waiting(self) -> int:
        """How many decisions are committed and not in the ledger yet, right after `flush`."""
        return 0

    @abstractmethod
    def flush(self) -> None:
        """Write and count what was put off, if that takes no time; called before the ledger is read."""

    async def drained(self) -> None:
        """Wait until all that was committed is in the ledger."""
        self.flush()

    def count(self, rows: int, *, written: bool) -> None:
        """Enter decisions in the ledger."""
        (self.ledger.log if written else self.ledger.log_failed)(rows)


class BufferedLog(DecisionLog):
    """Gathers lines for a moment and writes them in a thread: of small batches many go over to it together.

    To hand one line over costs more than to make it, and wakes the loop once more. A slow disk fills the buffer, then
    the logger's mailbox, and nothing else. A process that is killed loses the lines of `GATHERED_S`, or of one write.

    Args:
        lines: what is written.
        output: where to.
        ledger: counts what is logged and what is not.
        work: lets the time of writing pass.
        executor: one thread.
    """

    def __init__(
        self, lines: DecisionLines, output: LineSink, ledger: Ledger, work: Work, executor: Executor | None = None
    ) -> None:
        super().__init__(lines, output, ledger, work)
        self._executor = executor or ThreadPoolExecutor(1, "decision-log")
        self._home = CachedLoop()
        self._encoded = b""
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._writing = 0
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many decisions are in the buffer or being written."""
        return self._buffered + self._writing

    async def write(self, decided: DecidedBatch) -> None:
        """Make lines of ``decided``; wait while the buffer is full."""
        while self._buffered >= MOST_BUFFERED and self._under_way is not None:
            await asyncio.shield(self._under_way)
        self._encoded = self.lines.encode(decided)

    def commit(self, decided: DecidedBatch) -> None:
        """Put the lines into the buffer; have it written now if it is large, or else in a moment."""
        self._buffer.append(self._encoded)
        self._buffered += len(decided.score)
        if self._under_way is None:
            self._plan()

    def flush(self) -> None:
        """Nothing can be written at once; `waiting` tells what is not in the ledger."""

    async def drained(self) -> None:
        """Wait until all that was committed is in the ledger."""
        while self.waiting:
            if self._under_way is None:
                self._start()
            else:
                await asyncio.shield(self._under_way)

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
        if self._under_way is not None or not self._buffer:
            return
        content, self._buffer = b"".join(self._buffer), []
        self._writing, self._buffered = self._buffered, 0
        self._under_way = self._home.get().create_task(self._write(content), name="decision-log")

    async def _write(self, content: bytes) -> None:
        """Write ``content``, count what was written or could not be, and have the rest written in its turn.

        Cancelled, it waits for the thread all the same, which nothing can stop: only its end tells whether the lines
        are in the file. The rest is left to the next batch, or to `drained`.
        """
        written = True
        cancelled = False
        try:
            cancelled = await _ended(self._home.get().run_in_executor(self._executor, self.output.append, content))
        except asyncio.CancelledError:  # by the executor
            written = self._failed(SinkError("the write was given up"))
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs these lines and nothing else
            written = self._failed(error)
        try:
            await self.work.spend(WRITE, self._writing, WRITER)
        except asyncio.CancelledError:
            cancelled = True
        finally:
            self.count(self._writing, written=written)
            self._writing = 0
            self._under_way = None
            if self._buffer and not cancelled:
                self._plan()

    def _failed(self, error: Exception) -> bool:
        self.failure.note(error if isinstance(error, SinkError) else SinkError(str(error) or repr(error)))
        return False


async def _ended(write: asyncio.Future[None]) -> bool:
    """Wait for the end of ``write``, whoever cancels this task meanwhile; return whether someone did."""
    cancelled = False
    while not write.done():
        try:
            await asyncio.shield(write)
        except asyncio.CancelledError:
            cancelled = True
        except Exception:  # noqa: BLE001 - it is raised below
            break
    write.result()
    return cancelled


MakeLog: TypeAlias = Callable[[DecisionLines, LineSink, Ledger, Work], DecisionLog]
