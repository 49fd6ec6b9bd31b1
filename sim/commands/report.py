"""Commands about what runs have left behind: ``report`` makes its page anew, ``open`` shows it."""

from pathlib import Path
from typing import Annotated

import typer

from sim.exit_codes import PASS

RunPlace = Annotated[Path, typer.Argument(help="Folder of a run, such as one under runs/.", metavar="RUN")]


def report(
    run: RunPlace,
    out: Annotated[
        Path | None, typer.Option(help="File for the page; by default report.html in the run's folder.")
    ] = None,
) -> int:
    """Make the page of a run anew from the files in its folder.

    It is one file of HTML with everything in it, to be read in any browser without a network. Of a run that was killed
    it shows what there is, and says that it is incomplete.

    Exit code: 0 written, 2 input that cannot be used.

    Example: python -m sim report runs/20260105-120000-burst
    """
    from sim.page.writing import rebuild

    typer.echo(f"report in {rebuild(run, out)}")
    return PASS
