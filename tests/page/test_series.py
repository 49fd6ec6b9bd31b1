"""The course of a run on disk."""

from pathlib import Path

import pytest

from actors.core.errors import OutputError
from sim.report.run_folder import SERIES
from sim.report.series import Series, read_series
from sim.report.summary import read_summary


def series(folder: Path) -> Series:
    found = read_series(folder)
    assert found is not None
    return found


def test_lines_add_up_to_the_summary(run_folder: Path) -> None:
    """What the lines count is what the run counts: decisions, modes, arrivals, none twice and none left out."""
    samples, summary = series(run_folder).samples, read_summary(run_folder)
    assert sum(each.decided for each in samples) == summary.ledger.decided
    assert sum(each.offered for each in samples) == summary.ledger.offered
    decisions = summary.decisions
    assert [sum(kinds) for kinds in zip(*(each.decisions for each in samples), strict=True)] == [
        *(decisions.approve, decisions.review, decisions.block)
    ]
    assert sum(sum(each.modes) for each in samples) == summary.ledger.decided


def test_a_second_has_a_line(run_folder: Path) -> None:
    """Ten seconds are ten lines and a header, less than a kilobyte each."""
    assert [round(each.at_s) for each in series(run_folder).samples] == list(range(1, 11))
    assert max(map(len, (run_folder / SERIES).read_bytes().splitlines())) < 1_000


def test_a_line_that_is_not_whole_is_left_out(run_folder: Path, tmp_path: Path) -> None:
    """A crash of the machine may cut the last line; all before it count, and it is said."""
    whole = (run_folder / SERIES).read_bytes()
    (tmp_path / SERIES).write_bytes(whole[:-40])
    cut = series(tmp_path)
    assert cut.cut_off
    assert cut.samples == series(run_folder).samples[:-1]


@pytest.mark.parametrize("text", ['{"format":2}\n', "{}\n", "[]\n", "no json\n", '{"format":1}\n{"at_s":"x"}\n{}\n'])
def test_a_series_of_another_version_is_refused(tmp_path: Path, text: str) -> None:
    """One line says which file cannot be used and why."""
    (tmp_path / SERIES).write_text(text)
    with pytest.raises(OutputError, match=r"series\.jsonl: is (of format|not the series of a run)"):
        read_series(tmp_path)
