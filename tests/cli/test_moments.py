"""A run ends well whenever Ctrl-C is pressed; a few moments here, hundreds in the soak."""

from pathlib import Path

import pytest

from tests.support.moments import MEASURING, troubles

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("pauses_s", "rate"),
    [
        ([0.0], "400"),
        ([0.4, 0.0], "400"),
        ([1.1], "400"),
        ([1.8, 0.002], "400"),
        ([2.6], MEASURING),
        ([4.0, 0.3], "400"),
    ],
)
def test_a_run_ends_well_whenever_ctrl_c_is_pressed(
    pauses_s: list[float], rate: str, tmp_path: Path, world_model: Path
) -> None:
    """While importing, measuring, running or draining: 130, no trace, no process left, and books that balance."""
    assert troubles(tmp_path, world_model, pauses_s, rate) == []
