"""Where there is no terminal: one plain line a second, then the verdict."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from dashboard.final import print_final, tolerate
from dashboard.frame import Frame, Message, Notice, Percentiles
from dashboard.rows import clean, left
from dashboard.units import clock, latency_us, percent, rate

_EVERY_S = 1.0


def plain_line(frame: Frame) -> str:
    """Return one line: elapsed, phase, rates, latency of the last 10 s, modes in use, alerts firing, the ledger.

    Its columns do not move from line to line.
    """
    header = frame.header
    parts = [f"{clock(header.elapsed_s):>7} {left(header.phase or header.state, 12)}"]
    if frame.throughput is not None:
        offered, achieved = frame.throughput.offered_10s_per_s, frame.throughput.achieved_10s_per_s
        parts.append(f"offered {rate(offered):>8} achieved {rate(achieved):>8}")
    if frame.latency is not None and frame.latency.last_10s is not None:
        now = frame.latency.last_10s
        parts.append(" ".join(f"{name} {latency_us(value):>7}" for name, value in _percentiles(now)))
    if used := [f"{clean(mode.name)} {percent(mode.ratio_10s)}" for mode in frame.modes if mode.ratio_10s]:
        parts.append(", ".join(used))
    if firing := [clean(alert.name) for alert in frame.alerts if alert.state == "firing"]:
        parts.append(f"FIRING {', '.join(firing)}")
    if frame.ledger is not None:
        parts.append("ledger balanced" if frame.ledger.balanced else "ledger BROKEN")
    return " | ".join(parts)


def _percentiles(latency: Percentiles) -> tuple[tuple[str, float], ...]:
    return ("p50", latency.p50_us), ("p95", latency.p95_us), ("p99", latency.p99_us)


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

    def keys(self) -> str:
        """Return no keys."""
        return ""

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
