"""Local times as instants: what a clock on a wall says, in a zone whose clocks go forward and back."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from actors.arrays import I64, Bool
from actors.clock import US_PER_DAY, US_PER_S

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - on a clock of any zone
_US = dt.timedelta(microseconds=1)
_US_PER_MINUTE = 60 * US_PER_S  # no zone changes its clock within a minute


@dataclass(frozen=True, slots=True)
class Instants:
    """Local times as instants; each array has a value a time.

    Attributes:
        event_us: microseconds since the Unix epoch; of the first where there are two.
        twice: the clock said so twice, once before it went back and once after.
        never: the clock never said so: it went forward over it.
    """

    event_us: I64
    twice: Bool
    never: Bool

    @staticmethod
    def of(local_us: I64, timezone: str) -> "Instants":
        """Return the instants at which clocks in ``timezone`` say ``local_us``; the years must be 1 to 9999."""
        none = np.zeros(len(local_us), dtype=np.bool_)
        if timezone == "UTC":
            return Instants(local_us, none, none)
        zone = ZoneInfo(timezone)
        days, day = np.unique(local_us // US_PER_DAY, return_inverse=True)
        edges = [
            (_offset_us(each * US_PER_DAY, zone), _offset_us((each + 1) * US_PER_DAY, zone)) for each in days.tolist()
        ]
        first, last = np.array(edges, dtype=np.int64).reshape(-1, 2).T
        changing = (first != last)[day]
        before, after = first[day], first[day]
        minutes, minute = np.unique(local_us[changing] // _US_PER_MINUTE, return_inverse=True)
        for offsets, fold in ((before, 0), (after, 1)):
            each_us = [_offset_us(each * _US_PER_MINUTE, zone, fold) for each in minutes.tolist()]
            offsets[changing] = np.array(each_us, dtype=np.int64)[minute]
        return Instants(local_us - before, before > after, before < after)


def _offset_us(local_us: int, zone: ZoneInfo, fold: int = 0) -> int:
    local = (_EPOCH + dt.timedelta(microseconds=local_us)).replace(tzinfo=zone, fold=fold)
    offset = local.utcoffset()
    return 0 if offset is None else offset // _US
