"""The transactions that the contenders score, and the model they score them with."""

from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np

from actors.core.arrays import F32
from actors.core.clock import NS_PER_S
from actors.core.transaction import Columns, parse
from actors.features.assembly import FeatureAssembly
from actors.model.artifact import Artifact, load_artifact
from actors.model.warm_state import WarmState
from sim.installation import model_cache
from sim.run.warm_state import warm_state
from sim.training.cache import is_model, recipe_of
from sim.training.fit import FitConfig
from sim.training.source import WorldSource
from sim.training.trainer import train
from sim.world.phases import RatedPhase
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec

ROWS = 25_000  # 22 hours of the default world's event time: the batch table at the start serves them all
BATCH = 1_024
RATE = 1_000.0
LABEL_DELAY_US = 12 * 3_600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Rows:
    """What everyone scores, in three stages of readiness.

    Attributes:
        artifact: the model.
        booster: the same model, bare.
        spec: the traffic they were taken from.
        raws: one JSON document each.
        ids: of each.
        features: float32 (n, n_features), as the pipeline assembles them.
    """

    artifact: Artifact
    booster: lgb.Booster
    spec: TrafficSpec
    raws: list[bytes]
    ids: list[str]
    features: F32

    def warm(self) -> WarmState:
        """Return fresh windows and tables as they are before the first row."""
        return warm_state(self.artifact, self.spec.begins_us, LABEL_DELAY_US, self.spec.towns())


def load_rows(model: Path | None) -> Rows:
    """Return the rows, with the model in the folder ``model`` or else the default world's, trained if need be."""
    artifact, spec = load_artifact(model or default_model()), traffic()
    raws = [raw for block in spec.build() for raw in block.raws][:ROWS]
    rows = Rows(artifact, artifact.booster, spec, raws, [], np.empty((0, 0), dtype=np.float32))
    columns = [Columns.of([parse(raw) for raw in raws[at : at + BATCH]]) for at in range(0, len(raws), BATCH)]
    ids = [name for part in columns for name in part.ids]
    return Rows(artifact, rows.booster, spec, raws, ids, _features(rows, columns))


def traffic() -> TrafficSpec:
    """Return the traffic that the rows are taken from."""
    phase = RatedPhase(name="load", duration_ns=int(1.1 * ROWS / RATE * NS_PER_S), rate=RATE)
    return TrafficSpec(world=WorldSpec(), phases=(phase,), seed=7)


def _features(rows: Rows, columns: list[Columns]) -> F32:
    warm = rows.warm()
    assembly = FeatureAssembly(rows.artifact.feature_names)
    parts = [
        assembly.join(part, warm.stream.count(part), warm.store.rows(part.cards, part.merchants))[0] for part in columns
    ]
    return np.concatenate(parts)


def default_model() -> Path:
    """Return the folder of the default world's model, trained if need be."""
    source = WorldSource(WorldSpec().town, LABEL_DELAY_US)
    folder = model_cache() / recipe_of(source.facts(), source.features, FitConfig()).key
    if not is_model(folder):
        print("training the default world's model, once", flush=True)
        train(source, folder)
    return folder
