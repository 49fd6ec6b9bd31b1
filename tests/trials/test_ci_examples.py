"""What is to be copied into the CI of another project is what its system takes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.pytest_plugin import LOADED
from tests.support.repository import ROOT

WORKFLOW = ROOT / "examples" / "ci" / "drills.yml"
TESTS = ROOT / "examples" / "ci" / "test_drills.py"


def test_the_workflow_is_one_of_github() -> None:
    """It holds to the schema that is published for workflows."""
    words = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_has_no_mistake_that_actionlint_knows() -> None:
    """Expressions, shells and the inputs of each action are checked too, where that program is."""
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("needs actionlint")
    done = subprocess.run((program, str(WORKFLOW)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_files_are_kept_where_a_drill_failed() -> None:
    """Whoever asks why has the run's files: later steps go on after a failure, and the job is red all the same."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["drills"]["steps"]
    at = next(number for number, step in enumerate(steps) if step.get("run", "").startswith("riskdrill run "))
    assert [step.get("if") for step in steps[at:]] == [None, "${{ !cancelled() }}", "${{ !cancelled() }}"]
    assert not any("continue-on-error" in step for step in steps)
    assert "verdicts/" in steps[-1]["with"]["path"]


@pytest.mark.slow
def test_the_tests_to_copy_pass(world_model: Path, tmp_path: Path) -> None:
    """Drills that hold pass, and the one whose limit nobody can keep is seen to fail."""
    words = ("-p", LOADED, "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "runs"), str(TESTS))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        (sys.executable, "-m", "pytest", *words), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
