"""The state that a model's folder holds beside its trees: windows and history, as they were when its history ended.

A pipeline that begins with it knows cards and merchants from the first transaction on, as the model did in training.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from actors.core.clock import US_PER_S
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

WINDOWS_FILE: Final = "windows.npz"
HISTORY_FILE: Final = "history.npz"
GROWTH = 1.25  # new devices turn up all the time; beyond this the least recently seen are forgotten


@dataclass(frozen=True, slots=True)
class WarmState:
    """What the assembler and the refresher work on, warm.

    Attributes:
        stream: windows of every card, merchant and device.
        history: what is appended to while the pipeline runs.
        builder: computes batch tables from it.
        store: serves the table of the last refresh before the start.
    """

    stream: InMemoryStreamState
    history: History
    builder: BatchTableBuilder
    store: InMemoryFeatureStore


def load_warm_state(
    artifact: Artifact, start_us: int | None = None, label_delay_us: int | None = None, allocate: Allocate = np.empty
) -> WarmState:
    """Return the state with which a pipeline starts.

    Args:
        artifact: the model, with the state at the end of its history.
        start_us: event time of the start; None: the end of that history.
        label_delay_us: event time from a transaction to its label; None: as in training.
        allocate: makes the arrays of what is appended to history.

    Raises:
        ArtifactError: the state cannot be read.
    """
    manifest = artifact.manifest
    start_us = manifest.state_end_us if start_us is None else start_us
    delay_us = int(manifest.label_delay_s * US_PER_S) if label_delay_us is None else label_delay_us
    stream = load_windows(artifact, room_for(load_windows(artifact)))
    history = load_history(artifact, allocate)
    builder = BatchTableBuilder(history, delay_us)
    return WarmState(stream, history, builder, InMemoryFeatureStore(builder.build(boundary(start_us))))


def load_windows(artifact: Artifact, limits: StreamLimits | None = None) -> InMemoryStreamState:
    """Return the windows in the folder of ``artifact``, bounded by ``limits``.

    Raises:
        ArtifactError: they cannot be read.
    """
    file = artifact.state / WINDOWS_FILE
    try:
        return InMemoryStreamState.load(file, limits)
    except (OSError, KeyError, ValueError) as error:
        raise _unreadable(file, error) from error


def load_history(artifact: Artifact, allocate: Allocate = np.empty) -> History:
    """Return the history in the folder of ``artifact``, in arrays that ``allocate`` makes.

    Raises:
        ArtifactError: it cannot be read.
    """
    file = artifact.state / HISTORY_FILE
    try:
        return History.load(file, allocate)
    except (OSError, KeyError, ValueError) as error:
        raise _unreadable(file, error) from error


def room_for(windows: InMemoryStreamState, times: int = 1) -> StreamLimits:
    """Return limits for ``times`` as many entities as ``windows`` have, and for those that turn up later."""
    least, rings = StreamLimits(), windows.rings
    return StreamLimits(
        cards=max(least.cards, int(GROWTH * times * len(rings.cards))),
        merchants=max(least.merchants, int(GROWTH * times * len(rings.merchants))),
        devices=max(least.devices, int(GROWTH * times * len(rings.devices))),
    )


def _unreadable(file: Path, error: Exception) -> ArtifactError:
    return ArtifactError(f"{file}: cannot be read: {error}; {REMEDY}")
