"""What the live screen costs: drawing a picture, handing over a frame, the first picture, a neighbour's latency, hands.

The neighbour is a loop that is due 5,000 times a second and works 60 µs each time, as the pipeline does for a
transaction; its latency counts from the intended time. It runs without a screen and with one at ten frames a second, in
turns, and the ratio of the two is the figure. The screen keeps its promise when the neighbour loses at most 2 % of its
throughput, and its p99 at most doubles or grows by 2 ms. What keys and a recording cost a whole run is measured in
`benchmarks.live_runs`.
"""

import contextlib
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.live_runs import at_the_screen
from benchmarks.promises import Promise, at_least, at_most, judged
from dashboard.frame import Frame
from dashboard.live import Screen
from dashboard.process import Painter
from dashboard.screen import render
from dashboard.wire import pack
from tests.support.dashboard.frames import SAMPLES

ROOT = Path(__file__).resolve().parent.parent

SIZES = ((80, 24), (120, 40), (200, 60))
RATE_PER_S = 5_000
WORK_S = 60e-6
SPAN_S = 4.0
TURNS = 3
FRAME_EVERY_S = 0.1


def median_ms(work: Callable[[], object], times: int) -> float:
    """Return the median time of one call."""
    spans = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(spans)


def draw(frame: Frame, width: int, height: int, console: Console) -> str:
    """Return a picture with every line drawn anew, which is the worst case: nothing on the screen is kept."""
    return Painter(console).update(render(frame, width, height).rows)


def drawing() -> None:
    """Print the cost of a picture by sample and size."""
    console = Console(force_terminal=True, color_system="truecolor")
    print("\none picture, drawn whole, median ms     " + "".join(f"{w}×{h:<10}" for w, h in SIZES))
    for name in ("burst", "outage", "failing"):
        frame = SAMPLES[name]()
        costs = [median_ms(partial(draw, frame, width, height, console), 60) for width, height in SIZES]
        print(f"  {name:<38}" + "".join(f"{cost:<11.2f}" for cost in costs))


def handing_over() -> None:
    """Print what the pipeline's process pays for a frame."""
    frame = SAMPLES["outage"]()
    print(
        f"\none frame: {len(pack(frame)):,} bytes, encoding median {1e3 * median_ms(lambda: pack(frame), 500):.0f} µs"
    )


class Pseudo:
    """A terminal that swallows what is written to it, in place of standard input and output."""

    def __init__(self, width: int, height: int) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._saved = [os.dup(0), os.dup(1)]
        for standard in (0, 1):
            os.dup2(self.slave, standard)
        self.first_at_s: float | None = None
        self._open = True
        self._reader = threading.Thread(target=self._swallow, daemon=True)
        self._reader.start()

    def _swallow(self) -> None:
        seen = b""
        while self._open:
            if select.select([self.master], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    seen = (seen + os.read(self.master, 1 << 16))[-200_000:]
            if self.first_at_s is None and b"riskdrill" in seen:
                self.first_at_s = time.perf_counter()

    def close(self) -> None:
        """Put standard input and output back."""
        for standard, saved in enumerate(self._saved):
            os.dup2(saved, standard)
            os.close(saved)
        self._open = False
        self._reader.join()
        os.close(self.master)
        os.close(self.slave)


def first_picture() -> None:
    """Print the time from starting the screen to its first picture."""
    spans, calls = [], []
    for _ in range(5):
        terminal = Pseudo(120, 40)
        begin = time.perf_counter()
        screen = Screen.start()
        calls.append(time.perf_counter() - begin)
        while terminal.first_at_s is None and time.perf_counter() < begin + 10:
            time.sleep(0.005)
        spans.append((terminal.first_at_s or time.perf_counter()) - begin)
        screen.close()
        terminal.close()
    print(
        f"\nstarting the screen: {1e3 * statistics.median(calls):.1f} ms for the caller, first picture after ", end=""
    )
    print(f"{1e3 * statistics.median(spans):.0f} ms (worst of five {1e3 * max(spans):.0f})")


def busy(until_s: float) -> None:
    """Work until an instant."""
    while time.perf_counter() < until_s:
        pass


def neighbour(screen: Screen | None) -> tuple[float, float, float]:
    """Return p50 and p99 latency in µs, and the work done as a share of what was due."""
    frame = SAMPLES["outage"]()
    begin = time.perf_counter()
    next_frame_s, latencies = begin, []
    for number in range(int(RATE_PER_S * SPAN_S)):
        due_s = begin + number / RATE_PER_S
        if screen is not None and time.perf_counter() >= next_frame_s:
            next_frame_s += FRAME_EVERY_S
            if screen.ready:
                screen.show(frame)
        while (left_s := due_s - time.perf_counter()) > 0:
            time.sleep(left_s)
        busy(time.perf_counter() + WORK_S)
        latencies.append(time.perf_counter() - due_s)
    span_s = time.perf_counter() - begin
    quantiles = statistics.quantiles(latencies, n=100)
    return 1e6 * quantiles[49], 1e6 * quantiles[98], SPAN_S / span_s


def in_child(*, shown: bool) -> list[float]:
    """Run the neighbour in a process of its own, so that this one can be its terminal."""
    terminal = Pseudo(120, 40)
    try:
        arguments = [sys.executable, "-m", "benchmarks.screen_cost", "--neighbour", "on" if shown else "off"]
        result = subprocess.run(arguments, stderr=subprocess.PIPE, check=True, cwd=ROOT)
    finally:
        terminal.close()
    return [float(word) for word in result.stderr.split()]


def beside() -> list[Promise]:
    """Print the neighbour's latency without and with a screen; return what is promised of it."""
    print(f"\na loop due {RATE_PER_S:,} times a second, {TURNS} turns of {SPAN_S:.0f} s each way")
    print("  screen   p50 µs   p99 µs   kept up")
    medians: dict[bool, list[float]] = {}
    turns = [(shown, in_child(shown=shown)) for _ in range(TURNS) for shown in (False, True)]
    for shown in (False, True):
        columns = zip(*(figures for was_shown, figures in turns if was_shown == shown), strict=True)
        medians[shown] = [statistics.median(column) for column in columns]
        p50, p99, kept = medians[shown]
        print(f"  {'on' if shown else 'off':<6} {p50:>8.0f} {p99:>8.0f} {100 * kept:>8.1f} %")
    off, on = medians[False], medians[True]
    print(f"  ratio  {on[0] / off[0]:>8.2f} {on[1] / off[1]:>8.2f} {on[2] / off[2]:>9.3f}")
    return [
        at_least("beside a screen, throughput", on[2] / off[2], 0.98),
        at_most("beside a screen, p99 latency", on[1] / 1e3, max(2 * off[1], off[1] + 2_000) / 1e3, "ms"),
    ]


def main() -> int:
    """Measure everything; return 0 if the screen kept its promises."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    drawing()
    handing_over()
    first_picture()
    return judged([*beside(), *at_the_screen()])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--neighbour"]:
        live = Screen.start() if sys.argv[2] == "on" else None
        time.sleep(1)
        print(*neighbour(live), file=sys.stderr)
        if live is not None:
            live.close()
    else:
        sys.exit(main())
