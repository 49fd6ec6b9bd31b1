"""A model folder: written whole or not at all, and believed only after it has proved itself.

::

    model.joblib     the booster
    manifest.json    features, thresholds, metrics, digests of all other files
    golden.npz       rows and their expected scores
    reference.npz    distributions in training
    state/           windows, history and batch table at the end of history, so that every run starts warm
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from actors.config import EngineChoice
from actors.core.arrays import F32, F64
from actors.core.errors import ArtifactError, ModelError
from actors.core.untrusted_files import read_arrays
from actors.model.engine import Engine
from actors.model.integrity import (
    Golden,
    check_features,
    check_files,
    check_folder,
    check_golden,
    check_order,
    check_version,
    readable,
    refused,
    sha256_of,
)
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.manifest import Manifest, read_manifest
from actors.model.model_file import ModelFile, read_model_file
from actors.model.policy import RuleBook
from actors.model.trees import read_trees
from actors.telemetry.drift import Reference, ReferenceBins, bins_of

MODEL_FILE: Final = "model.joblib"
MANIFEST_FILE: Final = "manifest.json"
GOLDEN_FILE: Final = "golden.npz"
REFERENCE_FILE: Final = "reference.npz"
STATE_FOLDER: Final = "state"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model that was loaded and has proved itself.

    Attributes:
        folder: where it lies.
        booster: its trees, for whoever wants another model made of them.
        engine: scores with it: LightGBM's, until another one is chosen.
        sha256: of the booster's file, in hex; without proof it may differ from the manifest's.
        manifest: what it says about itself.
        golden: rows and their expected scores.
        reference: distributions in training.
        chosen: which engine was asked for; None: none yet.
        fallback: why LightGBM scores where ``auto`` was asked for; one line, empty where it does not.
    """

    folder: Path
    booster: lightgbm.Booster
    engine: Engine
    sha256: str
    manifest: Manifest
    golden: Golden
    reference: Reference
    chosen: EngineChoice | None = None
    fallback: str = ""

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

    def served_by(self, choice: EngineChoice) -> "Artifact":
        """Return the same model, scored by the engine of that name; ``auto`` is the compiled one if it takes the model.

        Raises:
            ArtifactError: it is to be the compiled one, and that cannot take the model.
        """
        if choice == self.chosen:
            return self
        if choice == "lightgbm":
            engine: Engine = LightGBMEngine(self.booster, self.engine.n_features)
            return replace(self, engine=engine, chosen=choice, fallback="")
        from actors.model.agreement import compiled_engine  # numba takes its time to import

        try:
            engine = compiled_engine(self.booster, self.golden.features)
        except ModelError as error:
            if choice == "compiled":
                raise self._not_taken(error) from error
            fallback = f"LightGBM scores model {self.manifest.digest}: the compiled engine does not take it: {error}"
            return replace(self, chosen=choice, fallback=fallback)
        return replace(self, engine=engine, chosen=choice)

    def check_compiled(self) -> None:
        """Check that the compiled engine takes a model of this kind; that its scores agree is proved once it serves.

        Raises:
            ArtifactError: it does not.
        """
        try:
            read_trees(self.booster.model_to_string(), self.engine.n_features)
        except ModelError as error:
            raise self._not_taken(error) from error

    def _not_taken(self, error: ModelError) -> ArtifactError:
        text = f"must be a model that the compiled engine takes, and is not: {error}"
        return refused(self.folder / MODEL_FILE, text, "set pipeline.scorer.engine to auto or lightgbm")


def load_artifact(folder: Path, *, proof: bool = True, seen: str | None = None) -> Artifact:
    """Return the model in ``folder``, verified.

    Every file's digest is checked first, then the features against the catalogue, then the golden rows are scored
    again. That guards against damage. Malice is met by running nothing of the folder, whether or not its digests agree:
    see `actors.model.model_file`.

    A model's text that is damaged and signed again may abort the process: `actors.model.verification` loads it in a
    child first.

    Args:
        folder: of the model.
        proof: whether digests and golden rows must agree.
        seen: SHA-256 of the booster's file that a child has survived; another one is refused. None takes any.

    Raises:
        ArtifactError: any of it fails; one line with place, rule, value and remedy.
    """
    place = folder / MANIFEST_FILE
    check_folder(folder, place)
    with readable(place):
        manifest = read_manifest(place)
    check_version(place, manifest)
    if proof:
        check_files(place, folder, {MODEL_FILE: manifest.sha256, **manifest.files}, (GOLDEN_FILE, REFERENCE_FILE))
    check_features(place, manifest)
    found = read_model_file(folder / MODEL_FILE, manifest.sha256 if proof else None)
    if seen not in (None, found.sha256):
        rule = "must stay as it is while it is verified, and was replaced"
        raise refused(folder / MODEL_FILE, rule, "release it again")
    booster, engine = _engine_of(found, folder / MODEL_FILE, manifest)
    with readable(folder / GOLDEN_FILE):
        golden = Golden.load(folder / GOLDEN_FILE)
    with readable(folder / REFERENCE_FILE):
        reference = load_reference(folder / REFERENCE_FILE, manifest.feature_names)
    if proof:
        check_golden(folder / GOLDEN_FILE, golden, engine)
    else:
        engine.score(golden.features)  # in a child this finds trees that never end; what they say is believed
    return Artifact(folder, booster, engine, found.sha256, manifest, golden, reference)


def _engine_of(found: ModelFile, file: Path, manifest: Manifest) -> tuple[lightgbm.Booster, Engine]:
    with readable(file):
        booster = found.booster()
    check_order(file, manifest, booster.feature_name())
    try:
        return booster, LightGBMEngine(booster, len(manifest.features))
    except ModelError as error:
        raise refused(file, str(error)) from error


def save_artifact(folder: Path, booster: lightgbm.Booster, manifest: Manifest) -> Manifest:
    """Complete the model in ``folder`` and return the manifest with its digests.

    ``golden.npz``, ``reference.npz`` and ``state/`` are already there. The manifest is written last, so a folder
    without one is not a model yet.

    Raises:
        OSError: the folder cannot be written.
    """
    # Through text, so that the file does not depend on what else the booster remembers of its training.
    import joblib  # for training only: a run does without

    joblib.dump(lightgbm.Booster(model_str=booster.model_to_string()), folder / MODEL_FILE)
    files = {name: sha256_of(folder / name) for name in _other_files(folder)}
    complete = msgspec.structs.replace(manifest, sha256=sha256_of(folder / MODEL_FILE), files=files)
    complete.write(folder / MANIFEST_FILE)
    return complete


def _other_files(folder: Path) -> list[str]:
    state = (file for file in (folder / STATE_FOLDER).rglob("*") if file.is_file())
    return [GOLDEN_FILE, REFERENCE_FILE, *sorted(file.relative_to(folder).as_posix() for file in state)]


BINS: Final = 10  # tenths: the usual choice for PSI, with thresholds of 0.1 and 0.2 to go with it
SCORE_BINS: Final = 50
BLOCK: Final = 2_000  # scores that a drill's window of seconds holds
MOST_REFERENCE_BYTES: Final = 64 << 20  # unfolded; the default model's bins take 12 kB
FEWEST_BLOCKS: Final = 8  # with them the spread is known to a quarter


def measure_reference(names: Sequence[str], features: F32, scores: F64) -> Reference:
    """Return the distributions of features, shape (n, len(names)), and of their scores, shape (n,), in time order."""
    bins = {name: _bins(features[:, column].astype(np.float64)) for column, name in enumerate(names)}
    return Reference(bins, float(scores.mean()), spread(scores))


def spread(scores: F64, block: int = BLOCK) -> float:
    """Return the standard deviation that explains how much means of successive scores vary.

    Fraud comes in episodes, so neighbouring scores go together: means of 2,000 of them vary three times as much as
    those of independent scores would (measured), and an alarm that took them for independent would cry wolf.

    Args:
        scores: in time order; of fewer than `FEWEST_BLOCKS` blocks only the plain standard deviation is known.
        block: scores a mean is taken over.
    """
    plain = float(scores.std())
    count = len(scores) // block
    if count < FEWEST_BLOCKS:
        return plain
    means = scores[: count * block].reshape(count, block).mean(axis=1)
    return max(plain, float(means.std(ddof=1)) * math.sqrt(block))


def _bins(values: F64) -> ReferenceBins:
    known = np.unique(values[~np.isnan(values)])
    if len(known) <= BINS:
        return bins_of(values, known[1:])  # a bin for each value, so that a rare one stays visible
    tenths = np.nanquantile(values, np.arange(1, BINS) / BINS, method="higher")
    edges = np.unique(tenths)
    return bins_of(values, edges[edges > known[0]])  # below the smallest value there is nothing to count


def save_reference(file: Path, reference: Reference, scores: F64) -> None:
    """Write the reference, and beside it a histogram of its scores in equal bins over [0, 1], as npz."""
    arrays: dict[str, ArrayLike] = {
        "score_counts": np.histogram(scores, bins=SCORE_BINS, range=(0.0, 1.0))[0],
        "score_moments": np.array([reference.score_mean, reference.score_std]),
    }
    for name, bins in reference.features.items():
        arrays[f"{name}.edges"] = bins.edges
        arrays[f"{name}.counts"] = bins.counts
    np.savez_compressed(file, allow_pickle=False, **arrays)


def load_reference(file: Path, names: Sequence[str]) -> Reference:
    """Read the reference of the features in ``names``.

    Raises:
        ValueError, KeyError: the file does not hold what `save_reference` writes for them.
    """
    with read_arrays(file, MOST_REFERENCE_BYTES) as arrays:
        mean, std = arrays["score_moments"].tolist()
        bins = {name: ReferenceBins(arrays[f"{name}.edges"], arrays[f"{name}.counts"]) for name in names}
    return Reference(bins, mean, std)
