"""``debrief.json`` as a document."""

import pytest

from sim.cli import main
from sim.drill.debrief import debrief_schema
from tests.support.repository import ROOT


def test_schema_in_the_documentation_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    """``docs/debrief.schema.json`` is what ``python -m sim schema debrief`` prints."""
    assert (ROOT / "docs" / "debrief.schema.json").read_bytes() == debrief_schema()
    assert main(["schema", "debrief"]) == 0
    assert capsys.readouterr().out == debrief_schema().decode()
