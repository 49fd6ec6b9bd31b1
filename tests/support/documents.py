"""Tables of the documentation that are made from the code; ``python -m tests.support.documents`` writes them anew."""

import re
import textwrap
import tomllib
from collections.abc import Iterable, Iterator

from actors.features.catalogue import CATALOGUE
from actors.telemetry.alerts.built_in import built_in_rules, stream_rules
from actors.telemetry.alerts.rule import ESCALATION, AlertRule
from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import METRICS
from actors.telemetry.metrics.series import Counter, Gauge, Histogram, Series
from sim.faults.fault import NotOnStream, OnStream
from sim.faults.registry import FAULTS
from sim.metrics_endpoint.collector import ALL_SERIES
from sim.scenario.events import EventColumns, Events
from sim.scenario.field_types import fields_of
from sim.scenario.json_schema import attribute_texts, fault_keys
from tests.support.repository import ROOT

DOCS = ROOT / "docs"
MONITORING = DOCS / "monitoring.md"
FAULTS_PAGE = DOCS / "faults.md"
METRICS_PAGE = DOCS / "metrics.md"
REPLAY_PAGE = DOCS / "replay.md"
SCALE_OUT = DOCS / "scale_out.md"
ARCHITECTURE = DOCS / "architecture.md"
MINUTE_S = 60
NAMES = 44  # columns for the names of a layer, in the picture of the layers


def filled(text: str, found: dict[str, str] | None = None) -> str:
    """Return ``text`` with each table between its markers as the code has it now; those of monitoring by default."""
    for name, table in (tables() if found is None else found).items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(opening)
        text = f"{before}{opening}\n{table}\n{closing}{rest.partition(closing)[2]}"
    return text


def tables() -> dict[str, str]:
    """Return each table by the name of its marker."""
    return {
        "alerts": _alerts(),
        "signals": _signals(),
        "runbook": _runbook(),
        "escalation": _escalation(),
        "metrics": metrics_table(),
        "features": _features(),
    }


def metrics_table() -> str:
    """Return the metrics with their units and ranges."""
    rows = ((f"`{each.name}`", each.unit, each.range, each.description) for each in METRICS.values())
    return _table(("metric", "unit", "range", "meaning"), rows)


def series_table() -> dict[str, str]:
    """Return what an endpoint serves: each series with its type, unit, labels and meaning; by its marker."""
    rows = (
        (
            f"`{each.name}`",
            _type(each),
            each.unit,
            ", ".join(f"`{label}`" for label in each.labels),
            f"{each.help}{', last 10 s' if isinstance(each, Gauge) and each.recent else ''}",
        )
        for each in ALL_SERIES.values()
    )
    return {"series": _table(("series", "type", "unit", "labels", "meaning"), rows)}


def _type(series: Series) -> str:
    return {Counter: "counter", Histogram: "histogram"}.get(type(series), "gauge")


def layers_picture() -> dict[str, str]:
    """Return the layers as import-linter checks them, with the reasons that pyproject.toml gives; by its marker."""
    text = (ROOT / "pyproject.toml").read_text()
    reasons = dict(re.findall(r'^  "([^"]+)", +# (.+)$', text, re.MULTILINE))
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    layered = [each for each in contracts if each["type"] == "layers"]
    (packages,) = [each["layers"] for each in layered if "containers" not in each]
    inside = {name: each["layers"] for each in layered for name in each.get("containers", ())}
    lines = []
    for package in packages:
        lines.append(f"┌─ {package} {'─' * (NAMES - len(package))}")
        for layer in inside.get(package, ()):
            names = textwrap.wrap(layer.replace(" |", " ·"), NAMES)
            lines.append(f"│  {names[0]:<{NAMES}}  {reasons.get(layer, '')}".rstrip())
            lines += [f"│  {more}" for more in names[1:]]
        lines += [f"│  {each['name']}" for each in contracts if each.get("source_modules") == [package]]
        lines.append("└─" if package == packages[-1] else "└─▼")
    return {"layers": "```text\n" + "\n".join(lines) + "\n```\n"}


def faults_table() -> dict[str, str]:
    """Return the tables of faults by their markers: what each does, shows, meets, which drill has it; its own keys."""
    rows = (
        (f"`{kind}`", fault.summary, fault.seen, fault.mitigation, ", ".join(_drills(kind)))
        for kind, fault in FAULTS.items()
    )
    keys = (
        (f"`{kind}`", f"`{key.name}`", key.takes.replace("|", "or"), key.default or "needed", key.means)
        for kind, fault in FAULTS.items()
        for key in fault_keys(fault, own=True)
    )
    return {
        "faults": _table(("fault", "does", "what you will see", "mitigation", "scenario"), rows),
        "fault keys": _table(("fault", "key", "takes", "by default", "means"), keys),
    }


def stream_faults_table() -> dict[str, str]:
    """Return where each fault is injected when the pipeline are workers on a stream; by its marker."""
    rows = ((f"`{kind}`", *_place(fault.on_stream)) for kind, fault in FAULTS.items())
    return {"faults on a stream": _table(("fault", "injected", "if refused: why, and what to do instead"), rows)}


def _place(place: OnStream) -> tuple[str, str]:
    if isinstance(place, NotOnStream):
        return "refused", f"{place.why}; {place.remedy}"
    return {"worker": "in each worker", "producer": "at the producer"}[place], ""


def replay_tables() -> dict[str, str]:
    """Return the tables of the section of events: its keys, and those of its column map."""
    keys = [(f"`{field.key}`", text(Events, field.name)) for field in fields_of(Events)]
    return {"events": _table(("key", "means"), keys), "columns": _table(("field", "key", "means"), _map_rows())}


def _map_rows() -> Iterator[tuple[str, ...]]:
    """Yield the keys of each kind of field, fields of one kind together."""
    fields: dict[type, list[str]] = {}
    for field in fields_of(EventColumns):
        fields.setdefault(field.shape.of, []).append(f"`{field.key}`")
    for kind, names in fields.items():
        for number, key in enumerate(fields_of(kind)):
            yield "" if number else ", ".join(names), f"`{key.key}`", text(kind, key.name)


def text(struct: type, name: str) -> str:
    """Return what the docstring of ``struct`` says of an attribute, as a cell of a table."""
    return attribute_texts(struct)[name].replace("``", "`").replace("|", "\\|")


def _drills(kind: str) -> list[str]:
    """Return links to the shipped scenarios with a fault of ``kind``."""
    paths = sorted((ROOT / "scenarios").glob("*.yaml"))  # drills are to be played, not looked up
    found = [path.name for path in paths if re.search(rf"\bkind: {kind}\b", path.read_text())]
    return [f"[{name.removesuffix('.yaml')}](../scenarios/{name})" for name in found]


def _alerts() -> str:
    """Return what each rule watches, for how long, and how urgent it is."""
    rows = (
        (f"`{rule.alert}`", f"`{rule.expr}`", _spans(rule), f"{rule.for_s / MINUTE_S:g} min", rule.severity.value)
        for rule in (*built_in_rules(), *stream_rules())
    )
    return _table(("alert", "holds while", "over", "for", "severity"), rows)


def _spans(rule: AlertRule) -> str:
    return " and ".join(f"{each:g} s" if each < MINUTE_S else f"{each / MINUTE_S:g} min" for each in rule.windows_s)


def _signals() -> str:
    """Return what each metric that a rule reads is made of."""
    read: dict[str, list[str]] = {}
    for rule in (*built_in_rules(), *stream_rules()):
        for metric in Expression.parse(rule.expr).metrics():
            read.setdefault(metric, []).append(f"`{rule.alert}`")
    rows = ((f"`{metric}`", METRICS[metric].description, ", ".join(alerts)) for metric, alerts in read.items())
    return _table(("signal", "what it is", "alerts"), rows)


def _runbook() -> str:
    """Return a paragraph for each alert: what it means, what to look at, what to do."""
    books = [(rule.alert, rule.runbook) for rule in (*built_in_rules(), *stream_rules())]
    return "\n".join(
        f"**{alert}.** {book.means} *Look at:* {book.look} *Do:* {book.do}\n"
        for alert, book in books
        if book is not None
    )


def _escalation() -> str:
    rows = (
        (
            severity.value,
            who.told,
            "" if who.after_s is None else f"after {who.after_s / 60:g} min unacknowledged: {who.then}",
        )
        for severity, who in ESCALATION.items()
    )
    return _table(("severity", "told", "then"), rows)


def _features() -> str:
    rows = ((f"`{one.name}`", one.tier.value, one.unit, one.description, one.missing) for one in CATALOGUE)
    return _table(("feature", "tier", "unit", "meaning", "missing when"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    MONITORING.write_text(filled(MONITORING.read_text()))
    FAULTS_PAGE.write_text(filled(FAULTS_PAGE.read_text(), faults_table()))
    METRICS_PAGE.write_text(filled(METRICS_PAGE.read_text(), series_table()))
    REPLAY_PAGE.write_text(filled(REPLAY_PAGE.read_text(), replay_tables()))
    SCALE_OUT.write_text(filled(SCALE_OUT.read_text(), stream_faults_table()))
    ARCHITECTURE.write_text(filled(ARCHITECTURE.read_text(), layers_picture()))
