"""Cases that were read rightly from the start, and must stay so."""

from collections.abc import Callable

import pytest

from tests.support.cases import Case


@pytest.mark.parametrize(("number", "scenario"), [("01", "bom"), ("01", "bomq")])
def test_every_row_of_a_sound_file_is_decided(case: Callable[[str], Case], number: str, scenario: str) -> None:
    """A file that a rule-abiding program wrote is replayed whole, whatever it begins with."""
    outcome = case(number).run(scenario)
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300
