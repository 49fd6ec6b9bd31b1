"""Laws of the check whether costs add up."""

import pytest

from sim.calibration.calibrate import Check


@pytest.mark.parametrize(("predicted", "agrees"), [(109.0, True), (91.0, True), (112.0, False), (88.0, False)])
def test_ten_per_cent_either_way_agree(predicted: float, agrees: bool) -> None:
    """A prediction may promise a tenth too much or too little, and no more."""
    assert Check(predicted, 100.0, None).agrees == agrees


def test_a_busy_machine_is_told_from_a_wrong_model() -> None:
    """Only where others had the processor is the machine called busy; where nothing is known it is not."""
    assert Check(100.0, 50.0, 0.4).busy
    assert not Check(100.0, 50.0, 0.01).busy
    assert not Check(100.0, 50.0, None).busy
    assert Check(100.0, 50.0, 0.5).unhindered_per_s == 100.0
