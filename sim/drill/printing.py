"""A debrief at the terminal: a table of faults, the times of alerts beside those of people, and what it cost."""

from rich.console import Console
from rich.table import Table

from sim.drill.debrief import Debrief, FaultTold, Mean
from sim.faults.registry import PARTS
from sim.installation import PROGRAM
from sim.outcomes.money import dollars
from sim.twin.impact import Harm

NEVER = "–"
ENDED = {
    "planned": "to its planned end",
    "operator": "until the operator ended it",
    "interrupted": "and interrupted",
    "aborted": "until it could not go on",
}


def print_debrief(told: Debrief, hypothesis: str, console: Console) -> None:
    """Print ``told``, as wide as it needs: in a file or a pipe nothing is cut off.

    Args:
        told: what is printed.
        hypothesis: of the scenario, which the drill kept to itself; "" where it has none.
        console: where to.
    """
    console.print()
    title = f"debrief: {told.scenario}, seed {told.seed}, played {ENDED[told.ended]}"
    for line in (title, hypothesis.strip()):
        if line:
            console.print(line, soft_wrap=True, markup=False, highlight=False)
    for table in (_faults(told), _times(told)) if told.most else ():
        needed = console.measure(table, options=console.options.update(max_width=10_000, width=10_000)).maximum
        console.width = max(console.width, needed) if not console.is_terminal else console.width
        console.print(table)
    for line in _notes(told):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _faults(told: Debrief) -> Table:
    """Return the faults that came, one a column, so that a name has room and instants stand under each other."""
    table, came = Table(), [each for each in told.faults if _came(each)]
    table.add_column("seconds since the start")
    for each in came:
        table.add_column(each.fault, justify="right", overflow="fold")
    table.add_row("kind", *(each.kind for each in came), end_section=True)
    for words, key in (
        ("injected", "injected_at_s"),
        ("first effect", "first_effect_at_s"),
        ("first alert", "alerted_at_s"),
        ("acknowledged", "acknowledged_at_s"),
        ("first call", "called_at_s"),
        ("its part called", "part_at_s"),
        ("named", "named_at_s"),
        ("over", "over_at_s"),
        ("alerts resolved", "resolved_at_s"),
    ):
        table.add_row(words, *(_instant(getattr(each, key)) for each in came))
    table.add_section()
    table.add_row("seen by", *(each.alert or NEVER for each in came))
    table.add_row("score", *(f"{each.score:g} of 1" for each in came))
    return table


def _times(told: Debrief) -> Table:
    table = Table()
    table.add_column("mean time to")
    for name in ("detect", "acknowledge", "diagnose", "recover"):
        table.add_column(name, justify="right")
    for who, times in (("alerts", told.alerts), ("people", told.people)):
        means = (times.detect, times.acknowledge, times.diagnose, times.recover)
        table.add_row(who, *(_mean(each, told.most) for each in means))
    return table


def _mean(mean: Mean, most: int) -> str:
    if mean.mean_s is None:
        return NEVER
    of = "" if mean.of == most else f" ({mean.of} of {most})"
    return f"{mean.mean_s:.1f} s{of}"


def _instant(at_s: float | None) -> str:
    return NEVER if at_s is None else f"{at_s:.1f}"


def _came(fault: FaultTold) -> bool:
    return fault.injected_at_s is not None


def _notes(told: Debrief) -> list[str]:
    if not told.most:
        return nothing_came(told)
    waiting = [each for each in told.faults if not _came(each)]
    lines = [f"{each.fault} never came: it was to {_at(each.planned_at_s)}, {_ended(told)}" for each in waiting]
    return [f"score {told.score:g} of {told.most}; {_false_calls(told)}", *lines]


def nothing_came(told: Debrief) -> list[str]:
    """Return in words what there is to say of a drill that ended before its first fault, and what to do next."""
    first = told.faults[0]
    planned = f"the first fault, {first.fault} ({first.kind}), was to come {_at(first.planned_at_s)}"
    fired = ", ".join(f"{each.alert} {_at(each.fired_at_s)}" for each in told.fired)
    return [
        f"nothing was injected: {planned}, {_ended(told)}",
        f"{_false_calls(told)}; {f'alerts that fired all the same: {fired}' if fired else 'no alert fired'}",
        "next: play on until an alert or a figure tells of something, call it with d, and press r once it is over",
        f"what this drill hides is told now; {PROGRAM} drill steady --surprise 2 hides something new",
    ]


def _ended(told: Debrief) -> str:
    return f"and the drill ended {_at(told.duration_s)}"


def _at(at_s: float | None) -> str:
    return "later" if at_s is None else f"at {at_s:.1f} s"


def _false_calls(told: Debrief) -> str:
    wrong = [each for each in told.calls if each.verdict == "wrong"]
    called = ", ".join(f"{PARTS[each.part]} {_at(each.at_s)}" for each in wrong)
    return f"{len(wrong)} false call{'' if len(wrong) == 1 else 's'}{f': {called}' if called else ''}"


def print_price(told: Debrief, console: Console) -> None:
    """Print what each minute cost, or why that is not known."""
    if told.price is None:
        console.print(f"what it cost is not known: {told.unpriced}", soft_wrap=True, markup=False, highlight=False)
        return
    table = Table(title="what the faults cost", title_justify="left")
    table.add_column("minute")
    for name in COSTS:
        table.add_column(name, justify="right")
    for number, minute in enumerate(told.price.minutes, 1):
        table.add_row(f"{number}", *costs(minute.harm))
    table.add_section()
    table.add_row("the run", *costs(told.price.whole))
    console.print(table)


COSTS = ("decisions changed", "of", "more fraud loss", "less prevented", "more wrongly blocked")


def costs(harm: Harm) -> tuple[str, ...]:
    """Return what a part of a run cost, in the order of `COSTS`."""
    amounts = (harm.fraud_loss, -harm.fraud_prevented, harm.wrongly_blocked)
    changed = sum(harm.flips.values())
    return (f"{changed:,}", f"{harm.compared:,}", *(dollars(each, cents=False) for each in amounts))
