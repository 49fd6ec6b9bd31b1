"""Every kind of page in a real browser, with the network off."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from sim.page.compare_page import compare_page
from sim.page.comparison import compare
from sim.page.recorded import read_run
from sim.page.writing import put, rebuild
from sim.report.run_folder import REPORT, SUMMARY
from tests.support.browser import chromium, opened
from tests.support.pages import other_run, run_folder
from tests.support.repository import ROOT

__all__ = ["other_run", "run_folder"]

MOST_STOPS = 150
KINDS = ("run", "killed", "compare", "twin", "explore", "drill")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start one browser for all pages."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture(scope="module")
def pages(
    driver: Chrome, run_folder: Path, other_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return a page of each kind."""
    place = tmp_path_factory.mktemp("pages")
    for name in ("killed", "drill"):
        shutil.copytree(run_folder, place / name)
    (place / "killed" / SUMMARY).unlink()
    for name, file in (("twin", "twin.json"), ("explore", "explore.json"), ("drill", "debrief.json")):
        (place / name).mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests" / "page" / file, place / name / file)
    put(place / "compare.html", compare_page(compare(read_run(other_run), read_run(run_folder))))
    made = {name: rebuild(place / name) for name in KINDS if name not in {"run", "compare"}}
    return {**made, "run": run_folder / REPORT, "compare": place / "compare.html"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_without_an_error_or_a_network(driver: Chrome, pages: dict[str, Path], kind: str) -> None:
    """Nothing is fetched, the console stays empty, every chart is drawn, and no text of a scenario has become code."""
    seen = opened(driver, pages[kind])
    assert seen["errors"] == []
    assert seen["fetched"] == []
    assert seen["charts"] == seen["places"]
    assert (seen["places"] > 0) == (kind not in {"twin", "explore"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_a_phone(driver: Chrome, pages: dict[str, Path], kind: str) -> None:
    """At 390 px the page does not scroll sideways; wide tables do so by themselves."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert opened(driver, pages[kind])["overflow"] <= 0
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_keyboard_stops_only_where_something_is(driver: Chrome, pages: dict[str, Path]) -> None:
    """Tab goes from link to button to the table behind each chart, never to a canvas without a name."""
    opened(driver, pages["run"])
    names: list[str] = []
    told = "const at = document.activeElement; return at === document.body ? '' : at.ariaLabel || at.textContent.trim()"
    for _ in range(MOST_STOPS):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        names.append(driver.execute_script(told))
        if not names[-1]:
            break
    figures = [each for each in names if each.startswith("Figures of")]
    assert len(figures) == len(driver.find_elements("class name", "chart")) > 0
    last = driver.execute_script("return [...document.querySelectorAll('summary')].at(-1).textContent.trim()")
    assert names[-2] == last


def test_charts_follow_light_and_dark(driver: Chrome, pages: dict[str, Path]) -> None:
    """Words at the axes have another colour on a dark ground, and change with it while the page is open."""
    colours = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        colours.append(opened(driver, pages["run"])["colours"])
    assert all(len(each) == 1 for each in colours)
    assert colours[0] != colours[1]


def test_each_chart_has_a_picture_on_paper(driver: Chrome, pages: dict[str, Path]) -> None:
    """A canvas would keep the width of the screen; the pictures are gone again afterwards."""
    opened(driver, pages["run"])
    counted = "dispatchEvent(new Event(arguments[0])); return document.querySelectorAll('.printed').length"
    pictures = driver.execute_script(counted, "beforeprint")
    assert pictures == len(driver.find_elements("class name", "chart")) > 0
    assert driver.execute_script(counted, "afterprint") == 0


def test_buttons_cut_all_charts_to_a_stretch(driver: Chrome, pages: dict[str, Path]) -> None:
    """One axis of time: a button for a phase or a fault moves every chart."""
    opened(driver, pages["run"])
    button = driver.find_element("xpath", "//button[text()='outage']")
    button.click()
    ranges = driver.execute_script(
        "return Bokeh.documents.flatMap((doc) => doc.roots()).filter((root) => root.x_range.name === 'time')"
        ".map((root) => [root.x_range.start, root.x_range.end])"
    )
    assert len(ranges) > 5
    assert {tuple(round(each) for each in pair) for pair in ranges} == {(3, 7)}
    assert button.get_attribute("aria-pressed") == "true"
