"""A case from practice, run as its user would: in its folder, without a screen, with the model of the default world."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.repository import ROOT


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command ended with.

    Attributes:
        code: its exit code.
        out: its standard output.
        err: its standard error.
        summary: of the run's folder; empty when it has none.
    """

    code: int
    out: str
    err: str
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One folder of cases, and where its runs may write.

    Attributes:
        folder: of the case, which is never written to.
        model: that its runs use.
        out: folder of the run; a second run replaces the first.
    """

    folder: Path
    model: Path
    out: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a command of ours needs where it runs: this code."""
        return os.environ | {"PYTHONPATH": str(ROOT)}

    def run(self, scenario: str, *words: str, timeout_s: float = 120.0) -> Outcome:
        """Run ``scenario`` (without ``.yaml``) on virtual time with more ``words`` after it."""
        fixed = ["--tui", "off", "--clock", "virtual", "--model", str(self.model), "--out", str(self.out)]
        return self.sim("run", f"{scenario}.yaml", *fixed, *words, timeout_s=timeout_s)

    def sim(self, *words: str, timeout_s: float = 120.0) -> Outcome:
        """Run any command of ours in the folder of the case."""
        done = subprocess.run(
            [sys.executable, "-m", "sim", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        file = self.out / "summary.json"
        return Outcome(done.returncode, done.stdout, done.stderr, json.loads(file.read_text()) if file.exists() else {})
