"""Commands about what runs have left behind: ``report`` makes its page anew, ``open`` shows it, ``compare`` has two."""

from pathlib import Path
from typing import Annotated

import typer

from sim.exit_codes import FAILED, PASS

RunPlace = Annotated[Path, typer.Argument(help="Folder of a run, such as one under runs/.", metavar="RUN")]


def report(
    run: RunPlace,
    out: Annotated[
        Path | None, typer.Option(help="File for the page; by default report.html in the run's folder.")
    ] = None,
) -> int:
    """Make the page of a run anew from the files in its folder.

    RUN may be the folder of a twin or an exploration too. The page is one file of HTML with everything in it, to be
    read in any browser without a network. Of a run that was killed it shows what there is, and says that it is
    incomplete.

    Exit code: 0 written, 2 input that cannot be used.

    Example: python -m sim report runs/20260105-120000-burst
    """
    from sim.page.writing import rebuild

    typer.echo(f"report in {rebuild(run, out)}")
    return PASS


def open_page(
    run: Annotated[
        Path | None, typer.Argument(help="Folder of a run; by default the latest under runs/.", metavar="[RUN]")
    ] = None,
) -> int:
    """Open the page of a run in the browser.

    It is made first where there is none. Without RUN it is that of the latest run, twin or exploration under runs/.

    Exit code: 0 opened, 2 input that cannot be used, or no browser: the line then says where the page is.

    Example: python -m sim open
    """
    from sim.page.opening import latest, show
    from sim.page.writing import rebuild
    from sim.report.run_folder import REPORT

    folder = latest() if run is None else run
    page = folder / REPORT
    show(page if page.is_file() else rebuild(folder))
    typer.echo(f"opened {page}")
    return PASS


def compare(
    before: Annotated[Path, typer.Argument(help="Folder of the first run.", metavar="RUN_A")],
    after: Annotated[Path, typer.Argument(help="Folder of the second run.", metavar="RUN_B")],
    tolerance: Annotated[
        list[str] | None,
        typer.Option(help="How much worse a figure may be, as in latency.p99=10%; repeatable.", metavar="FIGURE=SHARE"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the page; by default one under runs/.")] = None,
) -> int:
    """Say what changed from one run of a scenario to another, and write it as a page.

    Latency by percentile with what it swings by chance, throughput, errors, money, alerts, the decisions that changed
    where the transactions are the same, and what differs between the two scenarios.

    Exit code: 0 compared, 99 a figure is worse than its tolerance allows, 2 input that cannot be used.

    Example: python -m sim compare runs/before runs/after --tolerance latency.p99=10%
    """
    from rich.console import Console
    from rich.table import Table

    from sim.page.compare_page import COLUMNS, compare_page, row
    from sim.page.comparison import compare as compared
    from sim.page.recorded import check_folder, read_run
    from sim.page.writing import put
    from sim.report.run_folder import RUNS

    for folder in (before, after):
        check_folder(folder)
    found = compared(read_run(before), read_run(after), tolerance or ())
    table = Table()
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for change in found.changes:
        table.add_row(*row(change))
    console = Console()
    needed = console.measure(table, options=console.options.update(max_width=10_000, width=10_000)).maximum
    console.width = max(console.width, needed)
    console.print(table)
    flips = found.flips
    typer.echo(f"{flips.same:,} transactions are the same in both, {flips.count:,} of them decided otherwise")
    typer.echo("the scenarios differ" if found.config else "the scenarios are the same")
    for line in found.beyond:
        typer.echo(f"beyond tolerance: {line}")
    page = out or RUNS / f"compare-{before.resolve().name}-{after.resolve().name}.html"
    put(page, compare_page(found))
    typer.echo(f"page in {page}")
    return FAILED if found.beyond else PASS
