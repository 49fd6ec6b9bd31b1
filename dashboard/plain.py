"""What is printed on the normal screen: a line a second where there is no terminal, and the verdict at the end."""

import io
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from actors.telemetry.ledger_snapshot import LedgerSnapshot
from dashboard.actions import Action
from dashboard.ascii import PLAIN_SIGNS
from dashboard.choices import Choices
from dashboard.frame import ExpectationRow, Figure, Frame, Message, MoneyFigures, Notice
from dashboard.panels.alerts import after_samples
from dashboard.panels.grades import Graded, grade_rows
from dashboard.rows import Row, clean, fit, left, right, row, rule
from dashboard.screen import LEAST_HEIGHT, LEAST_WIDTH, Picture, ViewState, render
from dashboard.theme import BAD, CARE, DIM, EXPECTATIONS, GOOD, LABEL, PLAIN, RULE, STRONG, TITLE, VERDICTS
from dashboard.units import clock, count, latency_in_words, latency_us, money, percent, rate, span_us, whole

_NO_TERMINAL_WIDTH: Final = 100
_LEAST_WIDTH: Final = 40
_TALLEST: Final = 60
_NAME: Final = 24
_STATE: Final = 13
_VALUE: Final = 22
_INDENT: Final = 3
_FACT: Final = 14
_MINUTE_S: Final = 60
_WORDS: Final = {
    "undecided": "NO VERDICT",
    "pass": "PASS",
    "fail": "FAIL",
    "inconclusive": "INCONCLUSIVE",
}


def print_final(final: Frame | None, text: str, out: TextIO, *, with_picture: bool) -> None:
    """Print the last picture where asked, the verdict, and the text as it is (paths, how to run it again).

    Args:
        final: the last frame; without one only the text is printed.
        text: lines of the caller; "" for none.
        out: a terminal, a pipe or a file.
        with_picture: whether the panels are shown above the verdict.
    """
    tolerate(out)
    console = Console(file=out, highlight=False, soft_wrap=True)
    width = console.width if console.is_terminal else _NO_TERMINAL_WIDTH
    if final is not None:
        if with_picture and width >= LEAST_WIDTH:
            height = max(LEAST_HEIGHT, min(_TALLEST, console.height - 1))
            console.print(Lines(trimmed(render(final, width, height, ViewState(final=True)))))
        console.print(Lines(verdict(final, max(_LEAST_WIDTH, width))))
    if text:
        out.write(f"{text.rstrip()}\n")
    out.flush()


def tolerate(out: TextIO) -> None:
    """Let a stream that cannot say "µ" say "u" instead of failing."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors=PLAIN_SIGNS)


@dataclass(frozen=True, slots=True)
class Lines:
    """A picture as lines of a text: each ends, the last one too, and none in blanks."""

    picture: Picture

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the rows, each with a line end."""
        for line in self.picture.rows:
            yield from _without_blanks(line)
            yield Segment.line()


def _without_blanks(line: Row) -> Row:
    """Return the row without the blanks at its end."""
    kept = list(line)
    while kept and not kept[-1].text.strip(" "):
        kept.pop()
    if kept:
        last = kept.pop()
        kept.append(Segment(last.text.rstrip(" "), last.style))
    return kept


def trimmed(picture: Picture) -> Picture:
    """Return the picture without blank rows at its end."""
    rows = list(picture.rows)
    while rows and not any(segment.text.strip() for segment in rows[-1]):
        rows.pop()
    return Picture(rows, picture.width)


def verdict(frame: Frame, width: int) -> Picture:
    """Return the verdict: each expectation with what was wanted and seen, the figures, the money, the ledger."""
    symbol, style = VERDICTS[frame.header.verdict]
    title = [("verdict ", TITLE), (f"{symbol} {_WORDS[frame.header.verdict]}", style)]
    rows: list[Row] = [[], rule(title, (), width, RULE), *_expectations(frame, width), []]
    graded = grade_rows(frame.section(Graded))
    rows += [*graded, []] if graded else []
    rows += [line for name, text in _facts(frame) for line in _fact(name, text, width)]
    rows += _troubles(frame, width)
    return Picture([fit(line, width) for line in rows], width)


def _expectations(frame: Frame, width: int) -> list[Row]:
    rows: list[Row] = []
    for one in frame.expectations:
        rows += _expectation(one, width)
        rows += [row((" " * _INDENT, PLAIN), (line, CARE)) for line in _wrapped(one.note, width - _INDENT)]
    return rows


def _expectation(one: ExpectationRow, width: int) -> list[Row]:
    symbol, style = EXPECTATIONS[one.state]
    line = row(" ", (symbol, style), " ", (left(one.name, _NAME), STRONG), (left(one.state, _STATE), style))
    line += row((right(one.value or "–", _VALUE), PLAIN))
    space = width - _INDENT - _NAME - _STATE - _VALUE - 2
    said = after_samples(one, one.wanted)
    if cell_len(said) <= space:
        return [[*line, *row((f"  {said}", DIM))]]
    wanted = textwrap.wrap(clean(said), max(20, width - _INDENT))
    return [line, *(row((" " * _INDENT, PLAIN), (text, DIM)) for text in wanted)]


def _wrapped(text: str, width: int, sign: str = "→") -> list[str]:
    return textwrap.wrap(f"{sign} {clean(text)}", max(20, width), subsequent_indent="  ") if text else []


def _fact(name: str, text: str, width: int) -> list[Row]:
    lines = textwrap.wrap(clean(text), max(20, width - _INDENT - _FACT)) or [""]
    names = [name, *([""] * (len(lines) - 1))]
    return [
        row(" " * _INDENT, (left(title, _FACT), LABEL), (line, PLAIN)) for title, line in zip(names, lines, strict=True)
    ]


def _facts(frame: Frame) -> list[tuple[str, str]]:
    """Return the figures of the whole run, as far as there are any."""
    header = frame.header
    lasted = span_us(1e6 * header.elapsed_s) if header.elapsed_s < _MINUTE_S else clock(header.elapsed_s)
    facts = [("run", f"{header.scenario}, {lasted} on the {header.clock} clock, seed {header.seed}")]
    if frame.throughput is not None:
        data = frame.throughput
        able = "" if data.capacity_per_s is None else f"; the pipeline can do {rate(data.capacity_per_s)}"
        done = f"{rate(frame.figure('throughput').run)} of {rate(data.offered_run_per_s)} offered{able}"
        facts.append(("throughput", done))
    if percentiles := [(name, figure.run) for name, figure in _percentiles(frame) if figure.run is not None]:
        facts.append(("latency", ", ".join(f"{name} {latency_in_words(value)}" for name, value in percentiles)))
    if frame.errors is not None:
        facts.append(("errors", percent(frame.figure("error_ratio").run)))
    if used := ", ".join(f"{mode.name} {percent(mode.ratio_run)}" for mode in frame.modes if mode.count_run):
        facts.append(("modes", used))
    facts += [("money", _money(frame.money))] if frame.money is not None else []
    return facts if frame.ledger is None else [*facts, *_apart(frame.ledger, frame.skipped_rows)]


def _apart(ledger: LedgerSnapshot, skipped_rows: int) -> Iterator[tuple[str, str]]:
    """Yield what did not go the way of the others, as far as there is any."""
    reasons = ", ".join(f"{reason} {whole(number)}" for reason, number in ledger.dead_letters.items())
    for name, number, words in (
        ("dead letters", ledger.dead_lettered, f"set aside undecided{': ' if reasons else ''}{reasons}"),
        ("duplicates", ledger.duplicate, "with an id seen before"),
        ("undelivered", ledger.undelivered, "decisions that were given up"),
        ("not logged", ledger.log_failed, "decisions"),
        ("unsent", ledger.unsent, "due, and never sent"),
        ("skipped rows", skipped_rows, "left out of the file, as its column map says"),
    ):
        if number:
            yield name, f"{whole(number)} {words}"


def _money(data: MoneyFigures) -> str:
    labelled = f"of {count(data.labelled_run_count)} labelled decisions"
    return (
        f"{money(data.loss)} lost, {money(data.prevented)} prevented, {money(data.wrongly_blocked)} wrongly blocked, "
        f"{count(data.review_run_count)} reviews; {labelled}"
    )


def _troubles(frame: Frame, width: int) -> list[Row]:
    """Return the ledger and the warnings, the broken equations in full."""
    rows: list[Row] = []
    if frame.ledger is not None:
        words = ("balanced ✓", GOOD) if frame.ledger.balanced else ("BROKEN ✗", BAD)
        rows.append(row(" " * _INDENT, (left("ledger", _FACT), LABEL), words))
        broken = () if frame.ledger.balanced else frame.ledger.imbalances
        rows += [row(" " * _INDENT, (line, BAD)) for text in broken for line in _wrapped(text, width - _INDENT)]
    warnings = frame.header.warnings
    rows += [row(" " * _INDENT, (line, CARE)) for text in warnings for line in _wrapped(text, width - _INDENT, "▲")]
    return rows


_EVERY_S = 1.0


def plain_line(frame: Frame) -> str:
    """Return one line: elapsed, phase, rates, latency of the last 10 s, modes in use, alerts firing, the ledger.

    Its columns do not move from line to line.
    """
    header = frame.header
    parts = [f"{clock(header.elapsed_s):>7} {left(header.phase or header.state, 12)}"]
    if frame.throughput is not None:
        offered, achieved = frame.figure("offered_rate").last_10s, frame.figure("throughput").last_10s
        parts.append(f"offered {rate(offered):>8} achieved {rate(achieved):>8}")
    if recent := [(name, figure.last_10s) for name, figure in _percentiles(frame) if figure.last_10s is not None]:
        parts.append(" ".join(f"{name} {latency_us(value):>7}" for name, value in recent))
    if used := [f"{clean(mode.name)} {percent(mode.ratio_10s)}" for mode in frame.modes if mode.ratio_10s]:
        parts.append(", ".join(used))
    if firing := [clean(alert.name) for alert in frame.alerts if alert.state == "firing"]:
        parts.append(f"FIRING {', '.join(firing)}")
    if frame.ledger is not None:
        parts.append("ledger balanced" if frame.ledger.balanced else "ledger BROKEN")
    return " | ".join(parts)


def _percentiles(frame: Frame) -> Iterator[tuple[str, Figure]]:
    """Yield the latency percentiles with their short names."""
    for name in ("p50", "p95", "p99"):
        yield name, frame.figure(f"latency.{name}")


def plain_notice(notice: Notice) -> str:
    """Return a notice as one line."""
    done = "" if notice.done_ratio is None else f" {percent(notice.done_ratio)}"
    return f"{clean(notice.title)}{done}{' · ' if notice.detail else ''}{clean(notice.detail)}"


class PlainScreen:
    """The same as `dashboard.live.Screen` for a pipe or a file: takes messages at any rate, prints one a second.

    A reader that goes away costs the run nothing.

    Args:
        now_s: wall time in seconds, from any origin.
        out: where lines go.
    """

    def __init__(self, now_s: Callable[[], float], out: TextIO | None = None) -> None:
        self._now_s = now_s
        self._out = out if out is not None else sys.stdout
        self._next_s = now_s()
        self._last = self._title = ""
        self.alive = True
        tolerate(self._out)

    @property
    def ready(self) -> bool:
        """Whether a message would be printed now."""
        return self.alive and self._now_s() >= self._next_s

    def show(self, message: Message) -> None:
        """Print the message, unless the last one was less than a second ago or said the same.

        A notice of something new is printed at once: whoever reads it need not wonder what takes so long.
        """
        title = message.title if isinstance(message, Notice) else ""
        if not self.ready and not (self.alive and title and title != self._title):
            return
        self._title = title
        line = plain_line(message) if isinstance(message, Frame) else plain_notice(message)
        # A second after the last one was due, not after it was printed: a frame that comes a bit early is passed over.
        self._next_s = max(self._next_s, self._now_s() - _EVERY_S) + _EVERY_S
        if line != self._last:
            self._print(line)
        self._last = line

    def offer(self, choices: Choices) -> None:
        """Offer nothing: there are no keys."""

    def actions(self) -> list[Action]:
        """Return no actions."""
        return []

    def fileno(self) -> int | None:
        """Return None: nothing will be asked."""
        return None

    def close(self, final: Frame | None = None, text: str = "") -> None:
        """Print the verdict of the final frame, and the text."""
        try:
            print_final(final, text, self._out, with_picture=False)
        except OSError:
            self._give_up()

    def _print(self, line: str) -> None:
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Nobody reads any more (`… | head`): the run goes on, and the interpreter must not fail at its last flush."""
        self.alive = False
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
