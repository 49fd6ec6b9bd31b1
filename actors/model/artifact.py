"""A model folder: written whole or not at all, and believed only after it has proved itself.

::

    model.joblib     the booster
    manifest.json    features, thresholds, metrics, digests of all other files
    golden.npz       rows and their expected scores
    reference.npz    distributions in training
    state/           windows, history and batch table at the end of history, so that every run starts warm
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import joblib
import msgspec

from actors.errors import ArtifactError, ModelError
from actors.features.catalogue import CATALOGUE
from actors.model.engine import Engine
from actors.model.golden import TOLERANCE, Golden
from actors.model.library import lightgbm
from actors.model.manifest import FORMAT_VERSION, Manifest, read_manifest
from actors.model.reference import load_reference
from actors.model.rules import RuleBook
from actors.telemetry.reference import Reference

MODEL_FILE: Final = "model.joblib"
MANIFEST_FILE: Final = "manifest.json"
GOLDEN_FILE: Final = "golden.npz"
REFERENCE_FILE: Final = "reference.npz"
STATE_FOLDER: Final = "state"

REMEDY: Final = "train it again (python -m sim train) or restore the folder from a copy"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model that was loaded and has proved itself.

    Attributes:
        folder: where it lies.
        engine: its booster, ready to score.
        manifest: what it says about itself.
        golden: rows and their expected scores.
        reference: distributions in training.
    """

    folder: Path
    engine: Engine
    manifest: Manifest
    golden: Golden
    reference: Reference

    @property
    def state(self) -> Path:
        """The folder of the warm state."""
        return self.folder / STATE_FOLDER

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The model's inputs in column order."""
        return self.manifest.feature_names

    @property
    def rule_book(self) -> RuleBook:
        """The rules tuned with this model."""
        return RuleBook(self.feature_names, self.manifest.rules)


def load_artifact(folder: Path) -> Artifact:
    """Return the model in ``folder``, verified.

    Every file's digest is checked before anything is unpickled, then the features against the catalogue, then the
    golden rows are scored again.

    Raises:
        ArtifactError: any of it fails; one line with place, rule, value and remedy.
    """
    manifest = _read_manifest(folder)
    _check_files(folder, manifest)
    _check_features(folder, manifest)
    engine = _load_engine(folder / MODEL_FILE, manifest)
    with _readable(folder / GOLDEN_FILE):
        golden = Golden.load(folder / GOLDEN_FILE)
    with _readable(folder / REFERENCE_FILE):
        reference = load_reference(folder / REFERENCE_FILE, manifest.feature_names)
    _check_golden(folder / GOLDEN_FILE, golden, engine)
    return Artifact(folder, engine, manifest, golden, reference)


def save_artifact(folder: Path, booster: lightgbm.Booster, manifest: Manifest) -> Manifest:
    """Complete the model in ``folder`` and return the manifest with its digests.

    ``golden.npz``, ``reference.npz`` and ``state/`` are already there. The manifest is written last, so a folder
    without one is not a model yet.

    Raises:
        OSError: the folder cannot be written.
    """
    # Through text, so that the file does not depend on what else the booster remembers of its training.
    joblib.dump(lightgbm.Booster(model_str=booster.model_to_string()), folder / MODEL_FILE)
    files = {name: sha256_of(folder / name) for name in _other_files(folder)}
    complete = msgspec.structs.replace(manifest, sha256=sha256_of(folder / MODEL_FILE), files=files)
    complete.write(folder / MANIFEST_FILE)
    return complete


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _other_files(folder: Path) -> list[str]:
    state = (file for file in (folder / STATE_FOLDER).rglob("*") if file.is_file())
    return [GOLDEN_FILE, REFERENCE_FILE, *sorted(file.relative_to(folder).as_posix() for file in state)]


def _error(file: Path, text: str, remedy: str = REMEDY) -> ArtifactError:
    return ArtifactError(f"{file}: {text}; {remedy}")


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes its reader raise into one line."""
    try:
        yield
    except ArtifactError:
        raise
    except Exception as error:  # a damaged archive raises whatever its reader stumbles over
        text = " ".join(str(error).split()) or type(error).__name__
        raise _error(file, f"cannot be read: {text}") from error


def _read_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST_FILE
    if not folder.is_dir():
        raise _error(folder, "must be a model folder, and is missing", "train one: python -m sim train --out DIR")
    if not file.is_file():
        raise _error(file, "must be there, and is missing: this is not a model folder, or not a whole one")
    with _readable(file):
        manifest = read_manifest(file)
    if manifest.format_version != FORMAT_VERSION:
        version = manifest.format_version
        raise _error(file, f"format_version must be {FORMAT_VERSION}, got {version}", "train it with this version")
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    expected = {MODEL_FILE: manifest.sha256, **manifest.files}
    for name in (GOLDEN_FILE, REFERENCE_FILE):
        if name not in expected:
            raise _error(folder / MANIFEST_FILE, f"files must list {name}")
    for name, digest in expected.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise _error(folder / MANIFEST_FILE, f"files must lie in the folder, got {name}")
        _check_digest(folder / name, digest)


def _check_digest(file: Path, expected: str) -> None:
    if not file.is_file():
        raise _error(file, "must be there, and is missing")
    with _readable(file):
        actual = sha256_of(file)
    if actual != expected:
        raise _error(file, f"SHA-256 must be {expected[:12]}… as in the manifest, got {actual[:12]}…")


def _check_features(folder: Path, manifest: Manifest) -> None:
    known = {feature.name: feature for feature in CATALOGUE}
    place = folder / MANIFEST_FILE
    remedy = "train a model with this version's features"
    if not manifest.features or len(set(manifest.feature_names)) != len(manifest.features):
        raise _error(place, "features must be distinct, and at least one")
    for feature in manifest.features:
        own = known.get(feature.name)
        if own is None:
            raise _error(place, f"features must be known here, got {feature.name}", remedy)
        if (own.tier.value, own.unit) != (feature.tier, feature.unit):
            ours, theirs = f"{own.tier.value} in {own.unit}", f"{feature.tier} in {feature.unit}"
            raise _error(place, f"feature {feature.name} must be {ours}, got {theirs}", remedy)


def _load_engine(file: Path, manifest: Manifest) -> Engine:
    with _readable(file):
        booster = joblib.load(file)
    if not isinstance(booster, lightgbm.Booster):
        raise _error(file, f"must hold a LightGBM booster, got {type(booster).__name__}")
    names = tuple(booster.feature_name())
    if names != manifest.feature_names:
        at = next(
            (n for n, pair in enumerate(zip(names, manifest.feature_names, strict=False)) if pair[0] != pair[1]), -1
        )
        detail = f"column {at} is {names[at]}, not {manifest.feature_names[at]}" if at >= 0 else f"{len(names)} columns"
        raise _error(file, f"features must be the manifest's, in its order: {detail}")
    try:
        return Engine(booster, len(names))
    except ModelError as error:
        raise _error(file, str(error)) from error


def _check_golden(file: Path, golden: Golden, engine: Engine) -> None:
    if golden.features.shape[1] != engine.n_features or not len(golden.scores):
        raise _error(file, f"golden rows must have {engine.n_features} columns, got {golden.features.shape}")
    worst = golden.worst(engine)
    if not worst <= TOLERANCE:
        raise _error(
            file, f"golden rows must score as in training (within {TOLERANCE}), and differ by up to {worst:.3g}"
        )
