"""A file looked at: what it holds, a section that replays it, and what speaks against it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.errors import InputError
from sim.events.contents import Contents, minute
from sim.events.event_file import EventFile
from sim.events.section import events_spec
from sim.events.spec import ALL_TIME, EventsSpec
from sim.inspection.objections import objections_to
from sim.inspection.proposal import Proposal, proposed
from sim.inspection.section import Quoted, events_text, scenario_text
from sim.inspection.survey import STEPS, Survey, opened, surveyed
from sim.scenario.load import parse
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
