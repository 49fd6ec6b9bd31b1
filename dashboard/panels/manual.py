"""The help page: keys, and what each symbol and column means."""

from typing import Final

from rich.style import Style

from dashboard.rows import Row, row, rule
from dashboard.theme import ALERTS, DIM, EXPECTATIONS, FAULTS, LABEL, RULE, STEPS, STRONG, TITLE

_KEYS: Final = (
    ("q", "quit: take nothing new, finish what was accepted, write files"),
    ("p", "freeze the picture, or follow again; the run itself goes on"),
    ("h", "this page"),
    ("Ctrl-C", "the same as q; a second time stops draining"),
)
_FIGURES: Final = (
    ("last 10 s", "ten seconds of the run's clock; whole run: since it began"),
    ("latency", "from the intended arrival to the decision, so a stall shows"),
    ("✓ <10 ms", "within its target; ✗ >10 ms is over it; no mark: not known"),
    ("stages p50", "time by stage: service, or waiting in a mailbox, and its budget"),
    ("modes", "rung of a decision: full, stale, realtime_only, rules, default"),
    ("time axis", "phases, faults and steps share it: the whole planned run"),
)


def draw(width: int) -> list[Row]:
    """Return the page; it fits the smallest screen."""
    rows = [rule([("keys", TITLE)], (), width, RULE)]
    rows += [_line(key, text, STRONG) for key, text in _KEYS]
    rows.append(rule([("figures", TITLE)], (), width, RULE))
    rows += [_line(name, text, LABEL) for name, text in _FIGURES]
    rows.append(rule([("symbols", TITLE)], (), width, RULE))
    for name, table in (("alerts", ALERTS), ("expectations", EXPECTATIONS), ("faults", FAULTS), ("steps", STEPS)):
        line = row((f" {name:<14}", LABEL))
        for word, (symbol, style) in table.items():
            line += row((f"{symbol} ", style), (f"{word} ", DIM))
        rows.append(line)
    return rows


def _line(name: str, text: str, style: Style) -> Row:
    return row((f" {name:<14}", style), (text, DIM))
