"""The default world's model, trained once for all tests and all workers."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.repository import ROOT

LOCK = ROOT / "models" / ".training"
PATIENCE_S = 600.0


def sim(*words: str, timeout_s: float = 240.0, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command of ours in the repository, as a user would."""
    command = [sys.executable, "-m", "sim", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=check)


def take_lock() -> bool:
    """Return whether this process may train now; the lock of a process that died is taken away."""
    try:
        with LOCK.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        owner = LOCK.read_text() if LOCK.exists() else ""
        if owner.isdigit() and not Path("/proc", owner).exists() and Path("/proc").exists():
            LOCK.unlink(missing_ok=True)
        return False
    return True


def earlier_model(model: Path) -> Path:
    """Return the same model with three quarters of its trees: another one that takes the same features."""
    from actors.model.artifact import load_artifact
    from sim.run.model_choice import with_trees

    return ROOT / with_trees(load_artifact(model), 150)


def default_model() -> Path:
    """Return the cached model of the default world; train it if there is none, in one process only."""
    from sim.run.model_choice import cached_folder, source_of
    from sim.scenario.loader import parse
    from sim.training.cache import is_model

    text = "version: 1\nname: default\nphases: [{name: steady, duration: 1s, rate: 1000}]\n"
    folder = ROOT / cached_folder(source_of(parse(text, "default")))
    LOCK.parent.mkdir(exist_ok=True)
    deadline = time.monotonic() + PATIENCE_S
    while not is_model(folder):
        if not take_lock():
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process holds {LOCK}; remove it if none is training")
            time.sleep(0.5)
            continue
        try:
            sim("train", "--out", str(folder), timeout_s=PATIENCE_S, check=True)
        finally:
            LOCK.unlink(missing_ok=True)
    return folder


if __name__ == "__main__":
    sys.stdout.write(f"model for tests: {default_model()}\n")
