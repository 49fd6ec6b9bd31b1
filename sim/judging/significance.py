"""Whether what was measured proves a condition: few samples can prove a failure, and no pass.

A comparison with a percentile is judged by its samples, not by the percentile alone. Of n samples, k are on the wrong
side of the limit: at or above it for ``latency.p95 < 50ms``, at or below it for ``latency.p95 > 50ms``. Of a true p95
under the limit a twentieth of the samples may be above it, and of one over the limit nineteen twentieths below.

- It fails if so many on the wrong side come by chance less than once in a hundred times (one-sided binomial).
- It passes if it holds, and at least ten samples are to be expected beyond the percentile: n · (1 - q) >= 10.
  ``min_samples`` takes the place of this number.
- Anything else is inconclusive, with the reason.

Where the limit lies within a counter of the histogram, k is known only to be between two numbers: the smaller one must
prove a failure, and with the larger one it must still hold. What a percentile is compared with, or computed from, must
have enough samples of its own, for either verdict. A maximum, a mean or a ratio is what it is, from one sample on.

A run does not import scipy for this: one tail of one distribution is twenty lines.

Example:
    >>> round(upper_tail(3, 3, 0.5), 3), round(upper_tail(20, 1_000, 0.01), 5)
    (0.125, 0.00329)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp, lgamma, log, log1p

from actors.telemetry.expression.nodes import Bounds, Comparison, Condition, Logic, Number, Read, Resolve
from actors.telemetry.histogram_counts import HistogramCounts
from sim.judging.result import Samples

_NEGLIGIBLE = 1e-17  # of the sum so far: what follows is less than its last digit


def upper_tail(least: int, trials: int, share: float) -> float:
    """Return the probability of ``least`` or more among ``trials``, each by chance with probability ``share``.

    Terms are added away from the mean, where they shrink: it takes as many as the distribution is wide, a few
    thousand for a hundred million trials.

    Args:
        least: at least this many; 0 or less is certain, more than ``trials`` impossible.
        trials: how many there are.
        share: strictly between 0 and 1.
    """
    if least <= 0:
        return 1.0
    if least > trials:
        return 0.0
    if least > trials * share:
        return min(1.0, _tail_beyond_mean(least, trials, share))
    return max(0.0, 1.0 - _tail_beyond_mean(trials - least + 1, trials, 1.0 - share))


def _tail_beyond_mean(least: int, trials: int, share: float) -> float:
    ways = lgamma(trials + 1) - lgamma(least + 1) - lgamma(trials - least + 1)
    term = total = exp(ways + least * log(share) + (trials - least) * log1p(-share))
    odds = share / (1.0 - share)
    for count in range(least, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term <= total * _NEGLIGIBLE:
            break
    return total


EXPECTED_BEYOND = 10  # samples beyond a percentile that make it more than an accident
BY_CHANCE = 0.01
NO_SAMPLES = "there were no samples to judge it by"
NOT_SETTLED = "of a percentile beyond 1 h only that is known, which does not settle it"
NO_FIGURE = "it divides by 0, of which nothing comes"
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

CountsOf = Callable[[Read], HistogramCounts | None]
"""Return the histogram that a percentile is read from, None without one."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved of a condition.

    Attributes:
        holds: True and False are proved; None is not.
        samples: of each percentile read, in the order of the expression.
        note: why nothing is proved; "" otherwise.
    """

    holds: bool | None
    samples: tuple[Samples, ...] = ()
    note: str = ""


def prove(condition: Condition, resolve: Resolve, counts_of: CountsOf, min_samples: int | None = None) -> Proof:
    """Return what the figures and samples of a span prove of ``condition``.

    Args:
        condition: of an expectation.
        resolve: gives the figure of a metric.
        counts_of: gives the samples of a percentile.
        min_samples: how many are enough for a pass; None: as many as the percentile needs.
    """
    if isinstance(condition, Comparison):
        return _JudgedComparison(condition, resolve, counts_of, min_samples).proof()
    parts = [prove(part, resolve, counts_of, min_samples) for part in condition.parts]
    return _joined(condition, parts)


def _joined(condition: Logic, parts: Sequence[Proof]) -> Proof:
    """Return Kleene's conjunction or disjunction of the parts."""
    decisive = condition.word == "or"
    held = [part.holds for part in parts]
    holds = decisive if decisive in held else None if None in held else not decisive
    samples = tuple(dict.fromkeys(each for part in parts for each in part.samples))
    notes = "; ".join(dict.fromkeys(part.note for part in parts if part.note))
    return Proof(holds, samples, notes if holds is None else "")


class _JudgedComparison:
    """One comparison, judged."""

    def __init__(self, comparison: Comparison, resolve: Resolve, counts_of: CountsOf, min_samples: int | None) -> None:
        self._comparison = comparison
        self._resolve = resolve
        self._min_samples = min_samples
        self._judged, self._sign, self._limit = _sides(comparison)
        reads = {str(read): read for read in comparison.reads() if read.metric.percent is not None}
        self._counts = {name: counts_of(read) or HistogramCounts() for name, read in reads.items()}
        self._reads = reads

    def proof(self) -> Proof:
        """Return what is proved, with the samples it rests on."""
        holds = self._comparison.evaluate(self._resolve)
        limit = None if self._limit is None else self._limit.evaluate(self._resolve)
        tally = self._tally(limit)
        samples = tuple(self._samples(name, tally) for name in self._reads)
        thin = list(self._thin())
        if not self._reads or any(not counts.total for counts in self._counts.values()):
            return Proof(holds, samples, "" if holds is not None else self._why_open())
        others = [name for name, _ in thin if self._judged is None or name != str(self._judged)]
        if tally is not None and tally.refutes and not others:
            return Proof(False, samples)
        if tally is None and holds is False and not thin:
            return Proof(False, samples)
        if holds and not thin and (tally is None or tally.surely_holds):
            return Proof(True, samples)
        return Proof(None, samples, self._why_not_proved(thin, tally, holds=holds))

    def _thin(self) -> Iterator[tuple[str, int]]:
        """Yield each percentile that has too few samples for a pass, and how many it needs."""
        for name, read in self._reads.items():
            needed = enough_for(read.metric.percent or 0.0) if self._min_samples is None else self._min_samples
            if self._counts[name].total < needed:
                yield name, needed

    def _tally(self, limit: Bounds | None) -> "_Tally | None":
        """Return how the samples of the judged percentile lie to the limit; None without such a line."""
        if self._judged is None or limit is None or self._sign not in ("<", "<=", ">", ">="):
            return None
        return _Tally.of(self._counts[str(self._judged)], self._judged.metric.percent or 0.0, self._sign, limit)

    def _samples(self, name: str, tally: "_Tally | None") -> Samples:
        total = self._counts[name].total
        if tally is None or self._judged is None or name != str(self._judged):
            return Samples(metric=name, of=total)
        below = self._sign in (">", ">=")
        most = tally.most if tally.most != tally.least else None
        return Samples(metric=name, of=total, beyond=tally.least, beyond_at_most=most, below=below)

    def _why_open(self) -> str:
        figures = [self._resolve(read.scope, read.metric.name) for read in self._comparison.reads()]
        if None in figures:
            return NO_SAMPLES
        sides = self._comparison.left.evaluate(self._resolve), self._comparison.right.evaluate(self._resolve)
        return NO_FIGURE if None in sides else NOT_SETTLED

    def _why_not_proved(self, thin: list[tuple[str, int]], tally: "_Tally | None", *, holds: bool | None) -> str:
        if holds is None:
            return self._why_open()
        if thin:
            few = [f"{name} has {self._counts[name].total:,} samples, a pass takes {needed:,}" for name, needed in thin]
            return f"too few samples: {'; '.join(few)}; make the span longer, or set min_samples"
        if tally is None:
            return NO_SAMPLES
        if holds:
            return f"the limit lies within a counter of the histogram: {tally.words} are beyond it"
        return (
            f"it does not hold, but {tally.words} on the wrong side may be chance where {tally.expected:,.0f} are "
            "expected; take more samples, or a limit less close to it"
        )


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many of n samples are on the wrong side of a limit.

    Attributes:
        least, most: between which two numbers k lies.
        total: n.
        share: of the samples that may be there.
        allowed: how many may be there for the percentile itself to hold.
    """

    least: int
    most: int
    total: int
    share: float
    allowed: int

    @classmethod
    def of(cls, counts: HistogramCounts, percent: float, sign: str, limit: Bounds) -> "_Tally":
        """Return the tally of ``counts`` for a line on the percentile ``percent``."""
        inclusive = sign in ("<", ">=")  # where samples at the limit are above it
        ends = [counts.above(end, inclusive=inclusive) for end in limit]
        least, most = min(end[0] for end in ends), max(end[1] for end in ends)
        rank, beyond = counts.rank(percent), float(beyond_share(percent))
        if sign in ("<", "<="):
            return cls(least, most, counts.total, beyond, counts.total - rank)
        return cls(counts.total - most, counts.total - least, counts.total, 1.0 - beyond, rank - 1)

    @property
    def refutes(self) -> bool:
        """Whether so many, at the least, are there by chance less than once in a hundred times."""
        return self.least > self.allowed and upper_tail(self.least, self.total, self.share) < BY_CHANCE

    @property
    def surely_holds(self) -> bool:
        """Whether the percentile is on the right side, wherever within their counters the samples are."""
        return self.most <= self.allowed

    @property
    def expected(self) -> float:
        """How many are there if the percentile is just at the limit."""
        return self.total * self.share

    @property
    def words(self) -> str:
        """K of n."""
        return f"{self.least:,}{f' to {self.most:,}' if self.most != self.least else ''} of {self.total:,}"


def enough_for(percent: float) -> int:
    """Return how many samples a percentile needs for a pass.

    Example:
        >>> enough_for(50.0), enough_for(95.0), enough_for(99.9)
        (20, 200, 10000)
    """
    return ceil(EXPECTED_BEYOND / beyond_share(percent))


def beyond_share(percent: float) -> Fraction:
    """Return which share of all lies beyond a percentile, without the rounding of a binary fraction."""
    return 1 - Fraction(str(percent)) / 100


def _sides(comparison: Comparison) -> tuple[Read | None, str, Number | None]:
    """Return the percentile that is judged, with sign and limit as if it stood on the left; None without one."""
    left, right = comparison.left, comparison.right
    for number, sign, other in ((left, comparison.sign, right), (right, _MIRRORED[comparison.sign], left)):
        if isinstance(number, Read) and number.metric.percent is not None:
            return number, sign, other
    return None, comparison.sign, None
