"""Closed forms of queueing theory. Times are in units of the mean service time, at utilisation ``rho``.

Source: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 4th edition, Wiley 2008, chapters 2 and 5.
"""

import math
from decimal import Decimal, getcontext

getcontext().prec = 80  # the sum of M/D/1 alternates: doubles lose every digit of it

LONGEST = 40.0  # services; beyond it even 80 digits cancel out
STEPS = 60  # halvings of LONGEST: to 1e-17


def mm1_mean_wait(rho: float) -> float:
    """Mean time in the queue with one exponential server."""
    return rho / (1 - rho)


def mm1_sojourn_quantile(rho: float, q: float) -> float:
    """Quantile of the time in the system: it is exponential."""
    return -math.log(1 - q) / (1 - rho)


def md1_mean_wait(rho: float) -> float:
    """Mean time in the queue with one constant server: half of the exponential one's."""
    return rho / (2 * (1 - rho))


def md1_sojourn_quantile(rho: float, q: float) -> float:
    """Quantile of the time in the system: the wait's, and one service."""
    low, high = 0.0, LONGEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _md1_wait_cdf(rho, middle) < q else (low, middle)
    return high + 1


def _md1_wait_cdf(rho: float, t: float) -> float:
    """Erlang's formula."""
    load, at = Decimal(rho), Decimal(t)
    total = Decimal(0)
    for k in range(int(t) + 1):
        gap = load * (at - k)
        total += (-gap) ** k / math.factorial(k) * gap.exp()
    return float((1 - load) * total)


def mmc_mean_wait(rho: float, servers: int) -> float:
    """Mean time in the queue with ``servers`` exponential servers."""
    return mmc_waits_ratio(rho, servers) / (servers * (1 - rho))


def mmc_sojourn_quantile(rho: float, servers: int, q: float) -> float:
    """Quantile of the time in the system: one service, and with Erlang's probability an exponential wait as well."""
    low, high = 0.0, 1e3
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - _mmc_sojourn_tail(rho, servers, middle) < q else (low, middle)
    return high


def mmc_waits_ratio(rho: float, servers: int) -> float:
    """Share of transactions that find all servers busy: Erlang's C."""
    load = servers * rho
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) / (1 - rho)
    return last / (sum(terms) + last)


def _mmc_sojourn_tail(rho: float, servers: int, t: float) -> float:
    waits, rate = mmc_waits_ratio(rho, servers), servers * (1 - rho)
    if math.isclose(rate, 1.0):
        return math.exp(-t) * (1 + waits * t)
    return math.exp(-t) + waits * (math.exp(-t) - math.exp(-rate * t)) / (rate - 1)
