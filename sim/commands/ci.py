"""What ``--ci`` adds to a run: annotations at the scenario's lines, and a summary on the page of the job."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import typer

from actors.core.errors import InputError, OutputError, ScenarioError
from sim.commands.console import tell_error
from sim.report import annotations, job_summary
from sim.report.run_folder import JOB_SUMMARY, RunFolder
from sim.report.summary import Summary, read_summary
from sim.scenario.loader import reason_lines
from sim.scenario.problems import InvalidScenarioError
from sim.stdio import without_secrets
from sim.trials.batch import Outcome, called, shares, worst

STEP_SUMMARY: Final = "GITHUB_STEP_SUMMARY"  # names the file that GitHub shows on the page of the job


@contextmanager
def annotated() -> Iterator[None]:
    """Annotate what keeps a run from beginning: each broken rule of a scenario at its line, anything else without."""
    try:
        yield
    except InvalidScenarioError as error:
        _say(annotations.of_problems(error.problems))
        raise
    except InputError as error:
        _say([annotations.annotation("error", str(error), title="riskdrill: cannot run")])
        raise


def tell_run(file: Path, summary: Summary, folder: RunFolder) -> None:
    """Tell of one run."""
    _say(annotations.of_run(summary, file, _lines(file), summary.scenario))
    _keep(job_summary.of_run(summary, summary.scenario, str(folder.path)), folder)


def tell_batch(outcomes: Sequence[Outcome], folder: RunFolder) -> None:
    """Tell of several runs: a table of all, and a section each."""
    repeated = shares(outcomes)
    names = [called(each, repeated) for each in outcomes]
    rows = [
        (name, each.verdict, str(each.exit_code), next(iter(each.reasons), ""))
        for name, each in zip(names, outcomes, strict=True)
    ]
    passed = [f"{name}: {share}" for name, share in repeated.items()]
    parts = [job_summary.overview(rows, passed, worst(outcomes))]
    for name, each in zip(names, outcomes, strict=True):
        file, place = Path(each.file), folder.file(each.folder)
        try:
            summary = read_summary(place)
        except OutputError:  # it has said why by itself
            text = next(iter(each.reasons), f"{each.verdict}, exit code {each.exit_code}")
            _say([annotations.annotation("error", text, file=annotations.seen_from_workspace(file), title=name)])
        else:
            _say(annotations.of_run(summary, file, _lines(file), name))
            parts.append(job_summary.of_run(summary, name, str(place)))
    _keep("".join(parts), folder)


def _lines(file: Path) -> dict[str, int]:
    with suppress(ScenarioError):  # it was changed during the run
        return reason_lines(file)
    return {}


def _say(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        typer.echo(without_secrets(line))


def _keep(text: str, folder: RunFolder) -> None:
    """Put the summary on the page of the job, or into the folder where there is none, and say so."""
    content, place = job_summary.bounded(text), os.environ.get(STEP_SUMMARY)
    if place:
        try:
            with Path(place).open("ab") as file:
                file.write(content)
        except OSError as error:
            tell_error(f"{STEP_SUMMARY} {place}: cannot be written: {error.strerror}; the verdict is as said")
        else:
            typer.echo(f"job summary added to {place}")
            return
    try:
        typer.echo(f"job summary in {folder.write(JOB_SUMMARY, content)}")
    except OutputError as error:
        tell_error(f"{error}; the verdict is as said")
