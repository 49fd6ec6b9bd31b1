"""Tables of the documentation that are made from the code; ``python -m tests.documents`` writes them anew."""

from collections.abc import Iterable
from pathlib import Path

from actors.features.catalogue import CATALOGUE
from actors.telemetry.builtin import built_in_rules
from actors.telemetry.catalogue import metrics_table
from actors.telemetry.severity import ESCALATION

MONITORING = Path(__file__).resolve().parent.parent / "docs" / "monitoring.md"


def filled(text: str) -> str:
    """Return ``text`` with each table between its markers as the code has it now."""
    for name, table in tables().items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(opening)
        text = f"{before}{opening}\n{table}\n{closing}{rest.partition(closing)[2]}"
    return text


def tables() -> dict[str, str]:
    """Return each table by the name of its marker."""
    return {"alerts": _alerts(), "escalation": _escalation(), "metrics": metrics_table(), "features": _features()}


def _alerts() -> str:
    rules = built_in_rules()
    rows = ((f"`{rule.alert}`", f"`{rule.expr}`", f"{rule.for_s / 60:g} min", rule.severity.value) for rule in rules)
    return _table(("alert", "holds while", "for", "severity"), rows)


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
