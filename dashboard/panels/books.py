"""The ledger: every transaction that was offered is somewhere."""

from dashboard.frame import Frame, LedgerLine
from dashboard.panels.panel import Panel
from dashboard.rows import Row, row
from dashboard.theme import BAD, GOOD, LABEL
from dashboard.units import whole


def equations(ledger: LedgerLine) -> list[str]:
    """Return the books as equations, in full figures."""
    return [
        _equation("offered", unsent=ledger.unsent, produced=ledger.produced, total=ledger.offered),
        _equation(
            "produced",
            decided=ledger.decided,
            dead_letters=ledger.dead_lettered,
            duplicate=ledger.duplicate,
            in_flight=ledger.in_flight,
            total=ledger.produced,
        ),
        _equation(
            "decided",
            logged=ledger.logged,
            log_failed=ledger.log_failed,
            awaiting_log=ledger.awaiting_log,
            total=ledger.decided,
        ),
        _equation(
            "decided",
            delivered=ledger.delivered,
            undelivered=ledger.undelivered,
            awaiting_delivery=ledger.awaiting_delivery,
            total=ledger.decided,
        ),
    ]


def _equation(name: str, *, total: int, **parts: int) -> str:
    terms = " + ".join(f"{part.replace('_', ' ')} {whole(number)}" for part, number in parts.items())
    return f"{name} {whole(total)} = {terms}"


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return what is broken, or the equations; two on a line where the screen is wide."""
    ledger = frame.ledger
    if ledger is None:
        return []
    if not ledger.balanced:
        broken = ledger.broken or ("the books do not balance",)
        return [row(" ", ("✗ ", BAD), (text, BAD)) for text in broken[:height]]
    lines = equations(ledger)
    if width < 160:  # noqa: PLR2004  room for two
        return [row(" ", ("✓ ", GOOD), (line, LABEL)) for line in lines[:height]]
    half = width // 2 - 4
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [
        row(" ", ("✓ ", GOOD), (first.ljust(half), LABEL), ("✓ ", GOOD), (second, LABEL)) for first, second in pairs
    ][:height]


PANEL = Panel("ledger", draw, lambda frame: frame.ledger is not None, remark=lambda _frame, _width: "whole run")
