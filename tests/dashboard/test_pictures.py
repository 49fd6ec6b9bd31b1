"""The smallest screen, kept as text: a change of a picture is seen in review.

`python -m tests.dashboard.test_pictures` draws them again.
"""

from pathlib import Path

import pytest

from dashboard.screen import ViewState, render
from tests.support.dashboard.frames import SAMPLES

FOLDER = Path(__file__).parent / "pictures"
VIEWS = {
    "steady": ViewState(),
    "burst": ViewState(),
    "outage": ViewState(),
    "failing": ViewState(),
    "bare": ViewState(),
    "workers": ViewState(),
}
HELP = {"burst-help": ViewState(help=True), "outage-final": ViewState(final=True)}


def draw(name: str) -> str:
    """Return the picture of a sample at 80×24, a bar at the right edge so that its width shows."""
    sample, view = name.partition("-")[0], {**VIEWS, **HELP}[name]
    rows = render(SAMPLES[sample](), 80, 24, view).rows
    return "".join("".join(segment.text for segment in line) + "|\n" for line in rows)


@pytest.mark.parametrize("name", [*VIEWS, *HELP])
def test_the_picture_is_as_it_was(name: str) -> None:
    """The text of each sample at 80×24 is the one kept in `pictures/`."""
    assert draw(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in (*VIEWS, *HELP):
        (FOLDER / f"{each}.txt").write_text(draw(each), encoding="utf-8")
