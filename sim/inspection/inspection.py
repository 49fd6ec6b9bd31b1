"""The inspection of a file: what it holds, a section that replays it, and what speaks against training on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.core.clock import US_PER_DAY
from actors.core.errors import InputError
from sim.inspection.proposal import LEAST_DAYS, NEEDED, Proposal, proposed
from sim.inspection.scenario_yaml import Quoted, events_text, scenario_text
from sim.inspection.survey import STEPS, Survey, opened, surveyed
from sim.inspection.times import TimeForm
from sim.inspection.values import Keys
from sim.replay.contents import Contents, minute
from sim.replay.event_file import EventFile
from sim.replay.events_section import events_spec
from sim.replay.spec import ALL_TIME, EventsSpec
from sim.scenario.loader import parse
from sim.training.progress import Progress, silent

TRYING: Final = "try"
WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a file.

    Attributes:
        survey: what all its rows say.
        proposal: the column map that this speaks for.
        contents: what the replay of it holds; None where it cannot be replayed.
        refusal: why not, in the words of ``validate``; empty where it can.
        section: the ``events:`` section.
        scenario: a whole scenario around it.
        objections: what speaks against training on it.
    """

    survey: Survey
    proposal: Proposal
    contents: Contents | None
    refusal: str
    section: str
    scenario: str
    objections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a file, and what its name does not tell.

    Attributes:
        path: a file, a folder of files, or a pattern.
        separator: between the columns of CSV; None: the one that makes the most columns.
        multiline: a field of CSV may have several lines even where they look like rows.
        timezone: of times without an offset.
    """

    path: Path
    separator: str | None = None
    multiline: bool = False
    timezone: str = "UTC"


def inspected(asked: Asked, progress: Progress = silent) -> Inspection:
    """Return what is known of a file, once it has been read to its end, and read again as a replay would.

    Raises:
        TransactionFileError: it cannot be read.
    """
    source = opened(asked.path, separator=asked.separator, multiline=asked.multiline)
    survey = surveyed(source, asked.timezone, progress)
    proposal = proposed(survey)
    file = Quoted(asked.path, source.separator, asked.timezone, asked.multiline)
    objections = list(objections_to(survey, proposal))
    contents: dict[str, Contents] | None = None
    refusal = ""
    if proposal.whole:
        contents, refusal = _tried(file, proposal, progress)
    if refusal and proposal.spans is not None:
        of_spans, proposal.spans = refusal, None
        contents, refusal = _tried(file, proposal, progress)  # it may be the spans alone that hold nothing
        objections += [] if refusal else [of_spans]
    if contents is None:
        proposal.spans = None
    elif objection := _one_kind_alone(contents):
        proposal.spans = None
        objections.append(objection)
    return Inspection(
        survey=survey,
        proposal=proposal,
        contents=None if contents is None else contents[WHOLE],
        refusal=refusal,
        section=events_text(file, proposal),
        scenario=scenario_text(file, proposal),
        objections=tuple(objections),
    )


RARELY_AGAIN: Final = 0.9  # share of rows with a key of their own, from which on windows over that key are empty
_VALUE: Final = re.compile(r"[-+]?[0-9][0-9.,:/ T-]*")
FEW_FRAUDS: Final = 50  # fewer teach a model next to nothing
MANY_FRAUDS: Final = 0.2  # a higher share is of a sample that was made so, or of a label that means the contrary


def objections_to(survey: Survey, proposal: Proposal) -> Iterator[str]:
    """Yield a line for each thing that speaks against training on the file."""
    if sum(bool(_VALUE.fullmatch(column.name.strip())) for column in survey.columns) > 1:
        yield "its first line looks like values, not like names of columns: give it a header"
    for name in NEEDED:
        if name not in proposal.columns:
            yield f"it has no {name}: {proposal.absent[name]}"
    yield from _to_labels(survey, proposal)
    best = survey.moments.best
    if best is not None and best.rows and not best.refusal:
        yield from _to_times(best)
    yield from _to_ids(survey.keys.get("id", []))
    for name in ("card", "merchant"):
        if keys := [key for key in survey.keys.get(name, ()) if not key.refusal]:
            yield from _to_keys(name, keys[0])


def _to_labels(survey: Survey, proposal: Proposal) -> Iterator[str]:
    labels = survey.labels
    if labels is None or not labels.fits:
        yield f"it has no label ({proposal.absent['fraud']}), so it can only be replayed with a model that is there"
    elif not labels.frauds:
        yield "no row is fraud"
    elif labels.frauds < FEW_FRAUDS:
        yield f"only {labels.frauds} of its rows are fraud, too few to learn from"
    elif labels.frauds > MANY_FRAUDS * survey.rows:
        share = labels.frauds / survey.rows
        yield f"{share:.0%} of its rows are fraud: a sample that was made so, or the words are the wrong way round"


def _to_times(best: TimeForm) -> Iterator[str]:
    days = (best.last_us - best.first_us) / US_PER_DAY
    if days < LEAST_DAYS:
        yield f"it has {days:.1f} days, and training takes {LEAST_DAYS}: to train, to wait for labels, and to judge"
    if best.falls:
        yield f"{best.falls:,} rows are earlier than the row above: sort: true puts them in order"


def _to_ids(keys: list[Keys]) -> Iterator[str]:
    good = [key for key in keys if not key.refusal]
    if good and not any(key.unique for key in good) and good[0].distinct > RARELY_AGAIN * good[0].rows:
        again = good[0].rows - good[0].distinct
        yield f"{again:,} of its rows repeat an id ({good[0].column.names[0]}): transactions may be in it twice"


def _to_keys(name: str, key: Keys) -> Iterator[str]:
    if key.rows > 1 and key.distinct > RARELY_AGAIN * key.rows:
        yield f"nearly every row has a {name} of its own, so what a {name} did before says nothing"
    if key.rows > 1 and key.distinct == 1:
        yield f"all rows have one and the same {name}"


def _spec(file: Quoted, proposal: Proposal) -> EventsSpec:
    """Return what a scenario of ``proposal`` says, read from its text as a run would read it."""
    events = parse(scenario_text(file, proposal), "the section").events
    if events is None:
        raise AssertionError("a section of events is there")
    return events_spec(events)


def _tried(file: Quoted, proposal: Proposal, progress: Progress) -> tuple[dict[str, Contents] | None, str]:
    """Return what a replay of the file holds, or why it cannot be replayed."""
    try:
        return _contents(file, proposal, progress), ""
    except InputError as error:
        return None, str(error)


def _contents(file: Quoted, proposal: Proposal, progress: Progress) -> dict[str, Contents]:
    """Return what a replay of all of it holds, and its spans to train and to judge on where it has them."""
    spec = _spec(file, proposal)
    opened = EventFile.open(spec)
    periods = {WHOLE: ALL_TIME} | {
        name: period for name, period in (("train", spec.train), ("test", spec.test)) if period is not None
    }

    def told(share: float) -> None:
        progress(TRYING, round(share * STEPS), STEPS)

    found = dict(zip(periods, opened.contents_of(list(periods.values()), told), strict=True))
    progress(TRYING, STEPS, STEPS)
    return found


def _one_kind_alone(contents: dict[str, Contents]) -> str:
    """Return which span has no fraud, or nothing else; nothing where both kinds are in both."""
    for name, held in contents.items():
        if name != WHOLE and not 0 < held.frauds < held.rows:
            what = "no fraud" if held.frauds == 0 else "nothing but fraud"
            return f"the days to {name} on, {minute(held.first_us)} to {minute(held.last_us)}, would have {what}"
    return ""
