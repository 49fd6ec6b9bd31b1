"""The decision log: decisions are written down in order, and the books tell which are."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeAlias

from actors.decision_lines import DecisionLines
from actors.errors import SinkError
from actors.first_failure import FirstFailure
from actors.home_loop import HomeLoop
from actors.line_sink import LineSink
from actors.messages import DecidedBatch
from actors.telemetry.ledger import Ledger


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

    @abstractmethod
    def settle(self) -> None:
        """Write and count what was put off; called before anyone reads the books."""

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
        self._home = HomeLoop()

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


MakeLog: TypeAlias = Callable[[DecisionLines, LineSink, Ledger], DecisionLog]
