"""The catalogue of metrics: found by name, or by what a wrong name was meant to be.

Example:
    >>> suggestion("p95"), suggestion("error_rate"), suggestion("p100")
    ('; did you mean latency.p95?', '; did you mean error_ratio?', '; did you mean latency.max?')
    >>> suggestion("latency.p90")
    '; of latency there are p50, p95, p99, p99_9, mean, max'
"""

import re
from collections.abc import Collection, Iterable
from functools import cache
from itertools import chain

from actors.core.errors import nearest
from actors.telemetry.metrics.alerts import alert_metrics, alert_series
from actors.telemetry.metrics.feature_store import feature_store_metrics, feature_store_series
from actors.telemetry.metrics.flow import decision_metrics, flow_metrics, flow_series
from actors.telemetry.metrics.latency import PERCENTS, STAGES, latency_metrics
from actors.telemetry.metrics.metric import Metric
from actors.telemetry.metrics.model import feature_psi, model_metrics, quality_metrics
from actors.telemetry.metrics.saturation import actor_metrics, process_metrics, saturation_series, stream_metrics
from actors.telemetry.metrics.series import Series
from actors.telemetry.window import Window

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in chain(
        flow_metrics(),
        latency_metrics(),
        decision_metrics(),
        feature_store_metrics(),
        actor_metrics(),
        model_metrics(),
        process_metrics(),
        alert_metrics(),
        stream_metrics(),
        quality_metrics(),
    )
}

PSI = "psi."

SERIES: dict[str, Series] = {
    series.name: series
    for series in chain(
        (each.series for metric in METRICS.values() for each in (metric.part, metric.whole, metric.level) if each),
        (STAGES,),
        flow_series(),
        feature_store_series(),
        saturation_series(),
        alert_series(),
    )
}
"""What other systems are told of a run, by the name under which they read it."""


def find(name: str) -> Metric | None:
    """Return the metric called ``name``, or ``psi.<feature>`` for any feature, or None when there is none."""
    found = METRICS.get(name)
    if found is None and name.startswith(PSI) and name.removeprefix(PSI).isidentifier():
        return feature_psi(name.removeprefix(PSI))
    return found


def read(name: str, window: Window) -> float | None:
    """Return the metric called ``name`` for ``window``, in its own unit; None without samples.

    Raises:
        KeyError: there is no such metric.
    """
    metric = find(name)
    if metric is None:
        raise KeyError(name)
    return metric.read(window)


def did_you_mean(name: str, among: Iterable[str] = METRICS) -> str:
    """Return the name nearest to ``name`` as a question, or nothing when none is near.

    Example:
        >>> did_you_mean("error_rate")
        '; did you mean error_ratio?'
    """
    near = nearest(name, among)
    return f"; did you mean {near}?" if near else ""


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
