"""The decision log on virtual time, where no one waits for the disk."""

from actors.decision_lines import DecisionLines
from actors.decision_log import DecisionLog
from actors.errors import SinkError
from actors.line_sink import LineSink
from actors.messages import DecidedBatch
from actors.telemetry.ledger import Ledger

TOGETHER = 1_024  # transactions; their lines fit into the processor's second cache


class GatheredLog(DecisionLog):
    """Writes many batches together: single decisions cost a fifth of what each would alone.

    They wait until there are enough of them or until the books are read, so no reading misses one. A process that is
    killed loses those that wait; their run can be had again from its seed.
    """

    def __init__(self, lines: DecisionLines, output: LineSink, ledger: Ledger) -> None:
        super().__init__(lines, output, ledger)
        self._waiting: list[DecidedBatch] = []
        self._row_count = 0

    async def write(self, decided: DecidedBatch) -> bool:  # noqa: ARG002 - it is kept when it is committed
        """Put it off."""
        return True

    def commit(self, decided: DecidedBatch, *, written: bool) -> None:  # noqa: ARG002 - it is not
        """Keep ``decided``; write what waits if that is enough."""
        self._waiting.append(decided)
        self._row_count += len(decided)
        if self._row_count >= TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Write and count what waits."""
        waiting, self._waiting = self._waiting, []
        count, self._row_count = self._row_count, 0
        if not waiting:
            return
        try:
            self.output.append(self.lines.encode(DecidedBatch.merge(waiting)))
        except SinkError as error:
            self.note(error)
            self.count(count, written=False)
        else:
            self.count(count, written=True)
