"""What a model folder says about itself."""

from pathlib import Path
from typing import Final

import msgspec

from actors.core.untrusted_files import read_bytes
from actors.model.policy import RuleLimits, Thresholds

FORMAT_VERSION: Final = 1
MOST_BYTES: Final = 4 << 20  # the default model's has 5 kB
SHORT_DIGEST: Final = 12  # characters; enough to tell models apart on a screen


class ManifestFeature(msgspec.Struct, frozen=True):
    """One input of the model. A catalogue that says otherwise computes something else."""

    name: str
    tier: str
    unit: str


class TrainingWindow(msgspec.Struct, frozen=True):
    """The rows the model was fitted and judged on; event times in microseconds since the Unix epoch, half open."""

    train_from_us: int
    train_to_us: int
    test_from_us: int
    test_to_us: int
    train_rows: int
    train_frauds: int
    test_rows: int
    test_frauds: int


class Manifest(msgspec.Struct, frozen=True):
    """What a model is, what it was trained on, and the digests of all its files.

    Attributes:
        format_version: of this folder.
        sha256: of ``model.joblib``.
        files: SHA-256 of every other file, by its path inside the folder.
        features: the model's inputs in column order.
        thresholds: scores from which to review and to block.
        rules: when each rule of the `rules` rung fires.
        metrics: figures by the rows they were measured on: ``test``, ``test_without_batch_tier``, ….
        window: the rows fitted and judged on.
        state_end_us: event time at which the folder's warm state ends.
        label_delay_s: event time from a transaction until its label is known.
        source: what it was trained on, in words for a reader.
        key: digest of all that training depends on.
        versions: of the libraries that trained it.
    """

    format_version: int
    sha256: str
    files: dict[str, str]
    features: tuple[ManifestFeature, ...]
    thresholds: Thresholds
    rules: RuleLimits
    metrics: dict[str, dict[str, float | None]]
    window: TrainingWindow
    state_end_us: int
    label_delay_s: float
    source: str
    key: str
    versions: dict[str, str]

    @property
    def digest(self) -> str:
        """The model's short name: the first characters of its SHA-256."""
        return self.sha256[:SHORT_DIGEST]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The model's inputs in column order."""
        return tuple(feature.name for feature in self.features)

    def write(self, file: Path) -> None:
        """Write it as indented JSON."""
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def read_manifest(file: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: too large, not JSON, or a field is missing or of the wrong type; the text says which.
        OSError: it cannot be read.
    """
    return msgspec.json.decode(read_bytes(file, MOST_BYTES), type=Manifest)
