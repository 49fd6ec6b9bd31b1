"""Laws of the calibration file."""

from pathlib import Path

import pytest

from actors.core.errors import ArtifactError, OutputError
from sim.clocks.calibration_file import CALIBRATION_FILE, FORMAT_VERSION, Calibration, digest, read_calibration
from sim.clocks.costs import Cost, Costs

FOUND = Calibration(
    model="0123456789ab",
    machine="a machine",
    costs=Costs(features=Cost(1_000.0, 7.0, ((1, 192.0), (16, 822.0)))),
    predicted_per_s=60_000.0,
    measured_per_s=61_000.0,
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """The file holds all of it, under a name that no digest of the manifest covers."""
    assert FOUND.write(tmp_path) == tmp_path / CALIBRATION_FILE
    assert read_calibration(tmp_path) == FOUND
    assert [each.name for each in tmp_path.iterdir()] == [CALIBRATION_FILE]


def test_a_model_without_one_has_none(tmp_path: Path) -> None:
    """It is not an error to have measured nothing yet."""
    assert read_calibration(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read: Input data was truncated"),
        ("{}", "cannot be read: Object missing required field `model`"),
        ('{"format_version": 9}', "cannot be read"),
    ],
)
def test_a_damaged_one_is_refused_in_a_line(tmp_path: Path, content: str, reason: str) -> None:
    """It names the file, the problem and the remedy."""
    (tmp_path / CALIBRATION_FILE).write_text(content)
    with pytest.raises(ArtifactError, match=reason) as caught:
        read_calibration(tmp_path)
    assert "python -m sim calibrate" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_one_of_another_version_is_refused(tmp_path: Path) -> None:
    """A file whose meaning may have changed is not guessed at."""
    file = FOUND.write(tmp_path)
    file.write_text(file.read_text().replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 99'))
    with pytest.raises(ArtifactError, match=f"format_version must be {FORMAT_VERSION}, got 99"):
        read_calibration(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The old one stays, and the error says what to do."""
    with pytest.raises(OutputError, match="must be writable"):
        FOUND.write(tmp_path / "nowhere")


def test_the_digest_names_the_costs() -> None:
    """Equal costs have one name; a cost that differs in the last digit has another."""
    assert digest(Costs()) == digest(Costs())
    assert digest(Costs(parse=Cost(8.0, 1.1000001))) != digest(Costs())
