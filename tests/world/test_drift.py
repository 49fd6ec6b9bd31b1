"""The law that makes a drill readable: without a cause, features are distributed in a run as in training."""

import functools

import numpy as np
import pytest

from actors.core.arrays import F32
from actors.core.clock import US_PER_DAY
from actors.core.transaction import Columns, parse
from actors.features.assembly import FeatureAssembly
from actors.features.catalogue import SYNTHETIC_FEATURES, Tier, feature
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import measure_reference
from actors.telemetry.drift import Reference, bins_of, psi
from sim.world.history import generate_history
from sim.world_copies.names import Copy
from sim.world_copies.windows import copied_windows
from tests.support.sim.worlds import BURST, TOWN_SPEC, burst_blocks, due_ns, traffic_spec

NAMES = tuple(name for name in SYNTHETIC_FEATURES if feature(name).tier is not Tier.BATCH)
NEGLIGIBLE = 0.1  # the usual border below which a shift is no shift


@functools.cache
def warm() -> tuple[InMemoryStreamState, Reference]:
    """Return the windows at the end of history, and how features were distributed in its last two weeks."""
    stream = InMemoryStreamState()
    assembly = FeatureAssembly(NAMES)
    parts = []
    for chunk in generate_history(TOWN_SPEC):
        features, _ = assembly.join(chunk.columns, stream.count(chunk.columns), None)
        if chunk.columns.event_us[0] >= TOWN_SPEC.end_us - 14 * US_PER_DAY:
            parts.append(features.copy())
    reference = np.concatenate(parts)
    return stream, measure_reference(NAMES, reference, np.zeros(len(reference)))


@functools.cache
def run_features() -> F32:
    """Return the features of a run with a burst, whose towns begin with the past moved to their activation."""
    trained, _ = warm()
    copies = [Copy(town.index, max(0, town.activated_us - TOWN_SPEC.end_us)) for town in traffic_spec(*BURST).towns()]
    stream = InMemoryStreamState(past=copied_windows(trained.rings, copies))
    assembly = FeatureAssembly(NAMES)
    parts = []
    for block in burst_blocks():
        columns = Columns.of([parse(raw) for raw in block.raws])
        parts.append(assembly.join(columns, stream.count(columns), None)[0].copy())
    return np.concatenate(parts)


@pytest.mark.parametrize("at", range(len(BURST)), ids=[phase.name for phase in BURST])
def test_features_do_not_drift_with_load(at: int) -> None:
    """In every phase, the burst included, each feature's PSI against training is below 0.1."""
    start_ns = sum(each.duration_ns for each in BURST[:at])
    due = due_ns(burst_blocks())
    current = run_features()[(due >= start_ns) & (due < start_ns + BURST[at].duration_ns)]
    assert len(current) > 9_000
    _, reference = warm()
    index = {
        name: psi(bins.counts, bins_of(current[:, column].astype(np.float64), bins.edges).counts)
        for column, (name, bins) in enumerate(reference.features.items())
    }
    assert {name: round(value, 3) for name, value in index.items() if value >= NEGLIGIBLE} == {}
