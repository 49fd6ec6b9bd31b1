"""``metrics``: what can be measured, and so expected of a run."""

from typing import TYPE_CHECKING, Annotated

import typer

from actors.errors import InputError
from sim.commands.entries import entry, paragraph

if TYPE_CHECKING:
    from actors.telemetry.metrics.metric import Metric

_ALL = "; python -m sim metrics lists all"
_AT = 12  # column of what is said of a metric
_LIMITS = {  # what an example compares a metric of each unit with
    "µs": "< 50ms",
    "s": "< 9h",
    "MB": "< 400MB",
    "ratio": "> 95%",
    "count": "< 100",
    "1/s": "> 900/s",
    "amount": "< 1000",
    "score": "< 0.9",
    "nats": "< 0.2",
    "σ": "< 5",
}


def metrics(
    word: Annotated[
        str | None, typer.Argument(help="A metric, told in full, or a word of its name or meaning.")
    ] = None,
) -> int:
    """List the metrics that expectations and alerts may read: unit, range and meaning of each.

    Exit code: 0; 2 if no metric has the word.

    Example: python -m sim metrics latency.p95
    """
    from actors.features.catalogue import CATALOGUE
    from actors.telemetry.catalogue import METRICS, PSI, find
    from actors.telemetry.suggestion import suggestion

    features = [feature.name for feature in CATALOGUE]
    found = find(word) if word else None
    if found is not None and (word in METRICS or found.name.removeprefix(PSI) in features):
        typer.echo(_in_full(found))
        return 0
    wanted = (word or "").lower()
    listed = [each for each in METRICS.values() if wanted in f"{each.name} {each.description} {each.also}".lower()]
    if not listed:
        raise InputError(f"{word} is no metric, and none has that word{suggestion(word or '', (), features) or _ALL}")
    for each in listed:
        typer.echo(entry(f"{each.name}  ({each.unit}, {each.range})", each.description))
    if not word:
        text = "Named, a metric is told in full with an example: python -m sim metrics latency.p95"
        typer.echo(f"\n{paragraph(text)}")
    return 0


def _in_full(metric: "Metric") -> str:
    told = [("is", metric.description), ("unit", str(metric.unit)), ("range", metric.range)]
    if metric.percent is not None:
        told.append(("judged by", "how many samples are beyond the limit: few can prove a failure, but no pass"))
    if metric.instant:
        told.append(("judged", "at every tick of its span, since it is a reading of an instant"))
    if metric.also:
        told.append(("also called", f"{', '.join(metric.also.split())}; only the name above is read"))
    lines = [metric.name, *(entry(name, text, at=_AT) for name, text in told)]
    return "\n".join([*lines, "", f'  - {{name: it, expr: "{example(metric)}"}}'])


def example(metric: "Metric") -> str:
    """Return a condition on ``metric`` as a scenario may have it."""
    return f"{metric.name} {'< 1%' if metric.worse else '== 1' if metric.lasting else _LIMITS[metric.unit]}"
