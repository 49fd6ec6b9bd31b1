"""What a twin found, as ``twin.json`` or a table. Keys are stable; a new one may come, none changes its meaning.

Instants are seconds since the run began, amounts in the currency of the transactions. Differences are those of the run
with the faults less its twin.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from rich.console import Console
from rich.table import Table

from sim.judging.verdict import VerdictWord
from sim.outcomes.money import dollars
from sim.report.summary import indented, schema_of
from sim.twin.impact import AmountSum, Harm

TWIN = "twin.json"
RUNS = "runs"


class TwinRun(msgspec.Struct, frozen=True, kw_only=True):
    """One of the runs that were compared.

    Attributes:
        name: ``all-faults``, ``no-faults``, or ``without-`` and the fault that was left out; its files are in
            the folder of that name under ``runs/``.
        faults: those that were in.
        trace_hash: as in its summary.
        verdict: of its own expectations; runs without all faults have none.
        reasons: of the verdict.
    """

    name: str
    faults: tuple[str, ...]
    trace_hash: str | None
    verdict: VerdictWord
    reasons: tuple[str, ...] = ()


class FaultWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault did, from its injection until nothing of it was felt any more.

    Attributes:
        against: name of the run without it, that the run with all faults is compared with. Where the windows of
            faults overlap each is left out alone; what they only do together is then in neither window.
        lifted_at_s: null for a fault that is over at once.
        start_s: of the window: the injection; earlier by those transactions that still waited for their decision then,
            and for which it came out differently.
        end_s: the first instant, not before the lift, from which for a second of arrivals both runs agree in mode,
            decision and latency class (within 10 ms, within 50 ms, later); the end of the run if there is none.
        recovered: whether there is one.
        overlaps: faults whose windows have an instant in common with this one's.
        touched_count: transactions whose treatment the fault changed, by its own count.
    """

    fault: str
    kind: str
    against: str
    injected_at_s: float
    lifted_at_s: float | None
    start_s: float
    end_s: float
    recovered: bool
    overlaps: tuple[str, ...]
    touched_count: int
    harm: Harm


class Unpaired(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions that only one of two runs decided; they are in no comparison.

    Attributes:
        amount: of all of them.
        fraud: how many are fraud.
    """

    count: int
    amount: float
    fraud: int


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario with and without its faults.

    Attributes:
        format: of this file.
        scenario_digest: of the scenario with its faults.
        model: digest of the model that served.
        labelled: whether the truth is known; otherwise all fraud, and what depends on it, counts as 0.
        duration_s: planned length of the runs, or up to the last arrival where a replay has none.
        runs: all that were made; the first has every fault.
        windows: of each fault that was injected, in the order of the scenario.
        never_injected: faults that the run did not come to.
        whole: the whole run, with all faults against none.
        outside: transactions that differ between these two and are in no window.
        only_with_faults: decided only with the faults.
        only_without_faults: decided only without them.
        git: commit of the code; null outside a checkout.
    """

    format: Literal[1] = 1
    scenario: str
    scenario_digest: str
    seed: int
    model: str | None
    labelled: bool
    duration_s: float
    runs: tuple[TwinRun, ...]
    windows: tuple[FaultWindow, ...]
    never_injected: tuple[str, ...]
    whole: Harm
    outside: int
    only_with_faults: Unpaired
    only_without_faults: Unpaired
    git: str | None = None
    versions: dict[str, str] = {}


def twin_text(twin: Twin) -> bytes:
    """Return ``twin.json``."""
    return indented(twin)


def twin_schema() -> bytes:
    """Return the JSON Schema of ``twin.json``."""
    return schema_of(Twin)


Row = tuple[str, Callable[[Harm], str]]
"""What a row of a table is called, and what it says of each harm."""

_CHANGED: tuple[Row, ...] = (
    ("transactions compared", lambda harm: f"{harm.compared:,}"),
    ("of them different", lambda harm: f"{harm.differing:,}"),
    ("over 10 or 50 ms only with it", lambda harm: f"{harm.later:,}"),
)
_CAUSED: tuple[Row, ...] = (
    ("fraud let through", lambda harm: counted(harm.fraud_let_through)),
    ("fraud caught only with it", lambda harm: counted(harm.fraud_caught)),
    ("good customers blocked", lambda harm: counted(harm.good_blocked)),
    ("good customers spared", lambda harm: counted(harm.good_spared)),
    ("caused: fraud loss", lambda harm: dollars(harm.fraud_loss, signed=True)),
    ("caused: fraud prevented", lambda harm: dollars(harm.fraud_prevented, signed=True)),
    ("caused: wrongly blocked", lambda harm: dollars(harm.wrongly_blocked, signed=True)),
)


def figures(twin: Twin) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the rows of a table of ``twin``: what came out differently, then whom that hit and what it cost."""
    harms = [*(each.harm for each in twin.windows), twin.whole]
    kinds = dict.fromkeys(kind for each in harms for kind in each.flips)
    return (*_CHANGED, *map(_flip, kinds)), _CAUSED


def _flip(kind: str) -> Row:
    return f"  {kind.replace('_to_', ' → ')}", lambda harm: f"{harm.flips.get(kind, 0):,}"


def counted(some: AmountSum) -> str:
    """Return how many transactions and their amount."""
    return f"{some.count:,} ({dollars(some.amount)})"


def print_twin(twin: Twin, console: Console) -> None:
    """Print ``twin``, as wide as it needs: in a file or a pipe nothing is cut off."""
    table = _table(twin)
    needed = console.measure(table, options=console.options.update(max_width=10_000, width=10_000)).maximum
    console.width = max(console.width, needed)
    console.print(table)
    for line in notes(twin):
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
    for rows in figures(twin):
        for name, show in rows:
            table.add_row(name, *map(show, harms))
        table.add_section()
    return table


def _end(window: FaultWindow) -> str:
    return f"{window.end_s:.3f} s" if window.recovered else "the end: not recovered"


UNLABELLED: Final = "the truth of these transactions is not known: fraud and money count as 0"


def notes(twin: Twin) -> list[str]:
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
    for unpaired, which in ((twin.only_with_faults, "with"), (twin.only_without_faults, "without")):
        if unpaired.count:
            what = f"{unpaired.count:,} transactions ({dollars(unpaired.amount)}, {unpaired.fraud:,} of them fraud)"
            lines.append(f"{what} were decided only {which} the faults, and are in no comparison")
    if not twin.labelled:
        lines.append(UNLABELLED)
    return lines
