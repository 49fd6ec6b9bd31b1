"""How likely so many of so many are by chance: the upper tail of a binomial distribution.

Of what a run imports scipy is no part, and one tail of one distribution is twenty lines.

Example:
    >>> round(upper_tail(3, 3, 0.5), 3), round(upper_tail(20, 1_000, 0.01), 5)
    (0.125, 0.00329)
"""

from math import exp, lgamma, log, log1p

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
