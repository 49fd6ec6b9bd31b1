"""A file looked at: what it holds, a section that replays it, and what speaks against it."""

from dataclasses import dataclass, replace
from pathlib import Path

from actors.errors import InputError
from sim.events.event_file import Contents, EventFile
from sim.events.section import events_spec
from sim.events.spans import training_contents
from sim.events.spec import EventsSpec
from sim.inspection.objections import objections_to
from sim.inspection.proposal import Proposal, proposed
from sim.inspection.section import Quoted, events_text, scenario_text
from sim.inspection.survey import Survey, opened, surveyed
from sim.scenario.load import parse
from sim.training.progress import Progress, silent


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
    contents, refusal = None, ""
    if proposal.whole:
        try:
            contents = _contents(file, replace(proposal, spans=None))
        except InputError as error:
            refusal = str(error)
    if proposal.spans is not None:
        try:
            proposal.spans = proposal.spans if contents is not None and _trained(file, proposal) else None
        except InputError as error:
            objections.append(str(error))
            proposal.spans = None
    return Inspection(
        survey=survey,
        proposal=proposal,
        contents=contents,
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


def _contents(file: Quoted, proposal: Proposal) -> Contents:
    spec = _spec(file, proposal)
    return EventFile.open(spec).contents(spec.replay)


def _trained(file: Quoted, proposal: Proposal) -> bool:
    return bool(training_contents(_spec(file, proposal)))
