"""The state that a run starts with: windows, history and batch table as they were at the end of training history."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actors.core.errors import ArtifactError
from actors.features.batch_table import BatchTableBuilder
from actors.features.column_log import Allocate
from actors.features.entity_windows import StreamLimits
from actors.features.history import History
from actors.features.refresh import boundary
from actors.features.store import InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import Artifact
from actors.model.integrity import REMEDY
from sim.copies.history import CopiedSums
from sim.copies.names import Copy
from sim.copies.windows import copied_windows
from sim.training.backfill import HISTORY_FILE, WINDOWS_FILE
from sim.world.active_towns import PooledTown

GROWTH = 1.25  # new devices turn up all the time; beyond this the least recently seen are forgotten


@dataclass(frozen=True, slots=True)
class WarmState:
    """What the assembler and the refresher work on, warm.

    Attributes:
        stream: windows of every card, merchant and device.
        history: what is appended to in the run.
        builder: computes batch tables from it.
        store: serves the table of the last refresh before the start.
    """

    stream: InMemoryStreamState
    history: History
    builder: BatchTableBuilder
    store: InMemoryFeatureStore


def warm_state(
    artifact: Artifact,
    start_us: int,
    label_delay_us: int,
    towns: Sequence[PooledTown] = (),
    allocate: Allocate = np.empty,
) -> WarmState:
    """Return the state with which a run starts at event time ``start_us``.

    Args:
        artifact: the model, with the state at the end of its history.
        start_us: event time at the start.
        label_delay_us: event time from a transaction to its label.
        towns: of a synthetic world, the training world among them; none for a file of transactions.
        allocate: makes the arrays of what is appended to history.

    Raises:
        ArtifactError: the state cannot be read, or is of another world, of which there are no copies.
    """
    end_us = artifact.manifest.state_end_us
    copies = [Copy(0), *(Copy(town.index, max(0, town.activated_us - end_us)) for town in towns if town.index)]
    windows = _load_stream(artifact.state / WINDOWS_FILE)
    earlier = None
    if len(copies) > 1:
        try:
            stream = InMemoryStreamState(_room(windows, len(copies)), copied_windows(windows.rings, copies))
            earlier = CopiedSums(_load_history(artifact.state / HISTORY_FILE, np.empty), copies, label_delay_us)
        except ValueError as error:
            raise ArtifactError(f"{artifact.state}: {error}; name a model that was trained on this world") from error
        history = History(allocate, earlier.cards, earlier.merchants)
    else:
        stream = _load_stream(artifact.state / WINDOWS_FILE, _room(windows))
        history = _load_history(artifact.state / HISTORY_FILE, allocate)
    builder = BatchTableBuilder(history, label_delay_us, earlier)
    store = InMemoryFeatureStore(builder.build(boundary(start_us)))
    return WarmState(stream, history, builder, store)


def _load_stream(file: Path, limits: StreamLimits | None = None) -> InMemoryStreamState:
    try:
        return InMemoryStreamState.load(file, limits)
    except (OSError, KeyError, ValueError) as error:
        raise ArtifactError(f"{file}: cannot be read: {error}; {REMEDY}") from error


def _room(base: InMemoryStreamState, copy_count: int = 1) -> StreamLimits:
    """Return limits for ``copy_count`` times the entities of ``base`` and those that turn up in the run."""
    least, rings = StreamLimits(), base.rings
    return StreamLimits(
        cards=max(least.cards, int(GROWTH * copy_count * len(rings.cards))),
        merchants=max(least.merchants, int(GROWTH * copy_count * len(rings.merchants))),
        devices=max(least.devices, int(GROWTH * copy_count * len(rings.devices))),
    )


def _load_history(file: Path, allocate: Allocate) -> History:
    try:
        return History.load(file, allocate)
    except (OSError, KeyError, ValueError) as error:
        raise ArtifactError(f"{file}: cannot be read: {error}; {REMEDY}") from error
