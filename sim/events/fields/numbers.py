"""Numbers as instants: so many seconds, hours or days since a moment."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from actors.arrays import F64, I64, Bool
from actors.clock import NS_PER_US, US_PER_DAY, US_PER_HOUR, US_PER_S

US_PER: dict[str, int] = {"us": 1, "ms": 1_000, "s": US_PER_S, "min": 60 * US_PER_S, "h": US_PER_HOUR, "d": US_PER_DAY}
_NUMBER = r"^([+-]?)([0-9]+)(?:\.([0-9]*))?$"
_FAR = 2**62  # microseconds; stands for all that is farther than any time we take


@dataclass(frozen=True, slots=True)
class Counts:
    """A column of numbers; each array has a value a row.

    Attributes:
        whole: the part before the point, with its sign; cut at 2^62.
        fraction: the rest, with the same sign.
        numeric: whether it is a number.
    """

    whole: I64
    fraction: F64
    numeric: Bool

    @staticmethod
    def of(column: pl.Series) -> "Counts | None":
        """Return the numbers in ``column``, exactly as written; None when its type holds none."""
        if column.dtype == pl.String:
            return _of_texts(column.str.strip_chars())
        if column.dtype.is_float():
            values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
            numeric = np.isfinite(values)
            known = np.clip(np.where(numeric, values, 0.0), -_FAR, _FAR)
            whole = np.trunc(known)
            return Counts(whole.astype(np.int64), known - whole, numeric)
        if column.dtype.is_numeric():
            texts = column.cast(pl.String)
            return _of_texts(texts)
        return None

    def event_us(self, unit: str, since_us: int) -> I64:
        """Return microseconds since the Unix epoch; what is too far for that is cut at 2^62 on its side."""
        if unit == "ns":
            return _bounded(self.whole // NS_PER_US, since_us)
        per = US_PER[unit]
        limit = _FAR // per
        parts = np.rint(self.fraction * per).astype(np.int64)
        near = np.abs(self.whole) < limit
        us = np.where(near, np.where(near, self.whole, 0) * per + parts, np.sign(self.whole) * _FAR)
        return _bounded(us, since_us)


def _bounded(us: I64, since_us: int) -> I64:
    return np.clip(us, -_FAR, _FAR) + since_us


def _of_texts(texts: pl.Series) -> Counts:
    parts = texts.str.extract_groups(_NUMBER).struct
    minus = (parts.field("1") == "-").fill_null(value=False).to_numpy()
    digits = parts.field("2")
    whole = digits.cast(pl.Int64, strict=False).fill_null(_FAR).to_numpy()
    fraction = ("0." + parts.field("3").fill_null("") + "0").cast(pl.Float64).to_numpy()
    sign = np.where(minus, -1, 1)
    return Counts(sign * np.minimum(whole, _FAR), sign * fraction, digits.is_not_null().to_numpy())
