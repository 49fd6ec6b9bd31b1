"""A tiny town, replayed and trained on once for all tests of training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from actors.core.arrays import U8
from actors.core.clock import US_PER_HOUR
from actors.core.transaction import Columns
from sim.gates import gates_of
from sim.training.backfill import record
from sim.training.dataset import Table
from sim.training.fit import FitConfig
from sim.training.progress import silent
from sim.training.source import WorldSource
from sim.training.trainer import TrainingReport, train
from sim.world.spec import TownSpec

TOWN = TownSpec(cards=400, merchants=200, fraud_ratio=0.03, history_days=24)
SOURCE = WorldSource(TOWN, 12 * US_PER_HOUR)
QUICK = FitConfig(trees=30, leaves=8)
LOOSE = gates_of({"roc_auc": 0.6})


@dataclass(frozen=True)
class Recorded:
    """The tiny town's table, and the folder with the state at its end."""

    table: Table
    state: Path


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The tiny town, replayed."""
    state = tmp_path_factory.mktemp("recorded") / "state"
    return Recorded(record(SOURCE, state, silent), state)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> TrainingReport:
    """A model of the tiny town."""
    return train(SOURCE, tmp_path_factory.mktemp("models") / "tiny", gates=LOOSE, config=QUICK)


@pytest.fixture(scope="session")
def history() -> list[tuple[Columns, U8]]:
    """The tiny town's first ten days."""
    return [chunk for _, chunk in zip(range(10), SOURCE.chunks(), strict=False)]


def table_of(fraud: list[int], **columns: list[float]) -> Table:
    """Return a table of ``columns``, all at one time."""
    features = np.array(list(columns.values()), dtype=np.float32).T
    zeros = np.zeros(len(fraud), dtype=np.int64)
    labels = np.array(fraud, dtype=np.uint8)
    return Table(tuple(columns), features, labels, zeros, zeros, zeros.astype(np.float64))
