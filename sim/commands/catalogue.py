"""Commands that list what a scenario may name: ``faults``, ``metrics``."""

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from actors.core.errors import InputError
from sim.installation import PROGRAM

if TYPE_CHECKING:
    from actors.telemetry.metrics.metric import Metric
    from sim.faults.fault import Fault


WIDTH = 80
INDENT = 4


def paragraph(text: str) -> str:
    """Return ``text`` in lines that fit."""
    return "\n".join(_lines(text, WIDTH))


def entry(head: str, text: str, at: int | None = None) -> str:
    """Return ``head`` and what there is to say of it: below it, or beside it from column ``at`` on.

    Example:
        >>> print(entry("scorer_crash", "the scorer crashes at its next batch"))
        scorer_crash
            the scorer crashes at its next batch
        >>> print(entry("does", "crashes", at=6))
        does  crashes
    """
    indent = " " * (INDENT if at is None else at)
    said = _lines(text, WIDTH - len(indent)) or [""]
    if at is None:
        heads = textwrap.wrap(head, WIDTH, subsequent_indent="      ", break_on_hyphens=False)
        return "\n".join([*heads, *(indent + line for line in said)])
    return "\n".join([f"{head:<{at}}{said[0]}".rstrip(), *(indent + line for line in said[1:])])


def _lines(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(text.replace("``", "`").split()), width, break_on_hyphens=False)


_FAULT_TEXT_AT = 12  # column of what is said of a fault


def faults(
    word: Annotated[str | None, typer.Argument(help="A kind, told in full, or a word of its name or effect.")] = None,
) -> int:
    """List the faults that a scenario may have: what each does, what one will see, and its own keys.

    Exit code: 0; 2 if no fault has the word.

    Example: python -m sim faults feature_store_latency
    """
    from sim.faults.registry import FAULTS
    from sim.scenario.problems import remedy_for

    if word in FAULTS:
        typer.echo(_fault_in_full(FAULTS[word]))
        return 0
    wanted = (word or "").lower()
    listed = [each for each in FAULTS.values() if wanted in f"{each.kind} {each.summary} {each.seen}".lower()]
    if not listed:
        remedy = remedy_for(word or "", FAULTS, f"{PROGRAM} faults lists all")
        raise InputError(f"{word} is no kind of fault, and none has that word; {remedy}")
    typer.echo("\n".join(map(_fault_in_short, listed)))
    if not word:
        text = f"Named, a fault is told in full, with every key and an example: {PROGRAM} faults model_slow"
        typer.echo(f"\n{paragraph(text)}")
    return 0


def _fault_in_short(fault: "type[Fault]") -> str:
    from sim.scenario.json_schema import fault_keys

    keys = ", ".join(f"{key.name} ({key.default or 'needed'})" for key in fault_keys(fault, own=True))
    told = [("does", fault.summary), ("you see", fault.seen), *([("keys", keys)] if keys else [])]
    return "\n".join([fault.kind, *(entry(f"    {name}", text, at=_FAULT_TEXT_AT) for name, text in told)])


def _fault_in_full(fault: "type[Fault]") -> str:
    from sim.scenario.json_schema import example, fault_keys

    told = (
        ("does", fault.summary),
        ("you see", fault.seen),
        ("met by", fault.mitigation),
        ("counted in", f"{fault.touches} that it touched"),
    )
    lines = [fault.kind, *(entry(name, text, at=_FAULT_TEXT_AT) for name, text in told), "", "Its keys:"]
    for key in fault_keys(fault, own=False):
        default = f"{key.default} by default" if key.default else "needed"
        lines.append(entry(f"  {key.name}  ({key.takes}; {default})", key.means))
    return "\n".join([*lines, "", f"  {example(fault)}"])


_ALL = f"; {PROGRAM} metrics lists all"
_METRIC_TEXT_AT = 12  # column of what is said of a metric
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
    "times": "< 10",
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
    from actors.telemetry.metrics.catalogue import METRICS, PSI, find, suggestion

    features = [feature.name for feature in CATALOGUE]
    found = find(word) if word else None
    if found is not None and (word in METRICS or found.name.removeprefix(PSI) in features):
        typer.echo(_metric_in_full(found))
        return 0
    wanted = (word or "").lower()
    listed = [each for each in METRICS.values() if wanted in f"{each.name} {each.description} {each.also}".lower()]
    if not listed:
        raise InputError(f"{word} is no metric, and none has that word{suggestion(word or '', (), features) or _ALL}")
    for each in listed:
        typer.echo(entry(f"{each.name}  ({each.unit}, {each.range})", each.description))
    if not word:
        text = f"Named, a metric is told in full with an example: {PROGRAM} metrics latency.p95"
        typer.echo(f"\n{paragraph(text)}")
    return 0


def _metric_in_full(metric: "Metric") -> str:
    told = [("is", metric.description), ("unit", str(metric.unit)), ("range", metric.range)]
    if metric.percent is not None:
        told.append(("judged by", "how many samples are beyond the limit: few can prove a failure, but no pass"))
    if metric.instant:
        told.append(("judged", "at every tick of its span, since it is a reading of an instant"))
    if metric.also:
        told.append(("also called", f"{', '.join(metric.also.split())}; only the name above is read"))
    lines = [metric.name, *(entry(name, text, at=_METRIC_TEXT_AT) for name, text in told)]
    return "\n".join([*lines, "", f'  - {{name: it, expr: "{example(metric)}"}}'])


def example(metric: "Metric") -> str:
    """Return a condition on ``metric`` as a scenario may have it."""
    return f"{metric.name} {'< 1%' if metric.worse else '== 1' if metric.lasting else _LIMITS[metric.unit]}"
