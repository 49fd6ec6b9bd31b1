"""The instants on a batch's track: written for all its rows, and read as spans.

While all is quiet a batch holds one transaction, and one array operation costs as much as ten on plain numbers: so
each of these functions has a road for few rows beside the one on arrays, with the same outcome.
"""

from actors.arrays import I64
from actors.clock import NS_PER_US
from actors.messages import Track
from actors.telemetry.histogram import Histogram

FEW = 16  # rows up to which plain numbers are quicker than arrays

NUMBER, ARRIVAL, SENT, ASSEMBLY_START, ASSEMBLED, SCORING_START, DECIDED, LOGGING_START, LOGGED = map(int, Track)


def stamp(track: I64, column: int, at_ns: int) -> None:
    """Write ``at_ns`` into ``column`` of every row of ``track``, int64 (n, len(Track))."""
    if len(track) == 1:
        track[0, column] = at_ns
    else:
        track[:, column] = at_ns


def record_since(histogram: Histogram, track: I64, column: int, until_ns: int) -> None:
    """Record how long it is from the instant in ``column`` to ``until_ns``, in µs, one value a row of ``track``."""
    if len(track) == 1:
        histogram.record_span((until_ns - track.item(0, column)) // NS_PER_US, 1)
    elif len(track) <= FEW:
        histogram.record_few([(until_ns - since_ns) // NS_PER_US for since_ns in track[:, column].tolist()])
    else:
        histogram.record((until_ns - track[:, column]) // NS_PER_US)


def earliest(track: I64, column: int) -> int:
    """Return the first of the instants in ``column``."""
    if len(track) == 1:
        return int(track.item(0, column))
    return int(track[:, column].min())
