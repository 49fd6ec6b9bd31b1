"""A model folder is believed only after it has proved itself, and every damage has one clear line."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import msgspec
import numpy as np
import pytest

from actors.core.errors import ArtifactError
from actors.model.artifact import load_artifact, save_artifact
from actors.model.integrity import Golden, sha256_of
from actors.model.manifest import read_manifest
from tests.support.actors.small_model import NAMES, Fitted, manifest_of, write_folder


def edit(folder: Path, **changes: object) -> None:
    """Change fields of the manifest."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def reseal(folder: Path) -> None:
    """Let the manifest agree with the files as they are now, as someone who tampers would."""
    manifest = read_manifest(folder / "manifest.json")
    files = {name: sha256_of(folder / name) for name in manifest.files}
    sealed = msgspec.structs.replace(manifest, sha256=sha256_of(folder / "model.joblib"), files=files)
    sealed.write(folder / "manifest.json")


def features(folder: Path) -> list[dict[str, str]]:
    return list(json.loads((folder / "manifest.json").read_text())["features"])


def test_a_sound_folder_loads_and_scores_as_it_was_trained(folder: Path, fitted: Fitted) -> None:
    """What was saved is what serves, to the last bit."""
    artifact = load_artifact(folder)
    assert artifact.feature_names == NAMES
    expected = np.asarray(fitted.booster.predict(fitted.rows, num_threads=1))
    assert artifact.engine.score(fitted.rows).tolist() == expected.tolist()
    assert artifact.manifest.digest == sha256_of(folder / "model.joblib")[:12]
    assert (artifact.state / "windows.npz").is_file()


def test_the_same_model_is_written_as_the_same_bytes(fitted: Fitted, tmp_path: Path) -> None:
    """A digest names a model, not the moment it was saved."""
    one, two = write_folder(tmp_path / "one", fitted), write_folder(tmp_path / "two", fitted)
    for name in ("model.joblib", "manifest.json", "golden.npz", "reference.npz"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def truncate(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-40])

    return damage


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "model.joblib").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.joblib").write_bytes(content)


def not_a_booster(folder: Path) -> None:
    joblib.dump({"hello": 1}, folder / "model.joblib")
    reseal(folder)


def not_a_pickle(folder: Path) -> None:
    (folder / "model.joblib").write_bytes(b"hello")
    reseal(folder)


def other_golden_scores(folder: Path) -> None:
    golden = Golden.load(folder / "golden.npz")
    Golden(golden.features, golden.scores + 1e-6).save(folder / "golden.npz")
    reseal(folder)


def golden_not_numbers(folder: Path) -> None:
    golden = Golden.load(folder / "golden.npz")
    Golden(golden.features, golden.scores * np.nan).save(folder / "golden.npz")
    reseal(folder)


def pickled_golden(folder: Path) -> None:
    (folder / "golden.npz").write_bytes(pickle.dumps([1, 2]))
    reseal(folder)


def reference_of_other_features(folder: Path) -> None:
    np.savez(folder / "reference.npz", score_moments=np.zeros(2))
    reseal(folder)


def features_reordered(folder: Path) -> None:
    edit(folder, features=features(folder)[::-1])


def one_feature_less(folder: Path) -> None:
    edit(folder, features=features(folder)[:-1])


def unknown_feature(folder: Path) -> None:
    edit(folder, features=[{"name": "moon_phase", "tier": "realtime", "unit": "1"}, *features(folder)[1:]])


def other_unit(folder: Path) -> None:
    edit(folder, features=[features(folder)[0] | {"unit": "cents"}, *features(folder)[1:]])


def file_outside(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit(folder, files=files | {"../secret": "0"})


@pytest.mark.parametrize(
    ("damage", "place", "rule"),
    [
        (remove("manifest.json"), "manifest.json", "must be there, and is missing"),
        (truncate("manifest.json"), "manifest.json", "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "manifest.json", "missing required field"),
        (lambda folder: edit(folder, format_version=9), "manifest.json", "format_version must be 1, got 9"),
        (lambda folder: edit(folder, sha256="0" * 64), "model.joblib", "SHA-256 must be 000000000000…"),
        (lambda folder: edit(folder, files={}), "manifest.json", "files must list golden.npz"),
        (lambda folder: edit(folder, features=[]), "manifest.json", "at least one"),
        (
            lambda folder: edit(folder, thresholds={"review": 0.9, "block": 0.1}),
            "manifest.json",
            "0 < review <= block <= 1",
        ),
        (file_outside, "manifest.json", "must lie in the folder, got ../secret"),
        (remove("model.joblib"), "model.joblib", "is missing"),
        (truncate("model.joblib"), "model.joblib", "SHA-256 must be"),
        (flip_a_byte, "model.joblib", "SHA-256 must be"),
        (not_a_booster, "model.joblib", "must hold a LightGBM booster, got dict"),
        (not_a_pickle, "model.joblib", "must hold a LightGBM booster as joblib writes it"),
        (features_reordered, "model.joblib", "column 0 is amount, not device_cards_7d"),
        (one_feature_less, "model.joblib", "7 columns, not 6"),
        (unknown_feature, "manifest.json", "must be known here, got moon_phase"),
        (other_unit, "manifest.json", "feature amount must be realtime in currency, got realtime in cents"),
        (remove("golden.npz"), "golden.npz", "is missing"),
        (truncate("golden.npz"), "golden.npz", "SHA-256 must be"),
        (other_golden_scores, "golden.npz", "must score as in training"),
        (golden_not_numbers, "golden.npz", "must score as in training"),
        (pickled_golden, "golden.npz", "cannot be read"),
        (reference_of_other_features, "reference.npz", "cannot be read"),
        (remove("state/windows.npz"), "state/windows.npz", "is missing"),
        (truncate("state/windows.npz"), "state/windows.npz", "SHA-256 must be"),
    ],
)
def test_every_damage_gives_one_clear_line(folder: Path, damage: Callable[[Path], None], place: str, rule: str) -> None:
    """The line has the file, the rule it breaks and what to do about it."""
    damage(folder)
    with pytest.raises(ArtifactError) as caught:
        load_artifact(folder)
    told, _, remedy = str(caught.value).rpartition("; ")
    assert told.startswith(f"{folder / place}: ")
    assert rule in told
    assert remedy.startswith("train ")
    assert "\n" not in told


def test_a_folder_that_is_missing_says_how_to_get_one(tmp_path: Path) -> None:
    """The most common mistake has the most direct remedy."""
    with pytest.raises(
        ArtifactError, match=r"nowhere: must be a model folder, and is missing; train one with train --out DIR"
    ):
        load_artifact(tmp_path / "nowhere")


def test_a_file_is_not_said_to_be_missing(folder: Path) -> None:
    """What is there and is no folder is told as that."""
    with pytest.raises(ArtifactError, match=r"manifest.json: must be a model folder, and is none; train one"):
        load_artifact(folder / "manifest.json")


def test_nothing_is_unpickled_before_its_digest_agrees(folder: Path, tmp_path: Path) -> None:
    """A pickle that does not belong to the manifest never runs."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    joblib.dump(Trap(), folder / "model.joblib")
    with pytest.raises(ArtifactError, match="SHA-256"):
        load_artifact(folder)
    assert not (tmp_path / "sprung").exists()


def test_saving_needs_only_what_is_listed(fitted: Fitted, folder: Path) -> None:
    """Saved a second time, the manifest lists the same files with the same digests."""
    first = read_manifest(folder / "manifest.json")
    assert save_artifact(folder, fitted.booster, manifest_of(NAMES)) == first
