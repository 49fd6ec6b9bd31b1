"""A swap takes effect whole, between two batches, or not at all."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from actors.core.errors import ArtifactError
from actors.model.artifact import load_artifact
from actors.model.lightgbm_engine import lightgbm
from actors.model.policy import RuleLimits, Thresholds
from actors.model.serving import ModelSlot
from tests.support.actors.small_model import NAMES, Fitted, write_folder


def test_a_swapped_model_serves_as_the_next_generation(folder: Path) -> None:
    """Whoever holds the old generation keeps it; whoever asks again gets the new one."""
    artifact = load_artifact(folder)
    slot = ModelSlot(artifact)
    old = slot.current
    slot.swap(artifact)
    assert (old.generation, slot.current.generation) == (0, 1)
    assert slot.digests == [artifact.manifest.digest] * 2


def test_a_model_of_other_features_never_gets_in(folder: Path, fitted: Fitted, tmp_path: Path) -> None:
    """The matrices under way are in the old order, so the old model stays."""
    slot = ModelSlot(load_artifact(folder))
    other = load_artifact(write_folder(tmp_path / "other", fewer_features(fitted), NAMES[:4]))
    with pytest.raises(ArtifactError, match="in their order"):
        slot.swap(other)
    assert slot.current.generation == 0


def test_thresholds_of_the_run_outlive_a_swap(folder: Path) -> None:
    """What the scenario sets holds for every model; else each brings its own."""
    artifact = load_artifact(folder)
    strict = Thresholds(0.1, 0.2)
    slot = ModelSlot(artifact, strict)
    slot.swap(artifact)
    assert slot.current.thresholds == strict
    assert ModelSlot(artifact).current.thresholds == artifact.manifest.thresholds


def test_rules_are_those_of_the_model_that_serves(folder: Path) -> None:
    """What a model does not score is decided by the rules tuned with it, and by the first one's no longer."""
    artifact = load_artifact(folder)
    slot = ModelSlot(artifact)
    old = slot.current
    limits = RuleLimits(high_amount=1.0)
    slot.swap(replace(artifact, manifest=msgspec.structs.replace(artifact.manifest, rules=limits)))
    assert (old.rules.limits, slot.current.rules.limits) == (RuleLimits(), limits)


def fewer_features(fitted: Fitted) -> Fitted:
    rows = fitted.rows[:, :4].copy()
    data = lightgbm.Dataset(rows, fitted.labels, feature_name=list(NAMES[:4]), params={"verbose": -1})
    return Fitted(
        lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 3), rows, fitted.labels
    )
