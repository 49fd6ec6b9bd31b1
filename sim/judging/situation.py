"""What is going on, in words: one line made of what is measured, never of what was planned or injected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from actors.telemetry.metrics.catalogue import read
from actors.telemetry.window import Window

MOST_CLAUSES: Final = 4
ENOUGH_FRAUDS: Final = 20  # on each side: with fewer a share of them says nothing
OTHER_RATE: Final = 1.5  # times the rate before, or as much below it: beyond the swings of ten seconds
SETTLED_S: Final = 10.0  # of the run: before, ten seconds have not passed that could be compared with


def percent(ratio: float) -> str:
    """Return a share as one says it.

    Example:
        >>> percent(0.983), percent(0.0042)
        ('98 %', '0.4 %')
    """
    return f"{100 * ratio:.0f} %" if ratio >= 0.095 else f"{100 * ratio:.1f} %"  # noqa: PLR2004 - two digits from there on


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that is not as usual while a metric of the last 10 s is above a limit.

    Attributes:
        metric: its name.
        above: the limit.
        words: says it, given the value.
        needs_s: how long the run must have gone on: with fewer samples it says nothing.
    """

    metric: str
    above: float
    words: Callable[[float], str]
    needs_s: float = 0.0


def _store(ratio: float) -> str:
    almost_all = 0.95
    return "feature store fails" if ratio >= almost_all else f"feature store fails {percent(ratio)} of look-ups"


SIGNS: Final = (
    Sign("feature_store.error_ratio", 0.02, _store),
    Sign("windows.error_ratio", 0.01, lambda value: f"windows fail for {percent(value)}"),
    Sign("model.errors", 0, lambda value: f"the model failed {value:,.0f} times in 10 s"),
    Sign("restarts", 0, lambda value: f"actors crashed {value:,.0f} times in 10 s"),
    Sign("mode.default.ratio", 0.01, lambda value: f"{percent(value)} default"),
    Sign("mode.rules.ratio", 0.02, lambda value: f"{percent(value)} rules"),
    Sign("mode.realtime_only.ratio", 0.05, lambda value: f"{percent(value)} realtime_only"),
    Sign("mode.stale.ratio", 0.05, lambda value: f"{percent(value)} stale"),
    Sign("feature_store.miss_ratio", 0.05, lambda value: f"feature store knows nothing of {percent(value)}"),
    Sign("error_ratio", 0.001, lambda value: f"{percent(value)} errors"),
    Sign("latency.p95", 50_000, lambda value: f"p95 {value / 1_000:,.0f} ms"),
    Sign("mailbox.scorer.fill_ratio", 0.5, lambda value: f"the scorer's mailbox is {percent(value)} full"),
    Sign("mailbox.assembler.fill_ratio", 0.5, lambda value: f"the assembler's mailbox is {percent(value)} full"),
    Sign("dead_letter_ratio", 0.005, lambda value: f"{percent(value)} dead letters"),
    Sign("duplicate_ratio", 0.005, lambda value: f"{percent(value)} duplicates"),
    Sign("psi.max", 0.5, lambda value: f"inputs drift, PSI {value:.1f}", SETTLED_S),
)
Clause = tuple[str, str]
"""The metric that a clause is about, and its words."""
_BESIDE: Final = {"feature_store.miss_ratio": "feature_store.error_ratio"}  # the second says it already


@dataclass(frozen=True, slots=True)
class Found:
    """Frauds whose truth has become known, and those of them that were reviewed or blocked."""

    frauds: int
    detected: int

    def share_since(self, before: "Found") -> float | None:
        """Return the share that was detected since ``before``; None of too few."""
        frauds = self.frauds - before.frauds
        return (self.detected - before.detected) / frauds if frauds >= ENOUGH_FRAUDS else None


class Situation:
    """Follows one run.

    Args:
        label_delay_s: from a decision to its label, on the run's clock; None where nobody knows.
    """

    def __init__(self, label_delay_s: float | None) -> None:
        self._delay_s = label_delay_s
        self._since_s: float | None = None
        self._begun_s: dict[str, float] = {}  # of each clause, by what it is about
        self._usual_rate: float | None = None
        self._known_before: Found | None = None

    def read(self, at_s: float, recent: Window, known: Found | None) -> str:
        """Return the line at ``at_s`` of the run.

        Args:
            at_s: since the run began.
            recent: the last 10 s.
            known: what is known of frauds so far; None where there are no labels.
        """
        clauses = [*_signs(at_s, recent), *self._rate(at_s, recent)]
        self._begun_s = {about: self._begun_s.get(about, at_s) for about, _ in clauses}
        if not clauses:
            self._since_s = self._known_before = None
            return _usual(recent)
        self._since_s = at_s if self._since_s is None else self._since_s
        since_s = int(self._begun_s[clauses[0][0]])
        shown = [words for _, words in clauses[:MOST_CLAUSES]]
        shown[0] += f" since {since_s // 60}:{since_s % 60:02d}"
        return "; ".join([*shown[:2], *self._recall(at_s, known), *shown[2:]])

    def _rate(self, at_s: float, recent: Window) -> list[Clause]:
        """Return whether another rate is offered than before; what is usual is learnt while all is."""
        rate = read("offered_rate", recent)
        if rate is None or at_s < SETTLED_S:
            return []
        if not self._usual_rate:
            self._usual_rate = rate
        times = rate / self._usual_rate if self._usual_rate else 1.0
        if 1 / OTHER_RATE < times < OTHER_RATE:
            return []
        words = f"{times:.1f} times the load before" if times > 1 else f"only {percent(times)} of the load before"
        return [("offered_rate", words)]

    def _recall(self, at_s: float, known: Found | None) -> list[str]:
        """Return how much fraud is caught since, as far as labels have come, against before."""
        if known is None or self._delay_s is None or self._since_s is None or at_s < self._since_s + self._delay_s:
            return []
        if self._known_before is None:
            self._known_before = known
        before, now = self._known_before.share_since(Found(0, 0)), known.share_since(self._known_before)
        return [] if before is None or now is None else [f"recall {percent(now)} against {percent(before)} before"]


def _signs(at_s: float, recent: Window) -> list[Clause]:
    values = {sign.metric: read(sign.metric, recent) or 0.0 for sign in SIGNS if at_s >= sign.needs_s}
    found = {sign.metric: sign for sign in SIGNS if values.get(sign.metric, 0.0) > sign.above}
    return [(name, sign.words(values[name])) for name, sign in found.items() if _BESIDE.get(name) not in found]


def _usual(recent: Window) -> str:
    full, p95_us = read("mode.full.ratio", recent), read("latency.p95", recent)
    if full is None or p95_us is None:
        return ""
    return f"all as usual: {percent(full)} full, p95 {p95_us / 1_000:.1f} ms"
