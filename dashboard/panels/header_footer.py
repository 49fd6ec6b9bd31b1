"""The header above the panels, the footer below them, and what takes their place: help, and a screen too small."""

import textwrap
from typing import Final

from rich.style import Style

from dashboard.choices import Answer
from dashboard.frame import Frame, Header
from dashboard.rows import Piece, Row, clean, fit, left, row, rule, spread
from dashboard.theme import (
    ACCENT,
    ALERTS,
    BAD,
    CARE,
    CROSS,
    DIM,
    EXPECTATIONS,
    FAULTS,
    GOOD,
    LABEL,
    RULE,
    RUN_STATES,
    STEPS,
    STRONG,
    TICK,
    TITLE,
    VERDICTS,
)
from dashboard.units import clock, latency_us, percent, rate

_VERDICT_WORDS: Final = {
    "undecided": "nothing judged yet",
    "pass": "all holding so far",
    "fail": "an expectation failed",
    "inconclusive": "inconclusive so far",
}
_ANSWER_LINES: Final = 2
_FINAL_WORDS: Final = {"undecided": "no verdict", "pass": "pass", "fail": "fail", "inconclusive": "inconclusive"}


def draw_header(frame: Frame, width: int, height: int) -> list[Row]:
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


def draw_answer(answer: Answer, width: int) -> list[Row]:
    """Return what was made of the latest action, in one line, or in two where one is too short for it."""
    sign, style = (TICK, GOOD) if answer.good else (CROSS, CARE)
    room = max(1, width - 4)
    lines = textwrap.wrap(clean(answer.text), room) or [""]
    shown = [*lines[: _ANSWER_LINES - 1], " ".join(lines[_ANSWER_LINES - 1 :])]
    words = [(left(each, room), STRONG if answer.good else CARE) for each in shown if each]
    return [row(" ", (" " if number else sign, style), " ", each) for number, each in enumerate(words)]


Keys = tuple[tuple[str, str], ...]
_CHANGING: Final[Keys] = (("d", "call"), ("r", "end"), ("f", "fault"), ("l", "lift"), ("m", "model"), ("n", "note"))
_LOOKING: Final[Keys] = (("1-6", "panels"), ("s", "picture"))
_NAMED_KEYS: Final = 2  # between help and quit: more have no room beside the ledger and a warning


def shown_keys(closed: str) -> Keys:
    """Return the keys that the footer names, each with a word: none of those ``closed`` in this run."""
    open_keys = [pair for pair in (*_CHANGING, *_LOOKING) if pair[0] not in closed]
    return (("?", "help"), *open_keys[:_NAMED_KEYS], ("q", "quit"))


def draw_footer(frame: Frame, width: int, status: str = "", keys: Keys = ()) -> Row:
    """Return the line with the hints ``keys``; ``status`` (frozen, waiting) takes the place of the warning."""
    hints: list[Piece] = []
    for key, word in keys:
        hints += [(f" {key} ", TITLE), (f"{word} ", DIM)]
    end = row(*hints)
    books = _books(frame)
    text, style = (f"▲ {status}", CARE) if status else warning(frame.header)
    room = width - sum(segment.cell_length for segment in end) - len(books[0]) - 5
    return spread(row(" ", books, "  ", (left(text, max(0, room)), style)), end, width)


def _books(frame: Frame) -> Piece:
    if frame.ledger is None:
        return "", DIM
    return ("ledger ✓ balanced", GOOD) if frame.ledger.balanced else ("ledger ✗ BROKEN", BAD)


def draw_small(frame: Frame, width: int, height: int, needs: tuple[int, int], closed: str) -> list[Row]:
    """Return as many of these lines as there is height; a blank first where there is room, and no key ``closed``."""
    header = frame.header
    symbol, style = RUN_STATES[header.state]
    verdict, verdict_style = VERDICTS[header.verdict]
    lines = [
        row((symbol, style), (f" {left(header.scenario, min(40, max(0, width - 4))).rstrip()}", STRONG)),
        row((f"{header.state} {clock(header.elapsed_s)} of {clock(header.planned_s)}", LABEL)),
        row((f"{verdict} verdict so far: {header.verdict}", verdict_style)),
        *_figures(frame),
        [],
        row((f"{width}×{height} is too small for the panels,", CARE)),
        row((f"which need {needs[0]}×{needs[1]}.", CARE)),
        [],
        row(("  ".join(f"{key} {word}" for key, word in shown_keys(closed)), DIM)),
    ]
    if height > len(lines):
        lines.insert(0, [])
    return [[*row(" "), *line] for line in lines]


def _figures(frame: Frame) -> list[Row]:
    lines: list[Row] = []
    if frame.throughput is not None:
        achieved, offered = frame.figure("throughput").last_10s, frame.figure("offered_rate").last_10s
        lines.append(row((f"{rate(achieved)} decided of {rate(offered)} offered, last 10 s", LABEL)))
    if (p95_us := frame.figure("latency.p95").last_10s) is not None:
        lines.append(row((f"p95 {latency_us(p95_us)}, last 10 s", LABEL)))
    if frame.errors is not None:
        lines.append(row((f"errors {percent(frame.figure('error_ratio').run)}, whole run", LABEL)))
    return lines


_HELP_KEYS: Final[tuple[Keys, ...]] = (
    (("q", "drain and end the run, as Ctrl-C; a second time stops draining"),),
    (("space", "freeze the picture"), ("1 to 6", "a group of panels large"), ("0", "all panels")),
    (("f", "put a fault in"), ("l", "lift one, or all; undone at the end like any")),
    (("b", "a burst"), ("+  -", "a tenth of the planned rate more, or less")),
    (("m", "model"), ("a", "acknowledge an alert"), ("n", "note"), ("s", "save a picture")),
    (("?", "this page; Esc closes it, and any menu"),),
)
_HELP_DRILL: Final = ("d  r", "in a blind drill: call what is broken · end the incident")
_HELP_FIGURES: Final = (
    ("last 10 s", "ten seconds of the run's clock; whole run: since it began"),
    ("latency", "from the intended arrival to the decision, so a stall shows"),
    ("✓ <10 ms", "within its target; ✗ >10 ms is over it; no mark: not known"),
    ("stages p50", "time by stage, service or waiting in a mailbox, and budget"),
    ("modes", "rung of a decision: full, stale, realtime_only, rules, default"),
    ("time axis", "phases, faults and steps share it: the whole planned run"),
)


def draw_help(width: int, closed: str) -> list[Row]:
    """Return the page, with keys that are ``closed`` in this run apart; it fits the smallest screen."""
    rows = [rule([("keys", TITLE)], (), width, RULE)]
    *lines, last = [[pair for pair in line if not _shut(pair[0], closed)] for line in _HELP_KEYS]
    told = [("  ".join(key for key, _ in line), " · ".join(text for _, text in line)) for line in lines if line]
    rows += [_help_line(key, text, STRONG) for key, text in (*told, _HELP_DRILL, *last)]
    shut = " ".join(key for line in _HELP_KEYS for keys, _ in line if _shut(keys, closed) for key in keys.split())
    rows += [_help_line(shut, "not in this run; pressed, each says why", DIM)] if shut else []
    rows.append(rule([("figures", TITLE)], (), width, RULE))
    rows += [_help_line(name, text, LABEL) for name, text in _HELP_FIGURES]
    rows.append(rule([("symbols", TITLE)], (), width, RULE))
    for name, table in (("alerts", ALERTS), ("expectations", EXPECTATIONS), ("faults", FAULTS), ("steps", STEPS)):
        line = row((f" {name:<16} ", LABEL))
        for word, (symbol, style) in table.items():
            line += row((f"{symbol} ", style), (f"{word} ", DIM))
        rows.append(line)
    return rows


def _shut(keys: str, closed: str) -> bool:
    """Return whether ``keys``, which share a text, are all among the ``closed``."""
    return set(keys.split()) <= set(closed)


def _help_line(name: str, text: str, style: Style) -> Row:
    return row((f" {name:<16} ", style), (text, DIM))
