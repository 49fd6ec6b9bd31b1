"""The earlier run in a folder, in a line: whoever replaces it should know what is lost."""

import contextlib
import datetime as dt
import os
import stat
from pathlib import Path

import msgspec

RESULTS = ("summary.json", "twin.json", "explore.json")  # the file of a folder that says what its runs came to
SHOWN = 3  # names of files, where there is nothing better to tell it by
MOST_BYTES = 50_000_000  # a summary has about 30,000; what is larger is not read


class _Result(msgspec.Struct):
    scenario: str = ""
    verdict: str = ""


def earlier_run(folder: Path) -> str:
    """Return scenario, verdict and end of the run that left its files in ``folder``; "" when it is empty."""
    try:
        names = sorted(each.name for each in folder.iterdir())
    except OSError:
        return ""
    if not names:
        return ""
    for name in RESULTS:
        with contextlib.suppress(OSError, ValueError):  # what cannot be read is no summary
            content, ended_s = read_regular(folder / name)
            result = msgspec.json.decode(content, type=_Result)
            ended = dt.datetime.fromtimestamp(ended_s, dt.UTC).astimezone().strftime("ended %Y-%m-%d %H:%M:%S")
            return ", ".join(filter(None, (result.scenario, result.verdict, ended)))
    return f"it left no summary, only {', '.join(names[:SHOWN])}{', …' if names[SHOWN:] else ''}"


def read_regular(file: Path) -> tuple[bytes, float]:
    """Return the content of a file and when it was written; a pipe or device is never waited for.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            raise OSError(f"{file}: is no file of ours")
        return stream.read(), about.st_mtime
