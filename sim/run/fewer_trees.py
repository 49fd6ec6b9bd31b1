"""Another model without training one: the run's own, with fewer trees."""

import shutil
from pathlib import Path

import msgspec

from actors.model.artifact import GOLDEN_FILE, Artifact, save_artifact
from actors.model.engines.lightgbm_engine import LightGBMEngine
from actors.model.golden import Golden
from actors.model.library import lightgbm
from sim.scenario.problems import LateProblemError
from sim.training.cache import MODELS, is_model, publish


def check_trees(artifact: Artifact, count: int, step: str) -> None:
    """Check that ``artifact`` can be left with ``count`` trees, as the step of that name says.

    Raises:
        LateProblemError: it has no more than that.
    """
    trees = artifact.booster.num_trees()
    if count >= trees:
        rule = f"must be fewer than the {trees} of model {artifact.manifest.digest}"
        raise LateProblemError(f"steps[{step}].trees", rule, f"{count:,}", "give fewer")


def with_trees(artifact: Artifact, count: int) -> Path:
    """Return the folder of ``artifact`` with only its first ``count`` trees; made if it is not there yet.

    It has no metrics: those in the manifest are of the whole model.

    Args:
        artifact: the whole model.
        count: fewer than it has; see `check_trees`.
    """
    folder = MODELS / f"{artifact.manifest.digest}-{count}-trees"
    if is_model(folder):
        return folder
    booster = artifact.booster
    shorter = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=count))

    def build(draft: Path) -> None:
        shutil.copytree(artifact.folder, draft, dirs_exist_ok=True)
        rows = artifact.golden.features
        Golden(rows, LightGBMEngine(shorter, rows.shape[1]).score(rows)).save(draft / GOLDEN_FILE)
        save_artifact(draft, shorter, msgspec.structs.replace(artifact.manifest, metrics={}))

    publish(folder, build)
    return folder
