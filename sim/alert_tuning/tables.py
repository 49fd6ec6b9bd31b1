"""What alerts did over many seeds, for a terminal: tables, and a picture of how a threshold trades speed for quiet."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from actors.telemetry.alerts.rule import AlertRule
from dashboard.charts import columns
from sim.alert_tuning.spread import Noise, OnFault, Spread
from sim.alert_tuning.thresholds import Candidate, Tuned, best

if TYPE_CHECKING:
    from rich.table import Table

HEIGHT: Final = 5  # lines of a chart
BAR: Final = 7  # cells a threshold, its label included


def detection_table(rows: Sequence[OnFault]) -> "Table":
    """Return what each alert did about each fault."""
    table = _table("fault", "alert", "seen", "after", "least to most", "resolved after its end")
    last = ""
    for each in rows:
        name = f"{each.alert} (expected)" if each.wanted else each.alert
        table.add_row(
            "" if each.fault == last else each.fault,
            name,
            f"{each.seen} of {each.bitten}",
            _middle(each.detected_s),
            _ends(each.detected_s),
            _middle(each.resolved_s),
            style="red" if each.wanted and each.seen < each.bitten else None,
        )
        last = each.fault
    return table


def noise_table(found: dict[str, Noise], faulty: int, calm: int) -> "Table":
    """Return what each alert did that it should not have, a run."""
    table = _table("alert", "false, with faults", "false, without", "flaps")
    for alert, each in found.items():
        table.add_row(alert, _a_run(each.false, faulty), _a_run(each.calm, calm), _a_run(each.flaps, faulty + calm))
    return table


def tuning_table(rule: AlertRule, tuned: Sequence[Tuned]) -> "Table":
    """Return how each threshold would do with each wait: the middle time to detect, and what goes wrong with it."""
    waits = list(dict.fromkeys(each.candidate.for_s for each in tuned))
    table = _table(rule.alert, *(f"for {wait:g} s" for wait in waits))
    for limit in dict.fromkeys(each.candidate.limit for each in tuned):
        table.add_row(limit, *(_cell(each) for each in tuned if each.candidate.limit == limit))
    return table


def picture(rule: AlertRule, tuned: Sequence[Tuned]) -> Iterator[str]:
    """Yield the lines of two charts over the thresholds, at the wait that the rule has now."""
    row = [each for each in tuned if each.candidate.for_s == rule.for_s]
    times = [None if each.detected_s is None else each.detected_s.middle for each in row]
    yield from _chart("s to detect (a gap: nothing detected)", times)
    yield from _chart("missed, of all faults that are to be seen", [float(each.missed) for each in row])
    yield from _chart("false alarms in all runs", [float(each.false) for each in row])
    yield " " * BAR + "".join(f"{_marked(each.candidate):<{BAR}}" for each in row).rstrip()
    yield f"{' ' * BAR}threshold, with for {rule.for_s:g} s; * is the rule as it is"


def advice(rule: AlertRule, tuned: Sequence[Tuned]) -> str:
    """Return what the figures say in a sentence."""
    found = best(tuned)
    if found is None or found.detected_s is None:
        return f"{rule.alert}: none of these misses nothing, rings for nothing and does not flap in these runs"
    is_now = ", which is the rule as it is" if found.candidate.present else ""
    return (
        f"{rule.alert}: quickest in these runs without a miss, a false alarm or a flap: {found.candidate.expression} "
        f"for {found.candidate.for_s:g} s, after {found.detected_s.middle:.2f} s{is_now}"
    )


def _chart(title: str, values: Sequence[float | None]) -> Iterator[str]:
    top = max((each for each in values if each is not None), default=0.0)
    yield f"{' ' * BAR}{title}"
    if not top:
        yield f"{0:>{BAR - 2}} ┤ none at any of these thresholds"
        yield ""
        return
    cells = [cell for value in values for cell in (*[value] * (BAR - 2), None, None)]
    for number, line in enumerate(columns(cells, len(cells), HEIGHT, top)):
        edge = f"{top:>{BAR - 2}.3g} ┤" if number == 0 else f"{'0':>{BAR - 2}} ┤" if number == HEIGHT - 1 else ""
        yield f"{edge or '│':>{BAR}}{line}".rstrip()
    yield ""


def _marked(candidate: Candidate) -> str:
    now = candidate.present
    return f"{candidate.limit}{'*' if now else ''}"


def _cell(tuned: Tuned) -> str:
    wrong = [f"{tuned.missed} of {tuned.of} missed"] * bool(tuned.missed)
    wrong += [f"{tuned.false} false"] * bool(tuned.false)
    wrong += [f"{tuned.flaps} flap{'' if tuned.flaps == 1 else 's'}"] * bool(tuned.flaps)
    mark = "*" if tuned.candidate.present else ""
    return "\n".join([f"{_middle(tuned.detected_s)}{mark}", *wrong])


def _table(*heads: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _middle(spread: Spread | None) -> str:
    return "–" if spread is None else f"{spread.middle:.2f} s"


def _ends(spread: Spread | None) -> str:
    return "–" if spread is None else f"{spread.least:.2f} to {spread.most:.2f} s"


def _a_run(count: int, runs: int) -> str:
    return "–" if not runs else "0" if not count else f"{count / runs:.2f} a run"
