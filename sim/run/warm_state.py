"""The state that a run starts with: the model's own, in as many copies as the run has copies of the world."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.errors import ArtifactError
from actors.features.batch_table import BatchTableBuilder
from actors.features.column_log import Allocate
from actors.features.entity_windows import NOBODY, Past, RingBuffer
from actors.features.history import History
from actors.features.refresh import boundary
from actors.features.store import InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import Artifact
from actors.model.warm_state import WarmState, load_history, load_warm_state, load_windows, room_for
from sim.world.active_towns import PooledTown
from sim.world_copies.history import CopiedSums
from sim.world_copies.names import Copy
from sim.world_copies.windows import copied_windows


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
    copies = _copies(artifact, towns)
    if len(copies) == 1:
        return load_warm_state(artifact, start_us, label_delay_us, allocate)
    windows = load_windows(artifact)
    with _of_this_world(artifact):
        stream = InMemoryStreamState(room_for(windows, len(copies)), copied_windows(windows.rings, copies))
        earlier = CopiedSums(load_history(artifact), copies, label_delay_us)
    history = History(allocate, earlier.cards, earlier.merchants)
    builder = BatchTableBuilder(history, label_delay_us, earlier)
    return WarmState(stream, history, builder, InMemoryFeatureStore(builder.build(boundary(start_us))))


def warm_past(artifact: Artifact, towns: Sequence[PooledTown] = ()) -> Mapping[str, Past]:
    """Return what windows know at the start of a run, by kind of entity, for windows that begin empty.

    Args:
        artifact: as of `warm_state`.
        towns: as of `warm_state`.

    Raises:
        ArtifactError: as of `warm_state`.
    """
    copies, windows = _copies(artifact, towns), load_windows(artifact)
    if len(copies) == 1:
        return {kind: KeptRecords(ring) for kind, ring in windows.rings.by_kind().items()}
    with _of_this_world(artifact):
        return copied_windows(windows.rings, copies)


class KeptRecords:
    """A `Past` of the entities that a ring buffer remembers, and of no others."""

    def __init__(self, ring: RingBuffer) -> None:
        self._ring = ring

    @property
    def identity_count(self) -> int:
        """Return the identity of the next new entity."""
        return self._ring.next_identity

    def recall(self, names: Sequence[str], words: I64, rows: I64) -> Bool:
        """Write the records of those of ``names`` that are remembered, and return which are."""
        found = np.array([self._ring.rows.get(name, NOBODY) for name in names], dtype=np.int64)
        known: Bool = found != NOBODY
        words[rows[known]] = self._ring.words[found[known]]
        return known


def _copies(artifact: Artifact, towns: Sequence[PooledTown]) -> list[Copy]:
    end_us = artifact.manifest.state_end_us
    return [Copy(0), *(Copy(town.index, max(0, town.activated_us - end_us)) for town in towns if town.index)]


@contextmanager
def _of_this_world(artifact: Artifact) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ArtifactError(f"{artifact.state}: {error}; name a model that was trained on this world") from error
