"""Every shipped scenario passes its own expectations on virtual time."""

from pathlib import Path

import pytest

from sim.scenario.load import load
from tests.repository import scenarios
from tests.scenarios.drill import drill

TOO_LONG = ("day", "overload")  # a day of 1.7 million transactions, and more than any machine can do: thinned elsewhere
SHIPPED = [
    path.stem for path in scenarios() if path.stem not in TOO_LONG and not load(path, files_required=False).external
]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_it_passes(name: str, world_model: Path, tmp_path: Path) -> None:
    """Everything expected holds, and nothing is left unproved."""
    drilled = drill(name, world_model, tmp_path / "run")
    assert not drilled.unproved
    assert (drilled.summary.verdict, drilled.summary.exit_code) == ("pass", 0)
