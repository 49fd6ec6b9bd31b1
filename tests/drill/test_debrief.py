"""``debrief.json`` as a document."""

import pytest

from sim.cli import main
from sim.drill.debrief import AlertTold, debrief_schema, resolved_s
from sim.judging.alert_grades import AlertOnFault
from tests.support.repository import ROOT


def test_schema_in_the_documentation_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    """``docs/debrief.schema.json`` is what ``python -m sim schema debrief`` prints."""
    assert (ROOT / "docs" / "debrief.schema.json").read_bytes() == debrief_schema()
    assert main(["schema", "debrief"]) == 0
    assert capsys.readouterr().out == debrief_schema().decode()


@pytest.mark.parametrize(("until_s", "resolved"), [(30.0, 30.0), (None, None)])
def test_alerts_are_resolved_when_the_last_of_them_is_whether_the_fault_is_over_or_not(
    until_s: float | None, resolved: float | None
) -> None:
    """Of a model that was rolled back the alerts end while its fault is still in; one that still fires ends none."""
    fired = [
        AlertTold(alert="Blocks", fired_at_s=1.0, resolved_at_s=2.0),  # before the injection
        AlertTold(alert="Blocks", fired_at_s=17.0, resolved_at_s=28.0),
        AlertTold(alert="Shift", fired_at_s=19.0, resolved_at_s=until_s),
        AlertTold(alert="Blocks", fired_at_s=60.0),  # for another fault
    ]
    alerts = [
        AlertOnFault(alert=name, detected_after_s=at_s, resolved_after_s=None, firings=1)
        for name, at_s in (("Blocks", 5.0), ("Shift", 7.0))
    ]
    assert resolved_s(alerts, fired, 12.0) == resolved
    assert resolved_s([], fired, 12.0) is None
