"""Another model without training one: the run's own, with fewer trees."""

import shutil
from pathlib import Path

import msgspec

from actors.errors import ArtifactError
from actors.model.artifact import GOLDEN_FILE, Artifact, save_artifact
from actors.model.engine import Engine
from actors.model.golden import Golden
from actors.model.library import lightgbm
from sim.training.cache import MODELS, is_model, publish


def check_trees(artifact: Artifact, count: int) -> None:
    """Check that ``artifact`` can be left with ``count`` trees.

    Raises:
        ArtifactError: it has no more than that.
    """
    trees = artifact.engine.booster.num_trees()
    if count >= trees:
        most = f"{trees} of model {artifact.manifest.digest}"
        raise ArtifactError(f"steps: trees must be fewer than the {most}, got {count}; give fewer")


def with_trees(artifact: Artifact, count: int) -> Path:
    """Return the folder of ``artifact`` with only its first ``count`` trees; made if it is not there yet.

    It has no metrics: those in the manifest are of the whole model.

    Raises:
        ArtifactError: the model has no more trees than that.
    """
    folder = MODELS / f"{artifact.manifest.digest}-{count}-trees"
    if is_model(folder):
        return folder
    check_trees(artifact, count)
    booster = artifact.engine.booster
    shorter = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=count))

    def build(draft: Path) -> None:
        shutil.copytree(artifact.folder, draft, dirs_exist_ok=True)
        rows = artifact.golden.features
        Golden(rows, Engine(shorter, rows.shape[1]).score(rows)).save(draft / GOLDEN_FILE)
        save_artifact(draft, shorter, msgspec.structs.replace(artifact.manifest, metrics={}))

    publish(folder, build)
    return folder
