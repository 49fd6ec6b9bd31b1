"""What serves a model in a pipeline of the laboratory: its slot, where it is changed, what scores with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from actors.config import ThresholdsConfig
from actors.core.arrays import F32, F64
from actors.core.work import Work
from actors.model.artifact import Artifact
from actors.model.policy import Thresholds
from actors.model.scoring import LocalScoring, Scoring, by_engine
from actors.model.serving import ModelSlot, ServingModel
from actors.model.verification import Verification
from actors.telemetry.telemetry import Telemetry
from sim.injection.schedule import FaultSchedule
from sim.journal import Journal
from sim.steps.model_changes import ModelChanges


def model_slot(artifact: Artifact, thresholds: ThresholdsConfig | None) -> ModelSlot:
    """Return the slot with ``artifact`` in it; ``thresholds`` are a scenario's own, None: the model's."""
    return ModelSlot(artifact, None if thresholds is None else Thresholds.of(thresholds))


@dataclass(frozen=True, slots=True)
class Serving:
    """A model that serves.

    Attributes:
        changes: where another one takes its place.
        scoring: scores with it, its faults around it.
    """

    changes: ModelChanges
    scoring: Scoring


def serve(
    slot: ModelSlot,
    first: Artifact,
    verification: Verification,
    faults: FaultSchedule,
    telemetry: Telemetry,
    journal: Journal,
    work: Work,
    predict: Callable[[ServingModel, F32], F64] = by_engine,
) -> Serving:
    """Return what serves the model in ``slot``, which is ``first``, with ``faults`` around scores and candidates."""
    changes = ModelChanges(slot, first, faults.wrap_verification(verification), telemetry, journal)
    scoring = LocalScoring(slot, ThreadPoolExecutor(1, "scoring"), work, predict)
    return Serving(changes, faults.wrap_scoring(scoring))
