"""Contract of the decision log, held by every way of writing it."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.decision_lines import DecisionLines
from actors.decision_log import MakeLog, ThreadedLog
from actors.errors import SinkError
from actors.line_sink import InMemoryLines
from actors.messages import Decision
from actors.pile import TOGETHER
from actors.telemetry.ledger import Ledger
from sim.run.gathered_log import GatheredLog
from tests.run.batches import decided
from tests.virtual import run_virtual

LINES = DecisionLines(lambda _: "0123456789ab", "sample")
LOGS = pytest.mark.parametrize("make", [ThreadedLog, GatheredLog])
STEPS = st.lists(
    st.tuples(st.integers(1, 700), st.sampled_from(["once", "crashed", "full"]), st.booleans()), min_size=1, max_size=8
)


class Disk(InMemoryLines):
    """Memory that can be full."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def append(self, lines: bytes) -> None:
        if self.full:
            raise SinkError("No space left on device")
        super().append(lines)


@dataclass(frozen=True)
class Told:
    """What a log was told to write while there was room, and how much when there was none."""

    lines: bytes
    refused: int


def tell(make: MakeLog, steps: list[tuple[int, str, bool]], disk: Disk, ledger: Ledger) -> Told:
    """Take batches of so many rows through ``make``'s log; some crash after writing, some find the disk full."""
    log = make(LINES, disk, ledger)

    async def main() -> Told:
        expected, refused, number = b"", 0, 0
        for rows, what, read in steps:
            numbers = list(range(number, number + rows))
            batch = decided(numbers, [Decision.APPROVE] * rows, [1.5] * rows, np.linspace(0, 1, rows).tolist())
            number += rows
            if what == "full":
                log.settle()
            disk.full = what == "full"
            if what == "crashed":
                await log.write(batch)
            log.commit(batch, written=await log.write(batch))
            if read or what == "full":
                log.settle()
            refused += rows if disk.full else 0
            expected += b"" if disk.full else LINES.encode(batch)
            disk.full = False
        log.settle()
        return Told(expected, refused)

    return run_virtual(main())


@LOGS
@given(steps=STEPS)
def test_each_decision_is_written_once_and_counted_once(make: MakeLog, steps: list[tuple[int, str, bool]]) -> None:
    """Whatever crashes after writing, whenever the books are read; the books tell how many found no room."""
    disk, ledger = Disk(), Ledger()
    told = tell(make, steps, disk, ledger)
    assert bytes(disk.content) == told.lines
    assert ledger.logged == disk.content.count(b"\n")
    assert ledger.log_failed_count == told.refused


@LOGS
def test_the_first_failure_is_kept(make: MakeLog) -> None:
    """For the summary, which names the reason once."""
    disk = Disk()
    log = make(LINES, disk, Ledger())
    disk.full = True

    async def main() -> None:
        batch = decided([0], [Decision.APPROVE], [1.0], [0.5])
        log.commit(batch, written=await log.write(batch))
        log.settle()

    run_virtual(main())
    assert log.failure.text == "No space left on device"


def test_what_is_gathered_is_bounded() -> None:
    """It is written when it is enough, read or not."""
    disk, ledger = Disk(), Ledger()
    log = GatheredLog(LINES, disk, ledger)
    for number in range(TOGETHER):
        assert ledger.logged == 0
        log.commit(decided([number], [Decision.APPROVE], [1.0], [0.5]), written=True)
    assert ledger.logged == TOGETHER
