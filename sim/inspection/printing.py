"""An inspection as a person reads it: facts, columns, the section to paste, and what speaks against training."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from actors.core.clock import US_PER_DAY, US_PER_S
from actors.core.errors import printable
from sim.inspection.columns import Column, score
from sim.inspection.inspection import Inspection
from sim.inspection.scenario_yaml import refusal, sample
from sim.inspection.survey import Survey
from sim.replay.contents import minute
from sim.tables.problem import listed

MOST_COLUMNS: Final = 40  # of a file with hundreds, those that are mapped and the first ones
NARROWEST: Final = 80  # cells; what is piped is as wide
WIDEST: Final = 120
GAP: Final = "  "
HEADER: Final = ("column", "type", "absent", "read as", "samples")
LIMITS: Final = (22, 12, 6, 14)  # cells of all but the samples, which take the rest
SEEN_PER_S: Final = 0.01  # a rate below it says nothing by the second
BOLD: Final = "bold"
DIM: Final = "dim"


def print_inspection(found: Inspection, console: Console, *, every: bool) -> None:
    """Print ``found``; of a wide file not all columns, unless ``every`` one is asked for."""
    width = min(WIDEST, max(NARROWEST, console.width)) if console.is_terminal else NARROWEST
    parts = (
        (line for line in _facts(found)),
        _columns(found, width, every=every),
        (("to paste into a scenario:", BOLD), ("", ""), *((line, "") for line in found.section.splitlines())),
        _verdict(found),
    )
    for number, part in enumerate(parts):
        if number:
            console.print()
        for line, style in part:
            console.print(Text(printable(line), style=style), soft_wrap=True)


def _facts(found: Inspection) -> Iterator[tuple[str, str]]:
    survey = found.survey
    source = survey.source
    files = f" in {len(source.reader.files):,} files" if len(source.reader.files) > 1 else ""
    yield (
        f"{source.path}: {source.format}{files}, {_of(survey.rows, 'row')}, {_of(len(survey.columns), 'column')}",
        BOLD,
    )
    best = survey.moments.best
    if best is not None and best.rows and not best.refusal:
        span_us = best.last_us - best.first_us
        order = "in order" if not best.falls else f"{best.falls:,} rows earlier than the row above"
        days = f"{span_us / US_PER_DAY:,.1f} days"
        yield f"times      {minute(best.first_us)} to {minute(best.last_us)} UTC, {days}, {order}", ""
        per_s, per_day = survey.rows / max(1, span_us / US_PER_S), survey.rows / max(1, span_us / US_PER_DAY)
        yield f"rate       {per_day:,.0f} a day" + (f", {per_s:,.3g} a second" if per_s >= SEEN_PER_S else ""), ""
    for name in ("card", "merchant"):
        if keys := [key for key in survey.keys.get(name, ()) if not key.refusal]:
            yield f"{name + 's':<10} {keys[0].distinct:,}", ""
    if survey.labels is not None and survey.labels.fits:
        share = survey.labels.frauds / survey.rows
        yield f"fraud      {survey.labels.frauds:,} of {survey.rows:,} rows, {share:.2%}", ""


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _columns(found: Inspection, width: int, *, every: bool) -> Iterator[tuple[str, str]]:
    survey, fields = found.survey, _fields(found)
    shown = survey.columns if every else _chosen(survey, fields)
    rows = [HEADER, *(_cells(column, fields.get(column.name, "")) for column in shown)]
    widths = [min(limit, max(cell_len(row[at]) for row in rows)) for at, limit in enumerate(LIMITS)]
    widths.append(width - sum(widths) - len(GAP) * len(widths))
    for number, row in enumerate(rows):
        cells = (_cut(cell, room) for cell, room in zip(row, widths, strict=True))
        yield GAP.join(cells).rstrip(), "" if number else BOLD
    rest = [column.name for column in survey.columns if column not in shown]
    if rest:
        yield f"and {len(rest):,} more, such as {listed(rest[:3])}; --all shows them", DIM
    if survey.looked_at < survey.rows:
        yield f"types, absent values and samples are of the first {survey.looked_at:,} rows", DIM


def _cut(text: str, room: int) -> str:
    """Return ``text`` in exactly ``room`` cells."""
    return (
        set_cell_size(text, room)
        if cell_len(text) <= room
        else f"{set_cell_size(text, room - 1).rstrip('…')}…".ljust(room)
    )


def _cells(column: Column, taken: str) -> tuple[str, ...]:
    card = "card" in taken or score("card", column.name) > 0
    samples = ", ".join(sample(each, card=card) for each in column.samples)
    absent = f"{column.absent_ratio:.0%}" if column.absent_ratio else ""
    return printable(column.name) or '""', column.kind, absent, taken, samples


def _chosen(survey: Survey, fields: dict[str, str]) -> Sequence[Column]:
    if len(survey.columns) <= MOST_COLUMNS:
        return survey.columns
    others = [column.name for column in survey.columns if column.name not in fields][: MOST_COLUMNS - len(fields)]
    return [column for column in survey.columns if column.name in {*fields, *others}]


def _fields(found: Inspection) -> dict[str, str]:
    """Return which fields each column is read as."""
    fields: dict[str, list[str]] = {}
    for name, column in found.proposal.columns.items():
        for each in column.names:
            fields.setdefault(each, []).append(name)
    return {column: ", ".join(names) for column, names in fields.items()}


def _verdict(found: Inspection) -> Iterator[tuple[str, str]]:
    if found.refusal:
        yield "it cannot be replayed like that yet:", BOLD
        yield f"- {refusal(found.refusal)}", ""
    elif not found.proposal.whole:
        yield "it cannot be replayed before the columns that are needed are named", BOLD
    elif found.proposal.doubts:
        yield f"it can be replayed like that; look at what is unsure: {listed(found.proposal.doubts)}", BOLD
    else:
        yield "it can be replayed like that", BOLD
    if found.objections:
        yield "against training a model on it:", BOLD
        yield from ((f"- {refusal(each)}", "") for each in found.objections)
    elif found.proposal.spans is not None:
        yield "nothing speaks against training a model on it", BOLD
