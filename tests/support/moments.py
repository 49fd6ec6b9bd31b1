"""Ctrl-C at moments drawn by chance, as a terminal sends it; `python -m tests.support.moments` presses it at length."""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.model_cache import default_model
from tests.support.repository import ROOT

# The interpreter's own start is not ours to interrupt; what is pressed before ours listens ends it as ours would.
START = (
    "import faulthandler, os, runpy, signal, sys;"
    "faulthandler.register(signal.SIGUSR1);"
    "signal.signal(signal.SIGINT, lambda *_: os._exit(130));"
    "os.write(1, b'up\\n');"
    "runpy.run_module('sim', run_name='__main__', alter_sys=True)"
)
SCENARIO = """\
version: 1
name: moments
phases: [{{name: only, duration: 2s, rate: {rate}}}]
expect: [{{name: books, expr: "ledger.balanced == 1"}}]
"""
MEASURING = "0.1x capacity"  # the capacity is measured before the run begins
PATIENCE_S = 60.0  # of a busy machine
INTERRUPTED = 130


def troubles(folder: Path, model: Path, pauses_s: Sequence[float], rate: str = "400") -> list[str]:
    """Start a run of two seconds and press Ctrl-C after each of ``pauses_s``; return what is wrong with its end.

    Args:
        folder: for its files.
        model: that it uses.
        pauses_s: before each press, the first one counted from the interpreter's start.
        rate: of the traffic.
    """
    scenario, out = folder / "moments.yaml", folder / "run"
    scenario.write_text(SCENARIO.format(rate=rate))
    words = ["run", str(scenario), "--tui", "off", "--model", str(model), "--out", str(out)]
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", START, *words],
        cwd=ROOT,
        env={**os.environ, "MOMENTS": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        for pause_s in pauses_s:
            time.sleep(pause_s)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
        try:
            _, err = child.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGUSR1)  # where each of its threads hangs, if it is this process that does
            time.sleep(1)
            os.killpg(child.pid, signal.SIGKILL)
            _, err = child.communicate()
            return [f"it did not end within {PATIENCE_S:g} s: {err[-4_000:]}"]
    return [*_about_its_end(child.returncode, err, out / "summary.json"), *_left(mark)]


def _about_its_end(code: int, err: str, summary: Path) -> Iterator[str]:
    if "Traceback" in err or "Exception ignored" in err:
        yield f"a trace: {err[-2_000:]}"
    if not summary.exists():
        if code != INTERRUPTED:
            yield f"exit code {code} without a summary: {err[-2_000:]}"
        if summary.parent.exists():
            yield f"a folder without a summary: {sorted(each.name for each in summary.parent.iterdir())}"
        return
    found = json.loads(summary.read_text())
    if code not in {INTERRUPTED, found["exit_code"]}:
        yield f"exit code {code}, and {found['exit_code']} in the summary"
    books = found["ledger"]
    if not books["balanced"] or books["produced"] != books["decided"]:
        yield f"the books: {books}"


def _left(mark: str) -> Iterator[str]:
    """Yield the processes of a run that outlived it by a second; where the system does not tell, none."""
    time.sleep(1)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                yield f"outlived by {(process / 'cmdline').read_bytes()!r}"
        except OSError:  # gone meanwhile, or another user's
            continue


def main() -> int:
    """Press at many moments; return 1 if any went wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    chance, model, wrong = random.Random(given.seed), default_model(), 0
    for _ in range(given.count):
        pauses_s = [chance.uniform(0, 8), *chance.choice([[], [0.0], [0.002], [0.3], [0.0, 0.01]])]
        with tempfile.TemporaryDirectory(prefix="riskdrill-moments-") as folder:
            found = troubles(Path(folder), model, pauses_s, chance.choice(["400", MEASURING]))
        if found:
            wrong += 1
            sys.stdout.write(f"after {pauses_s}: {'; '.join(found)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{given.count:,} runs interrupted, {wrong:,} of them wrongly\n")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
