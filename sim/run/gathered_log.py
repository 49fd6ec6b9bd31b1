"""The decision log on virtual time, where no one waits for the disk."""

from actors.decision_lines import DecisionLines
from actors.decision_log import DecisionLog
from actors.errors import SinkError
from actors.line_sink import LineSink
from actors.messages import DecidedBatch
from actors.pile import Pile
from actors.telemetry.ledger import Ledger


class GatheredLog(DecisionLog):
    """Writes many batches together: single decisions cost a fifth of what each would alone.

    They wait until there are enough of them or until the books are read, so no reading misses one. A process that is
    killed loses those that wait; their run can be had again from its seed.
    """

    def __init__(self, lines: DecisionLines, output: LineSink, ledger: Ledger) -> None:
        super().__init__(lines, output, ledger)
        self._pile = Pile(self._write_down)

    async def write(self, decided: DecidedBatch) -> bool:  # noqa: ARG002 - it is kept when it is committed
        """Put it off."""
        return True

    def commit(self, decided: DecidedBatch, *, written: bool) -> None:  # noqa: ARG002 - it is not
        """Keep ``decided``; write what waits if that is enough."""
        self._pile.add(decided, len(decided.score))

    def settle(self) -> None:
        """Write and count what waits."""
        self._pile.settle()

    def _write_down(self, batches: list[DecidedBatch]) -> None:
        written = True
        try:
            self.output.append(self.lines.encode_all(batches))
        except SinkError as error:
            self.failure.note(error)
            written = False
        self.count(sum(map(len, batches)), written=written)
