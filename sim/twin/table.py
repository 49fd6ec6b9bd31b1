"""A twin as a table: a column a fault, a row a figure."""

from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from sim.twin.harm import Harm, Tally
from sim.twin.result import FaultWindow, Twin

Show = Callable[[Harm], str]

FIGURES: tuple[tuple[str, Show], ...] = (
    ("transactions compared", lambda harm: f"{harm.compared:,}"),
    ("of them different", lambda harm: f"{harm.differing:,}"),
    ("over 10 or 50 ms only with it", lambda harm: f"{harm.later:,}"),
    ("fraud let through", lambda harm: _tally(harm.fraud_let_through)),
    ("fraud caught only with it", lambda harm: _tally(harm.fraud_caught)),
    ("good customers blocked", lambda harm: _tally(harm.good_blocked)),
    ("good customers spared", lambda harm: _tally(harm.good_spared)),
    ("caused: fraud loss", lambda harm: _change(harm.fraud_loss)),
    ("caused: fraud prevented", lambda harm: _change(harm.fraud_prevented)),
    ("caused: wrongly blocked", lambda harm: _change(harm.wrongly_blocked)),
)


def print_twin(twin: Twin, console: Console) -> None:
    """Print ``twin``, as wide as it needs: in a file or a pipe nothing is cut off."""
    table = _table(twin)
    needed = console.measure(table, options=console.options.update(max_width=10_000, width=10_000)).maximum
    console.width = max(console.width, needed)
    console.print(table)
    for line in _notes(twin):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _table(twin: Twin) -> Table:
    table = Table(title=f"{twin.scenario}, seed {twin.seed}: with its faults against without", title_justify="left")
    table.add_column("", no_wrap=True)
    for each in twin.windows:
        table.add_column(each.fault, justify="right", no_wrap=True)
    table.add_column("whole run", justify="right", no_wrap=True)
    table.add_row("felt from", *(f"{each.start_s:.3f} s" for each in twin.windows), "0.000 s")
    table.add_row("until", *map(_end, twin.windows), f"{twin.duration_s:.3f} s")
    table.add_row("compared with", *(each.against for each in twin.windows), "no-faults", end_section=True)
    harms = [*(each.harm for each in twin.windows), twin.whole]
    for name, show in FIGURES[:3]:
        table.add_row(name, *map(show, harms))
    for kind in dict.fromkeys(kind for each in harms for kind in each.flips):
        table.add_row(f"  {kind.replace('_to_', ' → ')}", *(f"{each.flips.get(kind, 0):,}" for each in harms))
    table.add_section()
    for name, show in FIGURES[3:]:
        table.add_row(name, *map(show, harms))
    return table


def _end(window: FaultWindow) -> str:
    return f"{window.end_s:.3f} s" if window.recovered else "the end: not recovered"


def _tally(tally: Tally) -> str:
    return f"{tally.count:,} (${tally.amount:,.2f})"


def _change(amount: float) -> str:
    return f"{'-' if amount < 0 else '+' if amount else ''}${abs(amount):,.2f}"


def _notes(twin: Twin) -> list[str]:
    """Return what the table leaves out, a line each."""
    lines = [] if twin.windows or twin.never_injected else ["no fault in this scenario: its twin is itself"]
    lines += [f"{name} was never injected: the run ended before" for name in twin.never_injected]
    lines += [f"{each.fault} touched nothing: no call met it" for each in twin.windows if not each.touched_count]
    lines += [
        f"{each.fault} overlaps with {', '.join(each.overlaps)}: its column is what it adds to the others"
        for each in twin.windows
        if each.overlaps
    ]
    if twin.outside:
        lines.append(f"{twin.outside:,} more transactions differ outside the windows")
    for apart, which in ((twin.only_with_faults, "with"), (twin.only_without_faults, "without")):
        if apart.count:
            what = f"{apart.count:,} transactions (${apart.amount:,.2f}, {apart.fraud:,} of them fraud)"
            lines.append(f"{what} were decided only {which} the faults, and are in no comparison")
    if not twin.labelled:
        lines.append("the truth of these transactions is not known: fraud and money count as 0")
    return lines
