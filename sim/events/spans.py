"""What the spans of a file hold that a model is trained on and judged by."""

import datetime as dt

from sim.events.event_file import Contents, EventFile
from sim.events.spec import EventsSpec
from sim.tables.problem import problem


def training_contents(spec: EventsSpec) -> dict[str, Contents]:
    """Return what ``train`` and ``test`` of a file hold, by name; those that are not given are left out.

    Raises:
        TransactionFileError: a row of them breaks a rule, or one has no fraud, or nothing else.
    """
    file, found = EventFile.open(spec), {}
    for name, period in (("train", spec.train), ("test", spec.test)):
        if period is None:
            continue
        contents = file.contents(period)
        if not 0 < contents.frauds < contents.rows:
            what = "no fraud" if contents.frauds == 0 else "nothing but fraud"
            span = f"from {minute(contents.first_us)} to {minute(contents.last_us)}"
            text = f"has {what} in events.{name}, {span}, and a model needs both kinds; choose another span"
            raise problem(spec.file, text)
        found[name] = contents
    return found


def told(contents: Contents) -> str:
    """Return what a stretch of a file holds, for a reader."""
    frauds = f"{contents.frauds:,} of them fraud" if contents.frauds else "none of them known to be fraud"
    return f"{contents.rows:,} transactions, {frauds}, {minute(contents.first_us)} to {minute(contents.last_us)} UTC"


def minute(event_us: int) -> str:
    """Return an event time to the minute, in UTC."""
    return dt.datetime.fromtimestamp(event_us / 1e6, dt.UTC).strftime("%Y-%m-%d %H:%M")
