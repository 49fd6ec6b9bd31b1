"""What ``docs/reports.md`` shows can be typed, and does what the page says."""

import shlex
import shutil
import webbrowser
from pathlib import Path

import pytest

from sim.cli import main
from sim.report import run_folder
from sim.report.run_folder import REPORT
from tests.support.repository import shown_commands

COMMANDS = [shlex.split(line)[3:] for line in shown_commands("python -m sim", "docs/reports.md")]
STAMP = "20260105-120000"  # of the folder that the page names


def shown(name: str) -> list[str]:
    """Return the words of the command of that name."""
    (words,) = [each for each in COMMANDS if each[0] == name]
    return words


@pytest.fixture(scope="module")
def place(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the run of the page was made, by its own words; a second of it is enough."""
    place = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(run_folder, "_now", lambda: STAMP)
        assert main([*shown("run"), "--duration", "1s", "--model", str(world_model)]) in {0, 3}
    return place


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def test_every_command_of_the_page_is_run_here() -> None:
    """Or one could be shown that does not work."""
    assert sorted(each[0] for each in COMMANDS) == ["compare", "open", "report", "run"]


def test_the_page_of_the_latest_run_is_opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument, in the browser, and made first where it is not there."""
    addresses: list[str] = []

    def browser(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    page = place / shown("report")[1] / REPORT
    for _ in range(2):
        assert main(shown("open")) == 0
        assert page.is_file()
        page.unlink()
    assert addresses == [page.as_uri()] * 2


def test_without_a_browser_it_is_said_where_the_page_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, and the page is there."""
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert main(shown("open")) == 2
    page = Path(shown("report")[1], REPORT)
    assert capsys.readouterr().err == f"{page}: no browser can be opened here; open this file in one yourself\n"
    assert page.is_file()


def test_the_page_is_made_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """In the folder that the command names, over the old one."""
    page = Path(shown("report")[1], REPORT)
    page.write_text("an old one")
    assert main(shown("report")) == 0
    assert capsys.readouterr().out == f"report in {page}\n"
    assert "feature-store-outage" in page.read_text()


def test_two_runs_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures that did not change are within every tolerance; what is printed is written as a page too."""
    before, after = shown("compare")[1:3]
    for folder in (before, after):
        shutil.copytree(shown("report")[1], folder)
    assert main(shown("compare")) == 0
    page = Path("runs", f"compare-{Path(before).name}-{Path(after).name}.html")
    assert capsys.readouterr().out.endswith(f"page in {page}\n")
    assert "two riskdrill runs compared" in page.read_text()
