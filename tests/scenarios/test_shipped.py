"""Every shipped scenario passes its own expectations on virtual time, the longest one thinned."""

from pathlib import Path

import pytest

from sim.scenario.loader import load
from tests.support.repository import scenarios
from tests.support.shipped import drill

THINNED = {
    "day": (  # a thirtieth of its 1.7 million transactions, with cards as busy, and no training for what it releases
        "phases.day.rate=0.6",
        "world.cards=12000",
        "world.merchants=1200",
        "steps.noon-release={name: noon-release, kind: model_release, at: 12h, trees: 150}",
    ),
}
SHIPPED = [path.stem for path in scenarios() if not load(path, files_required=False).external]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_it_passes(name: str, world_model: Path, tmp_path: Path) -> None:
    """Everything expected holds, and nothing is left unproved."""
    drilled = drill(name, world_model, tmp_path / "run", *THINNED.get(name, ()))
    assert not drilled.unproved
    assert (drilled.summary.verdict, drilled.summary.exit_code) == ("pass", 0)
