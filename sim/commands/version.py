"""``--version``: which program this is, and what else whoever reads a report of a mistake asks for."""

import os
import platform
import sys
from typing import Annotated

import typer


def version_text() -> str:
    """Return the version with the commit, then libraries and machine; none of the libraries is imported for it."""
    from sim.report.provenance import git_commit, versions

    libraries = versions()
    own, commit = libraries.pop("riskdrill", "not installed"), git_commit()
    parts = [f"{name} {number}" for name, number in libraries.items()]
    machine = [platform.platform(), f"{os.cpu_count() or 1} processors", f"output in {sys.stdout.encoding}"]
    return "\n".join(
        [f"riskdrill {own}{'' if commit is None else f' (commit {commit})'}", ", ".join(parts), ", ".join(machine)]
    )


def _say(wanted: bool) -> None:  # noqa: FBT001 - an option's callback gets its value so
    if wanted:
        typer.echo(version_text())
        raise typer.Exit


def program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version, the libraries and the machine.", callback=_say, is_eager=True
        ),
    ] = False,
) -> None:
    """Take what stands before a command."""
