"""A recording of the screen is an asciicast of version 2: read here as strictly as its format is published."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dashboard.cast import Markers, open_cast
from tests.support.dashboard.frames import outage
from tests.support.dashboard.healthy_frame import burst

Event = tuple[float, str, str]


def read_cast(file: Path) -> tuple[dict[str, Any], list[Event]]:
    """Return header and events; whatever the format does not allow is an error.

    Source: asciicast v2, https://docs.asciinema.org/manual/asciicast/v2
    """
    text = file.read_bytes().decode("utf-8", errors="strict")
    assert text.endswith("\n")
    first, *lines = text[:-1].split("\n")
    header = json.loads(first)
    assert header["version"] == 2
    for key in ("width", "height", "timestamp"):
        assert type(header[key]) is int
        assert header[key] > 0
    assert all(isinstance(value, str) for value in header["env"].values())
    assert header.keys() <= {"version", "width", "height", "timestamp", "duration", "command", "title", "env"}
    return header, [read_event(line) for line in lines]


def read_event(line: str) -> Event:
    """Return one event: time in seconds, code, data."""
    at_s, code, data = json.loads(line)
    assert type(at_s) in {int, float}
    assert at_s >= 0
    assert code in {"o", "i", "m", "r"}
    assert isinstance(data, str)
    assert code != "r" or re.fullmatch(r"[1-9][0-9]*x[1-9][0-9]*", data)
    return float(at_s), code, data


def test_a_recording_is_read_by_the_published_format(tmp_path: Path) -> None:
    """What was written comes back, whatever characters it has, at the time at which it was; nothing is no event."""
    cast = open_cast(tmp_path / "a.cast", (80, 24), now_s=100.0, epoch_s=1_700_000_000)
    cast.write("\x1b[2J µs ✓ \u2028\x00", 100.5)
    cast.write("", 100.6)
    cast.resize((80, 24), 100.7)
    cast.resize((120, 40), 101.0)
    cast.close()
    header, events = read_cast(tmp_path / "a.cast")
    assert (header["width"], header["height"], cast.trouble) == (80, 24, "")
    assert events == [(0.5, "o", "\x1b[2J µs ✓ \u2028\x00"), (1.0, "r", "120x40")]


def test_a_recording_that_is_there_is_replaced_and_one_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A folder or a device is no file to record to."""
    file = tmp_path / "a.cast"
    file.write_text("something longer than a header " * 20)
    open_cast(file, (80, 24), 0.0, 1).close()
    assert read_cast(file)[1] == []
    with pytest.raises(OSError, match="not a file"):
        open_cast(tmp_path, (80, 24), 0.0, 1)
    with pytest.raises(OSError, match="not a file"):
        open_cast(Path("/dev/null"), (80, 24), 0.0, 1)


def test_a_full_disk_ends_a_recording_and_nothing_else() -> None:
    """Why is said once, and what comes later is not written."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    from dashboard.cast import Cast

    with full.open("w", encoding="utf-8") as file:
        cast = Cast(file, (80, 24), 0.0, 1)
        assert cast.trouble == "No space left on device"
        cast.write("more", 1.0)
        cast.close()


def test_markers_stand_at_phases_faults_and_alerts_once_each() -> None:
    """A frame that says the same again marks nothing."""
    markers = Markers()
    first = list(markers.of(burst()))
    assert list(markers.of(burst())) == []
    then = list(markers.of(outage()))
    assert list(markers.of(outage())) == []
    assert any(each.startswith("phase ") for each in first)
    assert any(each.startswith("fault ") for each in then)
    assert any(each.endswith(" firing") for each in then)
