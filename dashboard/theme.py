"""Colours, and the symbols and words that say the same without them.

Colours are a palette that red-green colour-blind people can tell apart (Okabe and Ito: blue, orange, vermilion, sky).
Colour is never alone: a breach has `CROSS`, an alert its state in words, a fault its name.
"""

from typing import Final

from rich.style import Style

TICK: Final = "✓"
CROSS: Final = "✗"
WARN: Final = "▲"
WAIT: Final = "·"
UNSURE: Final = "?"
ARROW: Final = "▸"
DOT: Final = "●"
HALF: Final = "◐"
RING: Final = "○"

PLAIN: Final = Style()
DIM: Final = Style(color="bright_black")
LABEL: Final = Style(color="color(250)")
STRONG: Final = Style(bold=True)
TITLE: Final = Style(color="color(117)", bold=True)
RULE: Final = Style(color="color(240)")
ACCENT: Final = Style(color="color(75)")  # blue: what flows
SECOND: Final = Style(color="color(80)")  # sky: what flows too, beside it
GOOD: Final = Style(color="color(79)")  # bluish green
CARE: Final = Style(color="color(214)", bold=True)  # orange
BAD: Final = Style(color="color(209)", bold=True)  # vermilion
FAULT: Final = Style(color="color(176)")  # reddish purple
NOW: Final = Style(color="color(229)", bold=True)

# state word -> (symbol, style); the word itself is always printed beside the symbol, or explained by the help page
VERDICTS: Final = {
    "undecided": (WAIT, DIM),
    "pass": (TICK, GOOD),
    "fail": (CROSS, BAD),
    "inconclusive": (UNSURE, CARE),
}
ALERTS: Final = {
    "inactive": (RING, DIM),
    "pending": (HALF, CARE),
    "firing": (DOT, BAD),
    "resolved": (TICK, GOOD),
}
FAULTS: Final = {
    "waiting": (WAIT, DIM),
    "injected": (WARN, FAULT),
    "lifted": (TICK, FAULT),
    "replaced": (TICK, FAULT),
    "skipped": ("–", DIM),
    "failed": (CROSS, BAD),
}
STEPS: Final = {
    "waiting": (WAIT, DIM),
    "under way": (HALF, CARE),
    "done": (TICK, GOOD),
    "refused": (CROSS, CARE),
}
EXPECTATIONS: Final = {
    "waiting": (WAIT, DIM),
    "holding": (RING, ACCENT),
    "passed": (TICK, GOOD),
    "failed": (CROSS, BAD),
    "inconclusive": (UNSURE, CARE),
    "skipped": ("–", DIM),
}
RUN_STATES: Final = {
    "starting": (RING, ACCENT),
    "running": (DOT, GOOD),
    "draining": (HALF, CARE),
    "finished": (TICK, GOOD),
    "interrupted": (CROSS, CARE),
}


def mark(breached: bool | None) -> tuple[str, Style]:  # noqa: FBT001  a yes, a no, or nothing known
    """Return the symbol and colour of a figure against its limit; None when there is no figure."""
    if breached is None:
        return " ", DIM
    return (CROSS, BAD) if breached else (TICK, GOOD)
