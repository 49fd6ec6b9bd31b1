"""Serving imports LightGBM and not what LightGBM would drag along."""

import subprocess
import sys

from actors.model.lightgbm_engine import OPTIONAL

SERVING = ("actors.model.artifact", "actors.model.serving", "actors.model.policy", "actors.model.verification")
ON_THE_WAY = ("sim.training.cache", "sim.training.process", "sim.training.cache", "sim.training.source")


def imported(modules: tuple[str, ...]) -> set[str]:
    """Return the packages that a fresh interpreter has after importing ``modules``."""
    code = f"import {', '.join(modules)}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_serving_a_model_imports_nothing_that_only_training_needs() -> None:
    """Neither scikit-learn nor pandas nor polars, which together cost seconds and 100 MB."""
    packages = imported(SERVING + ON_THE_WAY)
    assert "lightgbm" in packages
    assert not packages & {"sklearn", "pandas", "polars", "pyarrow", "matplotlib"}


def test_what_is_hidden_from_lightgbm_is_there_for_others() -> None:
    """Hiding ends with the import of LightGBM."""
    assert "sklearn" in imported(("actors.model.lightgbm_engine", "sklearn"))
    assert "sklearn" in OPTIONAL
