"""How one expectation stands."""

from typing import Literal

import msgspec

from sim.scenario.scenario import ALWAYS, Expectation
from sim.units import render_duration

ExpectationState = Literal["waiting", "holding", "passed", "failed", "inconclusive", "skipped"]


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """The samples that a percentile rests on, and how many of them are on the wrong side of its limit.

    Attributes:
        metric: the percentile, with its scope.
        of: how many there were, n.
        beyond: how many were beyond the limit, k: at or above it for ``<``, at or below it for ``>``; null for a
            percentile that is not held against a limit by itself.
        beyond_at_most: where the limit lies within a counter of the histogram ``beyond`` is the least k can be, and
            this the most; otherwise null.
        below: beyond means below the limit, since the rule is a ``>``.
    """

    metric: str
    of: int
    beyond: int | None = None
    beyond_at_most: int | None = None
    below: bool = False

    def __str__(self) -> str:
        """Return them for a reader, such as ``12 of 200 beyond``."""
        if self.beyond is None:
            return f"{self.of:,} samples of {self.metric}"
        most = "" if self.beyond_at_most is None else f" to {self.beyond_at_most:,}"
        return f"{self.beyond:,}{most} of {self.of:,} {'below' if self.below else 'beyond'}"


def between(from_s: float, to_s: float) -> str:
    """Return a stretch of the run in words.

    Example:
        >>> between(290.0, 300.0)
        '290 s to 300 s'
    """
    return f"{from_s:,.10g} s to {to_s:,.10g} s"


class WindowTally(msgspec.Struct, frozen=True, kw_only=True):
    """What the windows of an expectation with ``every`` came to, and which was the worst.

    Attributes:
        every_s: how long a window is.
        of: windows that have ended.
        failed: those in which it did not hold.
        inconclusive: those that prove nothing.
        worst_from_s: when the worst window began, since the run began; value and samples are its own.
        worst_to_s: when it ended.
    """

    every_s: float
    of: int
    failed: int
    inconclusive: int
    worst_from_s: float
    worst_to_s: float

    def __str__(self) -> str:
        """Return it for a reader, such as ``from 290 s to 300 s, the worst of 30 windows; 1 failed``."""
        which = f"from {between(self.worst_from_s, self.worst_to_s)}, the worst of {self.of:,} windows"
        return f"{which}; {self.failed:,} failed" if self.failed else which


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one expectation stands.

    Attributes:
        state: waiting or holding while its span lasts; passed, failed or inconclusive once it is judged; skipped when
            the run was cut before it, or when it is about this process and the machine is modelled.
        wanted: the rule, with its span, as the scenario states it.
        value: what was seen, with unit; "" where there was nothing to see.
        note: why it could not be judged; "" otherwise.
        samples: of each percentile in the rule, in its order.
        windows: of an expectation with ``every``, once one has ended; null for any other.
    """

    name: str
    state: ExpectationState
    wanted: str
    value: str = ""
    note: str = ""
    samples: tuple[Samples, ...] = ()
    windows: WindowTally | None = None

    @property
    def counted(self) -> str:
        """The samples of its percentiles, and its worst window, in words; "" where it has neither."""
        return ", ".join(map(str, self.samples if self.windows is None else (*self.samples, self.windows)))


def wanted(expectation: Expectation) -> str:
    """Return the rule in words.

    Example:
        >>> wanted(Expectation(name="tail", during="burst", expr="latency.p95 < 50ms"))
        'latency.p95 < 50ms during burst'
    """
    if expectation.expr is not None:
        settling = f", {render_duration(expectation.within)} after its start" if expectation.within else ""
        least = "" if expectation.min_samples is None else f", from {expectation.min_samples:,} samples on"
        each = "" if expectation.every is None else f" in every {render_duration(expectation.every)}"
        return f"{expectation.expr}{each} during {expectation.during or ALWAYS}{settling}{least}"
    if expectation.never is not None:
        return f"{expectation.never} never fires during {expectation.during or ALWAYS}"
    parts = [
        f"{verb} within {render_duration(span)}"
        for verb, span in (("fires", expectation.fires_within), ("resolves", expectation.resolves_within))
        if span is not None
    ]
    of = f" of {expectation.during}" if expectation.during else ""
    return f"{expectation.alert} {' and '.join(parts)}{of}"


def skipped(expectation: Expectation, note: str = "the run was cut short") -> ExpectationResult:
    """Return the result of an expectation that is not judged, and ``note`` why."""
    return ExpectationResult(name=expectation.name, state="skipped", wanted=wanted(expectation), note=note)
