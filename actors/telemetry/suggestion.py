"""What someone meant by a name that no metric has: by meaning first, by spelling where there is none.

Example:
    >>> suggestion("p95"), suggestion("error_rate"), suggestion("p100")
    ('; did you mean latency.p95?', '; did you mean error_ratio?', '; did you mean latency.max?')
    >>> suggestion("latency.p90")
    '; of latency there are p50, p95, p99, p99_9, mean, max'
"""

import re
from collections.abc import Collection
from functools import cache

from actors.telemetry.catalogue import METRICS, PSI, did_you_mean
from actors.telemetry.metrics.latency import PERCENTS

_PERCENTILE = re.compile(r"(?:(?P<stage>.*)\.)?(?:p|pct|percentile|q)_?(?P<digits>\d+(?:[._]\d+)?)")
_WHOLE = "100"
_MEANT = 3  # letters of a name below which its likeness to another one says nothing


def suggestion(name: str, scopes: Collection[str] = (), features: Collection[str] = ()) -> str:
    """Return the name that ``name`` probably stands for as a question, "" where nothing comes to mind.

    Args:
        name: that is no metric, perhaps with a scope before it.
        scopes: spans that a metric may be read in.
        features: features whose ``psi.<feature>`` exists.
    """
    scope, _, rest = name.partition(".")
    before = f"{scope}." if rest and scope in scopes else ""
    wanted = name.removeprefix(before)
    if (meant := _by_meaning().get(_plain(wanted))) is not None:
        return f"; did you mean {before}{meant}?"
    if (of_stage := _percentile(wanted, before)) is not None:
        return of_stage
    if wanted in features:
        return f"; did you mean {before}{PSI}{wanted}?"
    if len(wanted) < _MEANT:
        return ""
    return did_you_mean(name, [*(f"{before}{metric}" for metric in METRICS), *(f"{before}{PSI}{f}" for f in features)])


def _plain(name: str) -> str:
    """Return the name without what differs between two ways to write it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


@cache
def _by_meaning() -> dict[str, str]:
    """Return each metric by its own name and by the other words for it, written plainly."""
    found = {_plain(word): metric.name for metric in METRICS.values() for word in metric.also.split()}
    return {**found, **{_plain(name): name for name in METRICS}}


@cache
def _stages() -> dict[str, list[str]]:
    """Return what is measured of each stage, by what its metrics begin with."""
    found: dict[str, list[str]] = {}
    for metric in METRICS.values():
        if metric.stage is not None:
            stage, _, figure = metric.name.rpartition(".")
            found.setdefault(stage, []).append(figure)
    return found


def _percentile(name: str, before: str) -> str | None:
    """Return what to write for a percentile, in whatever way it was written; None for any other name."""
    match = _PERCENTILE.fullmatch(name.lower())
    stage = "latency" if match is None else match["stage"] or "latency"
    if match is None or stage not in _stages():
        return None
    digits = match["digits"].replace(".", "_")
    if digits == _WHOLE:
        return f"; did you mean {before}{stage}.max?"
    if f"p{digits}" in PERCENTS:
        return f"; did you mean {before}{stage}.p{digits}?"
    return f"; of {before}{stage} there are {', '.join(_stages()[stage])}"
