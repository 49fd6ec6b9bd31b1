"""The model that serves now, and swapping it between two batches."""

from dataclasses import dataclass

from actors.errors import ArtifactError
from actors.model.artifact import Artifact
from actors.model.engines.engine import Engine
from actors.model.policy import Thresholds
from actors.model.rules import RuleBook


@dataclass(frozen=True, slots=True)
class ServingModel:
    """One generation of the serving model; a batch reads it once and keeps to it.

    Attributes:
        engine: scores rows.
        digest: the model's short name.
        generation: 0 for the first model of a run, one more with each swap.
        thresholds: scores from which to review and to block.
        rules: tuned with it; they decide what it does not score.
    """

    engine: Engine
    digest: str
    generation: int
    thresholds: Thresholds
    rules: RuleBook


class ModelSlot:
    """Holds the serving model. Owned by the pipeline; whoever scores reads `current` once a batch.

    Args:
        artifact: the first model.
        thresholds: of this run, for every generation; None takes each model's own.
    """

    def __init__(self, artifact: Artifact, thresholds: Thresholds | None = None) -> None:
        self._features = artifact.feature_names
        self._thresholds = thresholds
        self.digests: list[str] = []
        self.current = self._next(artifact)

    def swap(self, artifact: Artifact) -> ServingModel:
        """Let ``artifact`` serve from the next batch on; batches under way finish on the old model.

        Raises:
            ArtifactError: it takes other features, or in another order, than are being assembled; the old one stays.
        """
        if artifact.feature_names != self._features:
            raise ArtifactError(
                f"{artifact.folder}: a model swapped in must take the features being assembled, in their order;"
                " train it on the same catalogue"
            )
        self.current = self._next(artifact)
        return self.current

    def _next(self, artifact: Artifact) -> ServingModel:
        thresholds = self._thresholds or artifact.manifest.thresholds
        digest, generation = artifact.manifest.digest, len(self.digests)
        model = ServingModel(artifact.engine, digest, generation, thresholds, artifact.rule_book)
        self.digests.append(model.digest)
        return model
