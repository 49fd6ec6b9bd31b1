"""What a model folder must prove before it is believed: files, features, rows with known scores.

Every check raises `ArtifactError` with one line: place, rule, value, remedy.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from actors.core.arrays import F32, F64, I64, Bool
from actors.core.errors import ArtifactError
from actors.core.untrusted_files import read_arrays
from actors.features.catalogue import CATALOGUE
from actors.model.engine import Engine
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.manifest import FORMAT_VERSION, Manifest, ManifestFeature

# The same trees give the same sums anywhere; only the last bits of `exp` differ between machines.
TOLERANCE: Final = 1e-12
MOST_GOLDEN_BYTES: Final = 256 << 20  # unfolded; the default model's rows take 50 kB
_BLOCK: Final = 2_048  # rows among which the next is chosen; each choice looks at all of them again


@dataclass(frozen=True, slots=True)
class Golden:
    """Rows that between them visit every leaf of every tree, and their scores.

    Attributes:
        features: float32, shape (n, n_features).
        scores: float64, shape (n,).
    """

    features: F32
    scores: F64

    def worst(self, engine: Engine) -> float:
        """Return the largest difference between the scores now and then; NaN when a score is not a number."""
        return float(np.abs(engine.score(self.features) - self.scores).max(initial=0.0))

    def save(self, file: Path) -> None:
        """Write it as npz."""
        np.savez_compressed(file, features=self.features, scores=self.scores)

    @staticmethod
    def load(file: Path) -> "Golden":
        """Read it back.

        Raises:
            ValueError, KeyError: the file does not hold what `save` writes.
        """
        with read_arrays(file, MOST_GOLDEN_BYTES) as arrays:
            golden = Golden(arrays["features"], arrays["scores"])
        if golden.features.ndim != 2 or golden.scores.shape != golden.features.shape[:1]:  # noqa: PLR2004  # a matrix
            raise ValueError(f"{golden.features.shape} rows do not go with {golden.scores.shape} scores")
        return golden


def choose_golden(booster: lightgbm.Booster, rows: F32) -> Golden:
    """Return few of ``rows`` that visit every leaf that any of them visits.

    Args:
        booster: the trained model.
        rows: the training rows: every leaf has at least one of them.
    """
    sizes = np.array([tree["num_leaves"] for tree in booster.dump_model()["tree_info"]])
    unseen = np.arange(sizes.max()) < sizes[:, np.newaxis]
    chosen: list[int] = []
    for start in range(0, len(rows), _BLOCK):
        leaves = booster.predict(rows[start : start + _BLOCK], pred_leaf=True, num_threads=2)
        chosen += [start + at for at in _cover(np.asarray(leaves, dtype=np.int64), unseen)]
        if not unseen.any():
            break
    features = np.ascontiguousarray(rows[chosen])
    return Golden(features, LightGBMEngine(booster, rows.shape[1]).score(features))


def _cover(leaves: I64, unseen: Bool) -> Iterator[int]:
    """Yield the row with most unseen leaves until none has any, ticking them off."""
    trees = np.arange(len(unseen))
    while (gain := unseen[trees, leaves].sum(axis=1)).any():
        best = int(gain.argmax())
        unseen[trees, leaves[best]] = False
        yield best


REMEDY: Final = "train it again or restore the folder from a copy"

_KNOWN: Final = {each.name: ManifestFeature(each.name, each.tier.value, each.unit) for each in CATALOGUE}


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refused(place: Path, text: str, remedy: str = REMEDY) -> ArtifactError:
    """Return the error for ``place``; ``text`` has the rule and the value that breaks it."""
    return ArtifactError(f"{place}: {text}; {remedy}")


@contextmanager
def readable(file: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes its reader raise into one line."""
    try:
        yield
    except Exception as error:  # a damaged archive raises whatever its reader stumbles over
        text = " ".join(str(error).split()) or type(error).__name__
        raise refused(file, f"cannot be read: {text}") from error


def check_folder(folder: Path, manifest_file: Path) -> None:
    """Check that there is a folder with a manifest in it."""
    if not folder.is_dir():
        found = "is none" if folder.exists() else "is missing"
        raise refused(folder, f"must be a model folder, and {found}", "train one with train --out DIR")
    if not manifest_file.is_file():
        raise refused(manifest_file, "must be there, and is missing: this is not a model folder, or not a whole one")


def check_version(place: Path, manifest: Manifest) -> None:
    """Check that this version of the program reads this version of the folder."""
    if manifest.format_version != FORMAT_VERSION:
        text = f"format_version must be {FORMAT_VERSION}, got {manifest.format_version}"
        raise refused(place, text, "train it with this version")


def check_files(place: Path, folder: Path, digests: dict[str, str], required: Sequence[str]) -> None:
    """Check that all ``required`` files are listed, and that all listed files have their digests."""
    for name in required:
        if name not in digests:
            raise refused(place, f"files must list {name}")
    for name, digest in digests.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise refused(place, f"files must lie in the folder, got {name}")
        _check_file(folder / name, digest)


def _check_file(file: Path, expected: str) -> None:
    if not file.is_file():
        raise refused(file, "must be there, and is missing")
    with readable(file):
        actual = sha256_of(file)
    check_digest(file, actual, expected)


def check_digest(file: Path, actual: str, expected: str) -> None:
    """Check that the SHA-256 of ``file`` is the expected one."""
    if actual != expected:
        raise refused(file, f"SHA-256 must be {expected[:12]}… as in the manifest, got {actual[:12]}…")


def check_features(place: Path, manifest: Manifest) -> None:
    """Check that the catalogue here computes what the model was trained on."""
    remedy = "train a model with this version's features"
    if not manifest.features or len(set(manifest.feature_names)) != len(manifest.features):
        raise refused(place, "features must be distinct, and at least one")
    for theirs in manifest.features:
        ours = _KNOWN.get(theirs.name)
        if ours is None:
            raise refused(place, f"features must be known here, got {theirs.name}", remedy)
        if ours != theirs:
            text = f"must be {ours.tier} in {ours.unit}, got {theirs.tier} in {theirs.unit}"
            raise refused(place, f"feature {theirs.name} {text}", remedy)


def check_order(place: Path, manifest: Manifest, names: Sequence[str]) -> None:
    """Check that the booster's columns, ``names``, are the manifest's."""
    rule = "features must be the manifest's, in its order"
    if len(names) != len(manifest.features):
        raise refused(place, f"{rule}: {len(names)} columns, not {len(manifest.features)}")
    for column, (theirs, ours) in enumerate(zip(names, manifest.feature_names, strict=True)):
        if theirs != ours:
            raise refused(place, f"{rule}: column {column} is {theirs}, not {ours}")


def check_golden(place: Path, golden: Golden, engine: Engine) -> None:
    """Check that the golden rows score as they did in training."""
    if golden.features.shape[1] != engine.n_features or not len(golden.scores):
        raise refused(place, f"golden rows must have {engine.n_features} columns, got {golden.features.shape}")
    worst = golden.worst(engine)
    if not worst <= TOLERANCE:
        raise refused(place, f"golden rows must score as in training (within {TOLERANCE}), and are off by {worst:.3g}")
