"""Which columns ``inspect`` takes for what, by their names."""

from pathlib import Path

import pytest

from sim.inspection.inspection import Asked, inspected
from tests.support.sim.inspected_files import COLUMNS, write


@pytest.mark.parametrize(
    ("field", "names", "taken", "unsure"),
    [
        ("when", ("settlement_date", "auth_time"), "event_time: settlement_date", True),
        ("when", ("expiry_date", "booked"), "event_time: booked", False),
        ("card", ("card_last4", "card_hash"), "card: card_hash", False),
        ("shop", ("merchant_category", "merchant_ref"), "merchant: merchant_ref", False),
    ],
)
def test_a_name_that_says_one_word_of_it_may_mean_another(
    tmp_path: Path, field: str, names: tuple[str, str], taken: str, *, unsure: bool
) -> None:
    """A part, a kind or another date of what is looked for is not taken for it, and two that are alike are told."""
    others = {known: cell for known, cell in COLUMNS.items() if known != field}
    found = inspected(Asked(write(tmp_path / "data.csv", others | dict.fromkeys(names, COLUMNS[field]))))
    assert f"    {taken}\n" in found.section
    assert bool(found.proposal.doubts) == unsure


def test_another_row_is_named_where_one_speaks_against_it(tmp_path: Path) -> None:
    """A column that is written in two ways is told with both rows."""
    ids = {"tx_id": lambda number: str(number) if number else "0.0"}
    found = inspected(Asked(write(tmp_path / "data.csv", COLUMNS | ids)))
    assert found.proposal.absent["id"] == (
        "tx_id row 2: id is a whole number without .0, and in row 1 with it: one key would be two, got '1'; "
        "export the column as text or as whole numbers; row numbers serve"
    )


@pytest.mark.parametrize("name", ["not_fraud", "isNonFraud", "No Fraud", "fraud_predicted", "fraud_probability"])
def test_a_column_that_is_about_fraud_and_no_label_is_not_taken_for_one(tmp_path: Path, name: str) -> None:
    """The opposite of a label, and what a model says, have fraud in their names too."""
    others = {known: cell for known, cell in COLUMNS.items() if known != "fraud"}
    found = inspected(Asked(write(tmp_path / "data.csv", others | {name: COLUMNS["fraud"]})))
    assert [line for line in found.section.splitlines() if "fraud" in line.lower()] == [
        "    # fraud: no column looks like a label"
    ]
