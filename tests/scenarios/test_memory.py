"""What a long run on virtual time keeps in memory: bounded by the world, and not by how long the run is."""

import gc
import tracemalloc
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from actors.core.batches import DecidedBatch
from actors.features.column_log import Allocate
from actors.model.artifact import Artifact
from actors.model.warm_state import WarmState
from sim.outcomes import mapped_arrays
from sim.outcomes import outcome_book as outcomes
from sim.outcomes.outcome_book import OutcomeBook
from sim.run import composition
from sim.run.composition import Attachments
from sim.run.warm_state import warm_state
from sim.world.active_towns import PooledTown
from sim.world_copies import history
from sim.world_copies.windows import CopiedRecords
from tests.support.shipped import drill

BLOCK = 4_096  # transactions that the traffic is made in; a refresh comes as often
EARLY, LATE = BLOCK + 1_000, 2 * BLOCK + 1_000  # decisions: as far into a block, and behind a refresh
THINNED = (
    "world={cards: 8000, merchants: 800, speed: 158.2, label_delay: 1h}",
    "phases=[{name: day, rate: 30, duration: 7m}]",
    "pipeline.assembler.remembered_ids=1000",
    "faults=[]",
    "steps=[]",
    "expect=[]",
)


class Meter:
    """A sink that reads how much memory is taken after ``EARLY`` and after ``LATE`` decisions.

    Without the rows of the batch table: a card or merchant has one of its own once it was seen, and no more than that.
    """

    def __init__(self, book: OutcomeBook, warm: WarmState) -> None:
        self._book = book
        self._warm = warm
        self._count = 0
        self.early_bytes = self.late_bytes = 0

    async def deliver(self, decided: DecidedBatch) -> None:
        """Pass the decisions on."""
        await self._book.deliver(decided)
        self._count += len(decided)
        if self._count >= EARLY and not self.early_bytes:
            self.early_bytes = taken_bytes() - self._table_bytes()
        if self._count >= LATE and not self.late_bytes:
            self.late_bytes = taken_bytes() - self._table_bytes()

    def _table_bytes(self) -> int:
        table = self._warm.store.table
        assert table is not None
        return sum(side.rows.nbytes + side.computed_us.nbytes for side in (table.cards, table.merchants))


def taken_bytes() -> int:
    """Return what Python and numpy hold; arrays on the shelf are not among it."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def acquainted(
    met: list[WarmState],
    artifact: Artifact,
    start_us: int,
    label_delay_us: int,
    towns: Sequence[PooledTown],
    allocate: Allocate,
) -> WarmState:
    """Return the state of a run that has met everyone it knows: names are bounded too, but not at once."""
    warm = warm_state(artifact, start_us, label_delay_us, towns, allocate)
    for ring in warm.stream.rings.by_kind().values():
        assert isinstance(ring.past, CopiedRecords)
        ring.locate(list(ring.past.names))
    for names in (warm.history.cards, warm.history.merchants):
        names.find(list(names.known or ()))
    met.append(warm)
    return warm


def growth_bytes(model: Path, folder: Path, met: list[WarmState]) -> float:
    """Return by how much a thinned day grows with each transaction."""
    meters: list[Meter] = []

    def metered(book: OutcomeBook) -> Meter:
        meters.append(Meter(book, met[-1]))
        return meters[-1]

    tracemalloc.start()
    try:
        drill("day", model, folder, *THINNED, attachments=Attachments(sink=metered))
    finally:
        tracemalloc.stop()
    return (meters[0].late_bytes - meters[0].early_bytes) / (LATE - EARLY)


@pytest.mark.slow
@pytest.mark.parametrize("in_files", [True, False])
def test_memory_does_not_grow_with_the_run(
    in_files: bool, world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under 40 bytes a transaction stay; the hundred and more that a run keeps lie on the shelf, or else in memory."""
    monkeypatch.setattr(mapped_arrays, "LARGE_BYTES", 512 if in_files else 1 << 40)
    monkeypatch.setattr(outcomes, "_FIRST_CAPACITY", 256)
    met: list[WarmState] = []
    monkeypatch.setattr(composition, "warm_state", partial(acquainted, met))
    monkeypatch.setattr(history, "_KEPT", 0)  # bounded too, but not full before the first reading
    grown = growth_bytes(world_model, tmp_path / "run", met)
    assert grown < 40 if in_files else grown > 100
