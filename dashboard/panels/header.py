"""The top lines: which run this is, how far it has come, and how it stands."""

from typing import Final

from dashboard.frame import Frame, Header
from dashboard.rows import Piece, Row, fit, left, row, spread
from dashboard.theme import ACCENT, CARE, DIM, LABEL, RULE, RUN_STATES, STRONG, TITLE, VERDICTS
from dashboard.units import clock

_VERDICT_WORDS: Final = {
    "undecided": "nothing judged yet",
    "pass": "all holding so far",
    "fail": "an expectation failed",
    "inconclusive": "inconclusive so far",
}
_FINAL_WORDS: Final = {"undecided": "no verdict", "pass": "pass", "fail": "fail", "inconclusive": "inconclusive"}


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the name line, the progress line and, where there is room, the hypothesis."""
    header = frame.header
    lines = [_name_line(header, width), _progress_line(header, width)]
    if height > len(lines):
        lines.append(fit(row(" ", (left(header.hypothesis, max(0, width - 2)), DIM)), width))
    return lines


def _name_line(header: Header, width: int) -> Row:
    facts = f"{header.clock} clock · seed {header.seed} · model {header.model or 'none'}"
    engine = f", {header.engine}" if header.engine else ""
    if len(header.scenario) <= width - len(facts) - len(engine) - 14:  # its name is worth more
        facts += engine
    facts += " "
    room = max(8, width - len(facts) - 13)
    name = row(" ", ("riskdrill", TITLE), "  ", (left(header.scenario, room), STRONG))
    return spread(name, row((facts, DIM)), width)


def _progress_line(header: Header, width: int) -> Row:
    symbol, style = RUN_STATES[header.state]
    phase = f" · {header.phase}" if header.phase else ""
    end = [*_clock(header, width), *row("  ", *_verdict(header), " ")]
    start = row(" ", (symbol, style), " ", (left(f"{header.state}{phase}", max(0, width - _length(end) - 5)), LABEL))
    return spread(start, end, width)


def _clock(header: Header, width: int) -> Row:
    if header.planned_s is None:
        return row((clock(header.elapsed_s), STRONG))
    done = header.elapsed_s / header.planned_s if header.planned_s > 0 else 1.0
    cells = max(0, (width - 64) // 2)
    filled = round(min(1.0, max(0.0, done)) * cells)
    return row(
        ("━" * filled, ACCENT),
        ("─" * (cells - filled), RULE),
        " ",
        (clock(header.elapsed_s), STRONG),
        (f" / {clock(header.planned_s)}", DIM),
    )


def _verdict(header: Header) -> tuple[Piece, Piece, Piece]:
    symbol, style = VERDICTS[header.verdict]
    words = _FINAL_WORDS if header.state in {"finished", "interrupted"} else _VERDICT_WORDS
    return (symbol, style), (" ", style), (left(words[header.verdict], 21), style)


def _length(line: Row) -> int:
    return sum(segment.cell_length for segment in line)


def warning(header: Header) -> Piece:
    """Return the most important warning as one piece, and how many more there are; empty without one."""
    if not header.warnings:
        return "", CARE
    more = f" (+{len(header.warnings) - 1} more)" if len(header.warnings) > 1 else ""
    return f"▲ {header.warnings[0]}{more}", CARE
