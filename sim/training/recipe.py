"""Everything a trained model depends on, and the key made of it."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from actors.features.catalogue import catalogue_digest
from actors.model.library import lightgbm
from actors.model.manifest import FORMAT_VERSION
from sim.training.fit import FitConfig

KEY_LENGTH: Final = 16
_REPOSITORY = Path(__file__).resolve().parents[2]
_CODE = ("actors/features", "actors/model", "sim/training", "sim/world")  # what computes a model out of a world


class Recipe(msgspec.Struct, frozen=True):
    """What a model depends on. A run's seed, phases and faults are not part of it.

    Attributes:
        source: the facts of the world or file, as its `Source` tells them.
        features: the model's inputs in column order.
        catalogue: digest of all features' definitions.
        fit: how it is fitted.
        versions: of the libraries and of the code that makes models.
    """

    source: dict[str, object]
    features: tuple[str, ...]
    catalogue: str
    fit: FitConfig
    versions: dict[str, str]

    @property
    def key(self) -> str:
        """The name of the model's folder in the cache."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:KEY_LENGTH]


def recipe_of(source: dict[str, object], features: tuple[str, ...], fit: FitConfig) -> Recipe:
    """Return the recipe for this program as it is."""
    return Recipe(source, features, catalogue_digest(), fit, versions())


def versions() -> dict[str, str]:
    """Return the versions that a model's bytes depend on."""
    return {
        "riskdrill": _own_version(),
        "code": code_digest(),
        "format": str(FORMAT_VERSION),
        "lightgbm": lightgbm.__version__,
        "numpy": np.__version__,
    }


def _own_version() -> str:
    try:
        return version("riskdrill")
    except PackageNotFoundError:  # run from a folder without installing it
        return "not installed"


@cache
def code_digest() -> str:
    """Return a digest of the source files that make models, so that a changed program never serves an old one."""
    digest = hashlib.sha256()
    for package in _CODE:
        for file in sorted((_REPOSITORY / package).rglob("*.py")):
            digest.update(file.relative_to(_REPOSITORY).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
