"""The page of a run."""

import json
import re
import shutil
import tomllib
from pathlib import Path, PurePath
from typing import get_args

import msgspec
import pytest

from actors.core.errors import OutputError
from sim.journal import JournalEntry, JournalKind
from sim.page.recorded import read_run
from sim.page.writing import rebuild
from sim.report.run_folder import AS_WRITTEN, JOURNAL, REPORT, SERIES, SUMMARY, RunFolder
from sim.report.summary import read_summary
from sim.run.command import Request, run_scenario
from tests.support.repository import ROOT

MOST_BYTES = 2_000_000


def test_a_page_is_one_file_without_a_network(run_folder: Path) -> None:
    """It names no address that a browser would fetch, and is under 2 MB."""
    page = (run_folder / REPORT).read_text()
    assert len(page.encode()) < MOST_BYTES
    own = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", own) == []
    assert "@import" not in own
    assert "url(" not in own


def test_no_text_of_a_scenario_becomes_code(run_folder: Path) -> None:
    """A name, a comment or a note with markup in it is shown as it was typed, also inside the charts' JSON."""
    page = (run_folder / REPORT).read_text()
    assert "</script><script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page
    charts = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)
    assert charts is not None
    assert set(json.loads(charts[1])) == {"documents", "items"}
    assert not set("<>&") & set(charts[1])


def test_no_note_of_a_run_becomes_code(run_folder: Path, tmp_path: Path) -> None:
    """Nor does a name, which a journal that was not written by us may give to anything."""
    shutil.copytree(run_folder, tmp_path / "noted")
    markup = "<script>alert(3)</script>"
    entries = [JournalEntry(at_s=1.0, kind=kind, name=markup, detail=markup) for kind in get_args(JournalKind)]
    with (tmp_path / "noted" / JOURNAL).open("ab") as journal:
        journal.writelines(msgspec.json.encode(each) + b"\n" for each in entries)
    page = rebuild(tmp_path / "noted").read_text()
    assert markup not in page
    assert page.count("&lt;script&gt;alert(3)") > len(entries) / 2


def test_no_password_of_an_address_is_handed_round(run_folder: Path) -> None:
    """What stands before the @ of an address is not in the page, though it is in the run's own files."""
    assert "redis://***@127.0.0.1:6379" in (run_folder / REPORT).read_text()
    assert "s3cret" not in (run_folder / REPORT).read_text()


def test_figures_of_the_page_are_those_of_the_summary(run_folder: Path) -> None:
    """Latency from the log's own histograms, and the counts at the head of the page."""
    run, summary = read_run(run_folder), read_summary(run_folder)
    counts = run.latency
    p99_us = counts.percentile_us(99.0)
    assert p99_us is not None
    assert p99_us / 1_000 == summary.latency_p99_ms
    assert counts.total == summary.ledger.decided
    page = (run_folder / REPORT).read_text()
    assert f"<dd>{summary.ledger.decided:,} " in page
    for each in summary.expectations:
        assert each.name in page


def test_a_run_that_was_killed_says_that_it_is_incomplete(run_folder: Path, tmp_path: Path) -> None:
    """What there is of it is shown, up to its last line, and no verdict."""
    folder = tmp_path / "killed"
    shutil.copytree(run_folder, folder)
    (folder / SUMMARY).unlink()
    (folder / SERIES).write_bytes((folder / SERIES).read_bytes()[:-200])
    page = rebuild(folder).read_text()
    assert "did not come to its end" in page
    assert '<span class="verdict open">incomplete</span>' in page
    assert 'id="chart-latency"' in page


def test_a_folder_that_is_written_to_is_left_alone(run_folder: Path) -> None:
    """Who asks for the report of a run that goes on is told to wait."""
    with RunFolder(run_folder), pytest.raises(OutputError, match="is being written right now; wait until the run"):
        rebuild(run_folder)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    """A folder of something else, and what is no folder at all."""
    with pytest.raises(OutputError, match="is not a run's folder"):
        rebuild(tmp_path)
    with pytest.raises(OutputError, match="is not a folder"):
        rebuild(tmp_path / "nowhere")


def test_all_that_a_page_is_made_of_is_packed() -> None:
    """A template that no pattern of the package's data names would be missing where riskdrill is installed."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    patterns = tools["setuptools"]["package-data"]["*"]
    names = [f"templates/{file.name}" for file in (ROOT / "sim" / "page" / "templates").iterdir()]
    assert [name for name in names if not any(PurePath(name).match(each) for each in patterns)] == []
    assert len(names) > 3


def test_a_run_without_a_report_keeps_nothing_for_one(world_model: Path, tmp_path: Path) -> None:
    """So it is with `--report off`, and with all runs that are made in numbers."""
    file = tmp_path / "thin.yaml"
    file.write_text("version: 1\nname: thin\nclock: virtual\nphases: [{name: calm, duration: 1s, rate: 50}]\n")
    run_scenario(Request(file, world_model, out=tmp_path / "run", tui="off"))
    left = {each.name for each in (tmp_path / "run").iterdir()}
    assert SUMMARY in left
    assert not left & {REPORT, SERIES, AS_WRITTEN}
