"""The catalogue of metrics: what validation, expectations, alerts, the screen and the documentation read."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain

from actors.telemetry.metrics.actors import actor_metrics
from actors.telemetry.metrics.decisions import decision_metrics
from actors.telemetry.metrics.feature_store import feature_store_metrics
from actors.telemetry.metrics.flow import flow_metrics
from actors.telemetry.metrics.latency import latency_metrics
from actors.telemetry.metrics.metric import Metric
from actors.telemetry.metrics.model import feature_psi, model_metrics
from actors.telemetry.metrics.process import process_metrics
from actors.telemetry.metrics.quality import quality_metrics
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
        quality_metrics(),
    )
}

PSI = "psi."


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
    near = get_close_matches(name, list(among), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def metrics_table() -> str:
    """Return the catalogue as a Markdown table for the documentation."""
    head = ["| metric | unit | range | meaning |", "|---|---|---|---|"]
    rows = [f"| `{each.name}` | {each.unit} | {each.range} | {each.description} |" for each in METRICS.values()]
    return "\n".join(head + rows) + "\n"
