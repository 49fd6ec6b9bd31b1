"""Files that a scenario names, and the spans of a replay."""

from collections.abc import Callable, Iterator
from pathlib import Path

from actors.errors import TransactionFileError
from sim.scenario.checks.view import View
from sim.scenario.events import Events
from sim.scenario.problems import Problem
from sim.tables.endings import ending_of
from sim.tables.parts import NO_STDIN, STDIN, exists, is_pattern, parts_of

NO_MODEL = ("must be a folder with a model", "check the path, or train one")


def check(view: View, *, files_required: bool = True) -> Iterator[Problem]:
    """Yield a problem for each file that is not there, unless it need not be, and each span that is empty."""
    scenario = view.scenario
    if scenario.model is not None and files_required and not _is(Path(scenario.model), Path.is_dir):
        yield view.missing("model", *NO_MODEL)
    for path, step in view.items("steps"):
        named = getattr(step, "model", None)
        if named is not None and files_required and not _is(Path(named), Path.is_dir):
            yield view.missing(f"{path}.model", *NO_MODEL)
    if scenario.events is not None and view.whole("events.file"):
        yield from _file(view, scenario.events, required=files_required)
    if scenario.events is not None and view.whole("events"):
        yield from _spans(view, scenario.events)


def missing_files(scenario_files: tuple[str | None, ...]) -> tuple[str, ...]:
    """Return those of the given paths that do not exist."""
    return tuple(each for each in scenario_files if each is not None and not exists(Path(each)))


def _is(path: Path, check: Callable[[Path], bool]) -> bool:
    try:
        return check(path)
    except (OSError, ValueError):  # a name that is too long, or has a character no name can have
        return False


def _file(view: View, events: Events, *, required: bool) -> Iterator[Problem]:
    path = Path(events.file)
    if path.name == STDIN:
        rule, remedy = NO_STDIN
        yield view.problem("events.file", rule, remedy=remedy)
        return
    try:
        if exists(path) or (required and is_pattern(path)):
            for file in parts_of(path):
                ending_of(file, events.separator)
        elif path.suffix:  # without one it may be a folder
            ending_of(path, events.separator)
    except TransactionFileError as error:
        rule, _, remedy = str(error).removeprefix(f"{path}: ").partition("; ")
        yield view.problem("events.file", rule, remedy=remedy)
    else:
        if required and not exists(path):
            remedy = "check the path, or give it: --set events.file=PATH"
            yield view.missing("events.file", "must be a file", remedy)


def _spans(view: View, events: Events) -> Iterator[Problem]:
    for key in ("train", "test"):
        span = getattr(events, key)
        if span is not None:
            start, end = events.span_us(span)
            if start >= end:
                yield view.problem(f"events.{key}", "must end after it starts", remedy="write [from, to]")
    if events.train and events.test and events.span_us(events.train)[1] > events.span_us(events.test)[0]:
        yield view.problem("events.test", "must start after train ends", remedy="judge a model on later data only")
    start_us, end_us = events.replay_us()
    if start_us is not None and end_us is not None and start_us >= end_us:
        key = "to" if view.given("events.to") else "from"
        yield view.problem(f"events.{key}", "must leave events to replay", remedy="let from be before to")
