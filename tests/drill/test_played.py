"""A blind drill played to its end in a terminal of its own (a pty), by a script at its keyboard."""

import contextlib
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.dashboard.test_cast import read_cast
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

TEXT = """
version: 1
name: hush-hush
hypothesis: Wry words that nobody reads.
world: {cards: 4000, merchants: 400}
phases:
  - {name: serene, duration: 2s, rate: 100}
  - {name: sorrow, duration: 18s, rate: 100}
faults:
  - {name: qualm, kind: feature_store_outage, at: 2s, duration: 17s}
expect:
  - {name: vow, expr: "ledger.balanced == 1"}
"""
HIDDEN = ("hush", "Wry words", "serene", "sorrow", "qualm", "vow")
PATIENCE_S = 60.0
MAIN_SCREEN = "\x1b[?1049l"


class Table:
    """A drill in a terminal of 120×40, and all that it has been told so far."""

    def __init__(self, folder: Path, model: Path) -> None:
        (folder / "it.yaml").write_text(TEXT)
        self.out = folder / "run"
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.cast = folder / "it.cast"
        words = ["drill", str(folder / "it.yaml"), "--no-price", "--model", str(model), "--out", str(self.out)]
        words += ["--record", str(self.cast)]
        self.run = subprocess.Popen(
            [sys.executable, "-m", "sim", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def await_text(self, text: str) -> None:
        """Read until the text has been written since the last key."""
        end, since = time.monotonic() + PATIENCE_S, len(self.seen)
        while text not in self.seen[since:]:
            assert time.monotonic() < end, f"no {text!r} in {self.seen[-2000:]!r}"
            self._read()

    def press(self, keys: str, answer: str) -> None:
        """Type, and wait for what comes of it."""
        os.write(self.master, keys.encode())
        self.await_text(answer)

    def ended(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + PATIENCE_S
        while self.run.poll() is None:
            assert time.monotonic() < end, self.seen[-2000:]
            self._read()
        while self._read():
            pass
        return self.run.returncode

    def debrief(self) -> Any:  # noqa: ANN401 - a document
        """Return ``debrief.json``."""
        return json.loads((self.out / "debrief.json").read_text(encoding="utf-8"))

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal."""
        return [json.loads(line) for line in (self.out / "journal.jsonl").read_text(encoding="utf-8").splitlines()]

    def _read(self) -> bool:
        """Read what is there; return whether anything was."""
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        with contextlib.suppress(OSError):  # nobody has the other end any more
            self.seen += os.read(self.master, 1 << 16).decode(errors="replace")
            return True
        return False


@pytest.fixture
def table(tmp_path: Path, world_model: Path) -> Iterator[Table]:
    """Return a drill that has begun; it is ended whatever happens."""
    table = Table(tmp_path, world_model)
    try:
        yield table
    finally:
        table.run.kill()
        table.run.wait()
        os.close(table.master)


def test_drill_is_played_to_its_end_at_the_keyboard(table: Table) -> None:
    """A false call, the right one, the end: nothing is given away before, and the debrief has the journal's figures.

    The recording is a cast like any, in which nothing is given away either; a marker stands where it was named.
    """
    table.await_text("running")
    table.press("d", "what is broken?")
    table.press("disk\r", "how is it broken?")
    table.press("slow\r", "that is not it")
    table.press("l", "its name would name it")
    table.await_text("FeatureStoreMisses")
    table.press("d", "what is broken?")
    table.press("store\r", "how is it broken?")
    before = table.seen
    assert [word for word in HIDDEN if word in before or word in table.cast.read_text(encoding="utf-8")] == []
    table.press("outage\r", "qualm")
    table.press("r", "end the incident?")
    table.press("\r", MAIN_SCREEN)
    table.ended()
    assert "\r\nWry words that nobody reads.\r\n" in table.seen
    told = table.debrief()
    (fault,) = told["faults"]
    _, events = read_cast(table.cast)
    markers = [data for _, code, data in events if code == "m"]
    assert "fault qualm" in markers
    assert not any(word in data for _, _, data in events for word in ("hush", "Wry words", "serene", "sorrow", "vow"))
    entries = {(each["kind"], each["name"]): each["at_s"] for each in table.journal()}
    assert fault["injected_at_s"] == pytest.approx(entries["fault_injected", "qualm"])
    assert fault["first_effect_at_s"] == pytest.approx(entries["fault_first_effect", "qualm"])
    assert fault["over_at_s"] == pytest.approx(entries["fault_lifted", "qualm"])
    assert fault["named_at_s"] == pytest.approx(entries["operator", "call"], abs=1e-3)  # the last of its calls
    assert [each["verdict"] for each in told["calls"]] == ["wrong", "right"]
    assert (told["false_calls"], told["score"], told["most"], told["ended"]) == (1, 1.0, 1, "operator")


def test_drill_outlives_its_screen(table: Table) -> None:
    """Nobody can call any more, but the run goes on, the terminal is given back at once, and there is a debrief."""
    table.await_text("running")
    (screen,) = [each for each in psutil.Process(table.run.pid).children() if "dashboard" in " ".join(each.cmdline())]
    screen.kill()
    table.await_text("the run goes on")
    assert table.run.poll() is None
    assert table.seen.count(MAIN_SCREEN) == 1
    table.ended()
    assert "lost: the process that drew the screen ended by signal 9" in table.seen
    assert table.debrief()["ended"] == "planned"
    assert table.seen.count(MAIN_SCREEN) == 1  # another would put the cursor back to where it was before the run
