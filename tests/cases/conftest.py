"""Where the cases from practice lie: small inputs beside this repository, each with what must come of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cases import Case
from tests.support.repository import ROOT

CASES = Path(os.environ.get("RISKDRILL_CASES", ROOT / "../shared/cases"))


@pytest.fixture
def case(world_model: Path, tmp_path: Path) -> Callable[[str], Case]:
    """Return what gives the case whose folder begins with a number; skip where the cases are absent."""
    if not CASES.is_dir():
        pytest.skip(f"no cases at {CASES}; RISKDRILL_CASES names another place")

    def numbered(number: str) -> Case:
        (folder,) = CASES.resolve().glob(f"{number}-*")
        return Case(folder, world_model, tmp_path / "run")

    return numbered
