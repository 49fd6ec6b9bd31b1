"""A real browser without a screen or a network, in which tests open pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.servers import lacking, unwanted

DRAWN_S = 60.0  # on a machine that does much else


@contextmanager
def chromium(folder: Path, *, dark: bool = False) -> Iterator[Chrome]:
    """Start Chromium with its profile in ``folder``; skips the test where there is none."""
    unwanted("Chromium")
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if programs[0] is None or programs[1] is None:
        lacking("chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = programs[0]
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}"),
        "--host-resolver-rules=MAP * ~NOTFOUND",  # no network
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(programs[1]))
    try:
        yield driver
    finally:
        driver.quit()


def opened(driver: Chrome, page: Path) -> dict[str, Any]:
    """Open ``page``; return what is seen of it once it is drawn.

    Returns:
        ``errors`` and warnings of the console, ``fetched`` addresses, ``charts`` that are drawn, ``overflow``
        of the page beyond the window's width in px.
    """
    driver.get(page.resolve().as_uri())
    WebDriverWait(driver, DRAWN_S).until(
        lambda each: each.execute_script(
            "return document.readyState === 'complete' && "
            "(!document.getElementById('charts') || document.documentElement.dataset.drawn === 'yes')"
        )
    )
    entries: list[dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return {
        "errors": [entry for entry in entries if entry["level"] != "INFO"],  # Bokeh says when it is done
        **driver.execute_script(
            """
            const charts = [...document.querySelectorAll(".chart")];
            const models = window.Bokeh ? Bokeh.documents.flatMap((doc) => doc.roots()) : [];
            return {
              fetched: performance.getEntriesByType("resource").map((each) => each.name),
              charts: charts.filter((each) => each.childElementCount > 0).length,
              places: charts.length,
              colours: [...new Set(models.flatMap((root) => [...root.references()])
                .map((each) => each.major_label_text_color).filter((each) => each !== undefined)
                .map((each) => each?.value ?? each))],
              overflow: document.documentElement.scrollWidth - window.innerWidth,
              title: document.title,
            };
            """
        ),
    }
