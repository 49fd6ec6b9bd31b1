"""A small real model, trained once for all tests that need one, and its folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from actors.core.arrays import F32, U8
from actors.features.catalogue import feature
from actors.model.artifact import measure_reference, save_artifact, save_reference
from actors.model.integrity import choose_golden
from actors.model.lightgbm_engine import lightgbm
from actors.model.manifest import FORMAT_VERSION, Manifest, ManifestFeature, TrainingWindow
from actors.model.policy import RuleLimits, Thresholds

NAMES = (
    "amount",
    "online",
    "country_mismatch",
    "card_tx_1h",
    "card_merchants_30m",
    "card_device_new",
    "device_cards_7d",
)


@dataclass(frozen=True)
class Fitted:
    """A booster and the rows it was trained on."""

    booster: lightgbm.Booster
    rows: F32
    labels: U8


@pytest.fixture(scope="session")
def fitted() -> Fitted:
    """Thirty trees on 3,000 rows, a tenth of the cells missing."""
    draw = np.random.default_rng(5)
    rows = draw.gamma(2.0, 2.0, size=(3_000, len(NAMES))).astype(np.float32)
    rows[draw.random(rows.shape) < 0.1] = np.nan
    labels = (np.nansum(rows[:, :3], axis=1) + draw.normal(size=len(rows)) > 16).astype(np.uint8)
    data = lightgbm.Dataset(rows, labels, feature_name=list(NAMES), params={"verbose": -1})
    parameters = {"objective": "binary", "num_leaves": 12, "num_threads": 1, "verbose": -1, "seed": 1}
    return Fitted(lightgbm.train(parameters, data, 30), rows, labels)


@pytest.fixture
def folder(fitted: Fitted, tmp_path: Path) -> Path:
    """A whole and sound model folder."""
    return write_folder(tmp_path / "model", fitted)


def write_folder(folder: Path, fitted: Fitted, names: tuple[str, ...] = NAMES) -> Path:
    """Write ``fitted`` as a model folder."""
    (folder / "state").mkdir(parents=True)
    np.savez(folder / "state" / "windows.npz", seen=np.arange(5))
    golden = choose_golden(fitted.booster, fitted.rows)
    golden.save(folder / "golden.npz")
    reference = measure_reference(names, golden.features, golden.scores)
    save_reference(folder / "reference.npz", reference, golden.scores)
    save_artifact(folder, fitted.booster, manifest_of(names))
    return folder


def other_folder(folder: Path, fitted: Fitted, trees: int) -> Path:
    """Write another model of the same features."""
    data = lightgbm.Dataset(fitted.rows, fitted.labels, feature_name=list(NAMES), params={"verbose": -1})
    parameters = {"objective": "binary", "num_leaves": 12, "num_threads": 1, "verbose": -1, "seed": 1}
    return write_folder(folder, Fitted(lightgbm.train(parameters, data, trees), fitted.rows, fitted.labels))


def manifest_of(names: tuple[str, ...]) -> Manifest:
    """Return a manifest whose digests are still to be filled in."""
    return Manifest(
        format_version=FORMAT_VERSION,
        sha256="",
        files={},
        features=tuple(ManifestFeature(name, feature(name).tier.value, feature(name).unit) for name in names),
        thresholds=Thresholds(),
        rules=RuleLimits(),
        metrics={"test": {"roc_auc": 0.97, "average_precision": None}},
        window=TrainingWindow(0, 10, 10, 20, 3_000, 60, 500, 9),
        state_end_us=20,
        label_delay_s=3_600.0,
        source="a test",
        key="0" * 12,
        versions={"lightgbm": "4"},
    )
