"""A case from practice, run as its user would: in its folder, without a screen, with the model of the default world."""

import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from sim.cli import main
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

    def run(self, scenario: str, *words: str) -> Outcome:
        """Run ``scenario`` (without ``.yaml``) on virtual time with more ``words`` after it."""
        fixed = ["--tui", "off", "--clock", "virtual", "--model", str(self.model), "--out", str(self.out)]
        return self.sim("run", f"{scenario}.yaml", *fixed, *words)

    def sim(self, *words: str) -> Outcome:
        """Run any command of ours in the folder of the case, in this process."""
        out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = main(words)
        return self.outcome(code, *(text.buffer.getvalue().decode() for text in (out, err)))

    def outcome(self, code: int, out: str, err: str) -> Outcome:
        """Return what a command ended with, the summary of its run included."""
        file = self.out / "summary.json"
        return Outcome(code, out, err, json.loads(file.read_text()) if file.is_file() else {})
