"""Cases of files that are damaged, packed, in parts, or separated by something else: every row, or the place."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cases import Case

QUOTE = "quote the whole field and double the quotes in it, or remove them"
INSIDE = "row 101, column note: has a quote in the middle of a field"


@pytest.mark.parametrize(
    ("number", "scenario", "said"),
    [
        ("02", "semi", "semi.csv: columns are separated by ';': add separator: ';' to events"),
        ("02", "tab", "tab.csv: columns are separated by a tab: add separator: tab to events"),
        ("03", "inch", f"inch.csv: {INSIDE}, '15\"'; {QUOTE}"),
        ("03", "inchmapped", f"inch.csv: {INSIDE}, '15\"'; {QUOTE}"),
        ("03", "endq", f"endq.csv: {INSIDE}, '15 inch\"'; {QUOTE}"),
        ("03", "midq", f"midq.csv: {INSIDE}, 'the \"big\" one'; {QUOTE}"),
        ("03", "openq", "openq.csv: row 101, column note: a quote opens in row 101 and never closes; "),
        ("11", "bomonly", "bomonly.csv: is empty; give another file"),
        ("11", "head", "head.csv: must hold at least one transaction, but has a header and no row; give another file"),
        ("11", "jblank", "jblank.jsonl: is empty; give another file"),
        ("11", "zero", "zero.csv: is empty; give another file"),
        ("12", "cut", "cut.parquet: is cut off: it does not end as Parquet does; fetch or write it again"),
        ("12", "gznamed", "gznamed.csv: is packed by gzip: let its name end in .gz"),
        ("12", "jarr", "jarr.jsonl: row 1: holds one JSON array, not one object a line; write it as lines"),
        ("12", "latin", "latin.csv: row 1: is not UTF-8; save the file as UTF-8"),
        ("12", "xlsx", "events.file is a spreadsheet: save it as CSV (UTF-8), and give that, got xlsx.xlsx"),
        ("13", "dupcol", "dupcol.csv: has 2 columns named amount (number 5 and 8); rename all but one"),
        ("13", "short", "short.csv: row 100: has 5 fields, but the header has 7 (separated by ','); mend or drop"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_refused_in_one_line(
    case: Callable[[str], Case], number: str, scenario: str, said: str
) -> None:
    """What, where and what to do, in a line of our own words, before anything is replayed."""
    outcome = case(number).run(scenario)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert said in line
    assert not outcome.summary


@pytest.mark.parametrize(
    ("number", "scenario"),
    [
        ("03", "nl"),
        ("11", "blanks"),
        ("11", "trail"),
        ("12", "folder"),
        ("12", "gz"),
        ("12", "tsv"),
        ("12", "upper"),
        ("13", "trailing"),
        ("13", "unnamed"),
    ],
)
def test_a_sound_file_is_replayed_whole(case: Callable[[str], Case], number: str, scenario: str) -> None:
    """Packed, in parts, with blank lines, with fields of several lines: all 300 rows are decided."""
    outcome = case(number).run(scenario)
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300


@pytest.mark.parametrize(("scenario", "separator"), [("tab", "tab"), ("tab", r"\t")])
def test_the_key_that_is_offered_reads_the_file(case: Callable[[str], Case], scenario: str, separator: str) -> None:
    """Who writes what the refusal says has every row replayed."""
    outcome = case("02").run(scenario, "--set", f"events.separator={separator}")
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300


def test_two_stray_quotes_far_apart_lose_no_row_in_silence(case: Callable[[str], Case], tmp_path: Path) -> None:
    """An inch sign in a column that is not even mapped is told with its row."""
    stray = case("03")
    for name in ("big.py", "bigeven.yaml"):
        shutil.copy(stray.folder / name, tmp_path)
    subprocess.run([sys.executable, "big.py"], cwd=tmp_path, check=True)
    outcome = replace(stray, folder=tmp_path).run("bigeven")
    assert outcome.code == 2
    assert "bigeven.csv: row 1001, column note: has a quote in the middle of a field, '27\" screen'" in outcome.err


def test_a_wide_header_is_not_printed_whole(case: Callable[[str], Case]) -> None:
    """Of hundreds of columns the refusal names the nearest and says how many there are."""
    outcome = case("16").run("wide")
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert len(line) < 300
    assert "the nearest of its 437 columns are" in line or "did you mean" in line
