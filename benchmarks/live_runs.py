"""Whole runs with someone at the screen: what keys and a recording cost the pipeline's process, how soon a run obeys.

The cost is processor time a transaction of the process that decides: of a run with a menu open while its screen is
recorded, against one with neither beside it, turn by turn. From a key to its entry in the journal is wall time.
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
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from benchmarks.promises import Promise, at_most
from tests.support.model_cache import default_model

RATE_PER_S: Final = 1_000
SETTLED_S: Final = 3.0
SPAN_S: Final = 8.0
TURNS: Final = 5
PRESSES: Final = 50
MOST_COST: Final = 1.03
MOST_DELAY_MS: Final = 100.0
PATIENCE_S: Final = 180.0  # for a run to begin whose model is there
RUN: Final = ("run", "steady", "--set", f"phases.warm-up.rate={RATE_PER_S}", "--set", "phases.steady.duration=10m")


class LiveRun:
    """A run in a terminal of 120×40 of which someone else reads what it shows.

    Args:
        folder: for its files.
        words: more of its command line.
    """

    def __init__(self, folder: Path, *words: str) -> None:
        self._out = folder / "run"
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        arguments = [sys.executable, "-m", "sim", *RUN, "--out", str(self._out), *words]
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            arguments, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._swallow, daemon=True)
        self._reader.start()
        end_s = time.monotonic() + PATIENCE_S
        while not self.count("journal.jsonl"):
            if self.process.poll() is not None or time.monotonic() > end_s:
                raise RuntimeError("the run did not begin; see what python -m sim run steady says")
            time.sleep(0.05)

    def _swallow(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                if select.select([self._master], [], [], 0.2)[0]:
                    os.read(self._master, 1 << 16)

    def press(self, keys: str) -> None:
        """Type, as quickly as a terminal does."""
        os.write(self._master, keys.encode())

    def count(self, name: str, text: bytes = b"\n") -> int:
        """Return how often ``text`` stands in a file of the run."""
        file = self._out / name
        return file.read_bytes().count(text) if file.exists() else 0

    def end(self) -> None:
        """End the run, whatever it does."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        self._reader.join()


@contextmanager
def live_run(*words: str) -> Iterator[LiveRun]:
    """Have a run that goes on, settled; its files and what it recorded go with it."""
    with tempfile.TemporaryDirectory() as place:
        run = LiveRun(Path(place), *(word.format(place) for word in words))
        try:
            time.sleep(SETTLED_S)
            yield run
        finally:
            run.end()


def costs_us(runs: Sequence[LiveRun]) -> list[float]:
    """Return the processor time of each run's own process for each transaction that it decides, in µs.

    All are measured over the same seconds: whatever else the machine does meanwhile, it does to all of them.
    """
    processes = [psutil.Process(run.process.pid) for run in runs]
    before = [(process.cpu_times(), run.count("decisions.jsonl")) for process, run in zip(processes, runs, strict=True)]
    time.sleep(SPAN_S)
    found = []
    for process, run, (begun, decided) in zip(processes, runs, before, strict=True):
        now, count = process.cpu_times(), run.count("decisions.jsonl") - decided
        found.append(1e6 * (now.user + now.system - begun.user - begun.system) / count)
    return found


def delay_ms(run: LiveRun) -> float:
    """Return the time from a key to its entry in the journal, in ms."""
    time.sleep(0.2)  # until the form of the note before has heard that it is written
    run.press("n")
    time.sleep(0.2)
    run.press("x")
    time.sleep(0.2)
    noted = run.count("journal.jsonl", b'"note"')
    begin = time.perf_counter()
    run.press("\r")
    while run.count("journal.jsonl", b'"note"') == noted:
        if time.perf_counter() - begin > PATIENCE_S:
            raise RuntimeError("a note did not come into the journal")
        time.sleep(0.0005)
    return 1e3 * (time.perf_counter() - begin)


def at_the_screen() -> list[Promise]:
    """Print what hands cost and how soon a run obeys; return what is promised of both."""
    print(f"\ntwo runs at {RATE_PER_S:,}/s with a screen, {TURNS} turns of {SPAN_S:.0f} s")
    model = ("--model", str(default_model()))  # trained before any clock starts, where there is none
    quiet: list[float] = []
    ratios: list[float] = []
    delays: list[float] = []
    for _ in range(TURNS):
        with live_run(*model) as alone, live_run(*model, "--record", "{}/a.cast") as busy:
            busy.press("f")
            off, on = costs_us((alone, busy))
            quiet.append(off)
            ratios.append(on / off)
            delays += [delay_ms(alone) for _ in range(PRESSES // TURNS)]
    ratio = statistics.median(ratios)
    print(f"  {statistics.median(quiet):.0f} µs of processor time a transaction with neither menu nor recording,")
    print(f"  {ratio:.3f} times as much with both ({min(ratios):.3f} to {max(ratios):.3f})")
    middle, worst = statistics.median(delays), max(delays)
    print(f"  a key until its entry in the journal: median {middle:.1f} ms, worst of {len(delays)} {worst:.1f} ms")
    return [
        at_most("a menu open and recording on, processor time a transaction", ratio, MOST_COST),
        at_most("a key until its entry in the journal, median", middle, MOST_DELAY_MS, "ms"),
    ]
