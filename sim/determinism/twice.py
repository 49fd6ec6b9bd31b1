"""One scenario, run twice on the virtual clock, in fresh processes that hash texts differently."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from actors.child import how_ended, was_killed
from actors.errors import InputError, InternalError, MachineError
from sim.verdict import FAILED, INCONCLUSIVE, INTERRUPTED, PASS

HASH_SEEDS = ("1", "2")  # of Python's text hash, which orders sets
COMPLETED = (PASS, FAILED, INCONCLUSIVE)
USAGE = 2


def run_twice(words: Sequence[str], folders: tuple[Path, Path]) -> int:
    """Run ``python -m sim run`` with ``words`` twice, side by side; return the exit code that both had.

    Args:
        words: the scenario and options; clock, screen and folder are added.
        folders: where the files of the two runs go.

    Raises:
        InputError: the runs refused their input; the text is theirs.
        KeyboardInterrupt: they were interrupted; both have drained.
        MachineError: a run was killed.
        InternalError: a run broke down, or the two ended differently.
    """
    with ExitStack() as stack:
        children = [
            stack.enter_context(_start([*words, "--clock", "virtual", "--tui", "off", "--out", str(folder)], seed))
            for folder, seed in zip(folders, HASH_SEEDS, strict=True)
        ]
        complaints = [child.communicate()[1] for child in children]
    codes = [child.returncode for child in children]
    if INTERRUPTED in codes:
        raise KeyboardInterrupt
    for code, complaint in zip(codes, complaints, strict=True):
        if was_killed(code):
            raise MachineError(f"a run {how_ended(code)}: there is nothing to compare; run it again")
        if code == USAGE:
            raise InputError(complaint.strip())
        if code not in COMPLETED:
            raise InternalError(f"a run ended with {code}: {complaint.strip()}")
    return codes[0]


def _start(words: list[str], hash_seed: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sim", "run", *words],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
