"""Damaged models and nonsensical ones: what is made, and what verification makes of it."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.arrays import F64
from actors.core.errors import ArtifactError
from actors.model.artifact import load_artifact
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.verification import verify_in_child
from sim.faults.model import Damage, Nonsense
from sim.injection.model_damage import (
    DAMAGES,
    damaged,
    damaged_copy,
    most_used_columns,
    nonsense_copy,
    with_columns,
    with_first_leaf,
    with_leaves,
)
from tests.support.actors.small_model import NAMES, Fitted, write_folder

TOLD: dict[Damage, str] = {"truncated": r"in a child process, which crashed \(SIG", "nul": "has a NUL in it"}


@pytest.fixture(scope="module")
def sound(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole and sound model folder."""
    return write_folder(tmp_path_factory.mktemp("models") / "model", fitted)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def scores(text: str, fitted: Fitted) -> F64:
    return LightGBMEngine(lightgbm.Booster(model_str=text), len(NAMES)).score(fitted.rows)


def test_edits_of_a_models_text_do_what_they_say(fitted: Fitted) -> None:
    """Negated leaves give one minus the score, zeros a half; other columns what the old model says of those."""
    text = fitted.booster.model_to_string()
    before = scores(text, fitted)
    np.testing.assert_allclose(scores(with_leaves(text, lambda value: -value), fitted), 1 - before, atol=1e-12)
    assert set(scores(with_leaves(text, lambda _: 0.0), fitted).tolist()) == {0.5}
    columns = [3, 0, 6, 1, 5, 2, 4]
    moved = Fitted(fitted.booster, np.ascontiguousarray(fitted.rows[:, columns]), fitted.labels)
    assert (scores(with_columns(text, columns), fitted) == scores(text, moved)).all()
    changed = scores(with_first_leaf(text, lambda value: value + 1), fitted) != before
    assert 0 < np.count_nonzero(changed) < len(before)
    assert set(most_used_columns(text)) <= set(range(len(NAMES)))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_candidate_is_refused_and_its_original_is_left_alone(
    damage: Damage, signed: bool, sound: Path, tmp_path: Path
) -> None:
    """Unsigned its digest tells; signed, what cannot be loaded ends the child, what loads fails its golden rows."""
    before, copy = bytes_of(sound), tmp_path / "copy"
    damaged_copy(sound, copy, damage, 0.2, signed=signed)
    assert bytes_of(sound) == before
    if damage == "flipped" and signed:
        return  # a bit may be one that matters to nobody: see below
    with pytest.raises(ArtifactError, match=TOLD.get(damage, "golden rows") if signed else "SHA-256"):
        verify_in_child(copy)


@pytest.mark.parametrize("damage", ["truncated", "nul"])
def test_without_proof_what_would_end_the_process_is_still_refused(damage: Damage, sound: Path, tmp_path: Path) -> None:
    """Not even when nothing is asked of a candidate may it take this process with it."""
    damaged_copy(sound, tmp_path / "copy", damage, 0.0, signed=True)
    with pytest.raises(ArtifactError, match=TOLD[damage]):
        verify_in_child(tmp_path / "copy", proof=False)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("damage", ["leaf", "permuted"])
def test_without_proof_what_loads_is_believed(damage: Damage, signed: bool, sound: Path, tmp_path: Path) -> None:
    """That is what a pipeline without verification does: the same candidates serve."""
    damaged_copy(sound, tmp_path / "copy", damage, 0.0, signed=signed)
    verify_in_child(tmp_path / "copy", proof=False)
    believed, golden = load_artifact(tmp_path / "copy", proof=False), load_artifact(sound).golden
    assert believed.golden.scores.tolist() == golden.scores.tolist()
    assert golden.worst(believed.engine) > 0.01


@settings(max_examples=12)
@given(drawn=st.floats(0, 1, exclude_max=True))
def test_a_flipped_bit_is_refused_or_changes_no_golden_score(drawn: float, sound: Path) -> None:
    """Wherever it is and although it was signed: what serves in the end scores its golden rows as in training."""
    copy = Path(tempfile.mkdtemp(dir=sound.parent)) / "copy"
    damaged_copy(sound, copy, "flipped", drawn, signed=True)
    try:
        verify_in_child(copy)
    except ArtifactError:
        return
    loaded, original = load_artifact(copy), load_artifact(sound)
    assert np.abs(loaded.engine.score(original.golden.features) - original.golden.scores).max() <= 1e-12


@given(st.floats(0, 1, exclude_max=True))
def test_a_flip_changes_one_character_by_one_bit(drawn: float) -> None:
    """Whatever is drawn."""
    text = "tree\nversion=v4\n"
    (before, after), *others = [(a, b) for a, b in zip(text, damaged(text, "flipped", drawn), strict=True) if a != b]
    assert not others
    assert (ord(before) ^ ord(after)).bit_count() == 1


@pytest.mark.parametrize("kind", ["inverted", "shuffled", "constant"])
def test_a_nonsensical_model_proves_itself(kind: Nonsense, sound: Path, fitted: Fitted, tmp_path: Path) -> None:
    """It is whole, agrees with its own golden rows, goes by another name, and scores something else."""
    artifact, before = load_artifact(sound), bytes_of(sound)
    nonsense_copy(artifact, tmp_path / "copy", kind)
    verify_in_child(tmp_path / "copy")
    bad = load_artifact(tmp_path / "copy")
    assert bytes_of(sound) == before
    assert bad.manifest.digest != artifact.manifest.digest
    assert bad.reference.score_mean == artifact.reference.score_mean
    off = np.abs(bad.engine.score(fitted.rows) - artifact.engine.score(fitted.rows))
    assert off.max() > 0.4
