"""Runs every benchmark, each in a process of its own, and ends with a table: ``python -m benchmarks [NAME…]``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.promises import GATHERED_IN, gathered

HELPERS = (
    "__main__",
    "end_to_end",
    "live_runs",
    "measuring",
    "plain_loop",
    "portfolio",
    "promises",
    "rows",
    "servers",
    "stream_contenders",
)


def names() -> list[str]:
    """Return the benchmarks: every module here that is not a helper of others."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in HELPERS)


def main(chosen: Sequence[str]) -> int:
    """Run ``chosen`` benchmarks, or all; return 0 if each kept its promise."""
    outcomes: list[tuple[str, int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen or names():
            print(f"== {name}", flush=True)
            started = time.perf_counter()
            environment = {**os.environ, GATHERED_IN: str(Path(folder, name))}
            command = [sys.executable, "-m", f"benchmarks.{name}"]
            code = subprocess.run(command, env=environment, check=False).returncode
            outcomes.append((name, code, time.perf_counter() - started))
            print()
        for name, code, took_s in outcomes:
            print(f"{name} ({took_s:.0f} s{f', exit code {code}' if code else ''})")
            for promise in gathered(Path(folder, name)):
                print(f"  {promise.row()}")
    return int(any(code for _, code, _ in outcomes))


def chosen_names() -> list[str]:
    """Return what the command line names; leaves with a line where it is no benchmark."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names())}; absent: all")
    chosen: list[str] = arguments.parse_args().names
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        arguments.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(names())}")
    return chosen


if __name__ == "__main__":
    sys.exit(main(chosen_names()))
