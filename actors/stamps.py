"""The instants on a batch's track: written for all its rows, and read.

While all is quiet a batch holds one transaction, and one array operation costs as much as ten on plain numbers: so
each of these functions has a road for few rows beside the one on arrays, with the same outcome.
"""

from actors.arrays import I64
from actors.messages import Track

FEW = 16  # rows up to which plain numbers are quicker than arrays

NUMBER, ARRIVAL, SENT, ASSEMBLY_START, ASSEMBLED, SCORING_START, DECIDED, LOGGING_START, LOGGED = map(int, Track)


def stamp(track: I64, column: int, at_ns: int) -> None:
    """Write ``at_ns`` into ``column`` of every row of ``track``, int64 (n, len(Track))."""
    if len(track) == 1:
        track[0, column] = at_ns
    else:
        track[:, column] = at_ns


def stamp_both(track: I64, column: int, started_ns: int, ended_ns: int) -> None:
    """Write ``started_ns`` into ``column`` and ``ended_ns`` into the next one, of every row."""
    if len(track) == 1:
        track[0, column], track[0, column + 1] = started_ns, ended_ns
    else:
        track[:, column : column + 2] = started_ns, ended_ns


def earliest(track: I64, column: int) -> int:
    """Return the first of the instants in ``column``."""
    if len(track) == 1:
        return int(track.item(0, column))
    return int(track[:, column].min())
