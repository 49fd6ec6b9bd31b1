"""What a scenario names outside itself: its files are there, and the spans and columns of a replay make sense."""

from collections.abc import Callable, Iterator
from pathlib import Path

from actors.core.errors import TransactionFileError
from sim.scenario.checks.view import View
from sim.scenario.events import MINUS, AmountColumn, EventColumns, Events, JoinedColumn, LabelColumn, TimeColumn
from sim.scenario.pipeline import StreamSourceSettings
from sim.scenario.problems import Problem
from sim.tables.files import NO_STDIN, STDIN, ending_of, exists, is_pattern, parts_of

NO_MODEL = ("must be a folder with a model", "check the path, or train one")


def check_files(view: View, *, files_required: bool = True) -> Iterator[Problem]:
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


def _is(path: Path, what: Callable[[Path], bool]) -> bool:
    try:
        return what(path)
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


MAP = "events.columns"
MESSAGE_MAP = "pipeline.source.columns"


def check_columns(view: View) -> Iterator[Problem]:
    """Yield a problem for each field whose keys contradict each other."""
    events, source = view.scenario.events, view.scenario.pipeline.source
    if events is not None and view.whole(MAP):
        yield from _columns(view, MAP, events.columns)
    if isinstance(source, StreamSourceSettings) and view.whole("pipeline.source"):
        yield from _messages(view, source)


def _messages(view: View, source: StreamSourceSettings) -> Iterator[Problem]:
    columns = source.columns
    if columns is None:
        own = StreamSourceSettings()
        for key, changed in {"timezone": source.timezone != own.timezone, "from": source.from_ != own.from_}.items():
            if changed:
                rule = "has no use without columns: the messages are our own"
                yield view.problem(f"pipeline.source.{key}", rule, remedy="remove it, or add columns")
        return
    if view.given("events"):
        rule = "has no use: the transactions are the messages of pipeline.source"
        yield view.problem("events", rule, remedy="remove one of the two")
    if columns.fraud is not None:
        rule = "has no use: a label is no part of a message that is still to be decided"
        yield view.problem(f"{MESSAGE_MAP}.fraud", rule, remedy="remove it, and send labels to the labels topic")
    if columns.amount.negative == "skip":
        rule = "must be refuse: every message of a topic comes to an end, one below zero as a dead letter"
        yield view.problem(f"{MESSAGE_MAP}.amount.negative", rule, remedy="remove it")
    yield from _columns(view, MESSAGE_MAP, columns)


def _columns(view: View, place: str, columns: EventColumns) -> Iterator[Problem]:
    for field, column in columns.mapped().items():
        path = f"{place}.{field}"
        if isinstance(column, JoinedColumn):
            yield from _joined(view, path, column)
        if isinstance(column, TimeColumn):
            yield from _time(view, path, column)
        elif isinstance(column, AmountColumn):
            yield from _amount(view, path, column)
        elif isinstance(column, LabelColumn):
            yield from _label(view, path, column)


def _joined(view: View, path: str, column: JoinedColumn) -> Iterator[Problem]:
    if not column.names:
        yield view.problem(path, "needs a column", remedy="add column, or columns with the names of several")
    elif column.column is not None and column.columns:
        yield view.problem(f"{path}.columns", "has no use beside column", remedy="remove one of the two")
    elif len(set(column.names)) < len(column.names):
        yield view.problem(f"{path}.columns", "must name each column once", remedy="remove one")


def _time(view: View, path: str, column: TimeColumn) -> Iterator[Problem]:
    if column.unit is not None and column.format is not None:
        rule = "has no use beside format: a number has a unit, a text a format"
        yield view.problem(f"{path}.unit", rule, remedy="remove one of the two")
    if column.unit is not None and len(column.names) > 1:
        yield view.problem(
            f"{path}.unit", "has no use with several columns", remedy="name one column, or give a format"
        )
    elif column.format is None and len(column.names) > 1:
        remedy = 'add it, as in format: "%Y %m %d %H:%M"; the values are joined by single blanks'
        yield view.problem(f"{path}.format", "is needed with several columns", remedy=remedy)
    if column.since is not None and column.unit is None:
        yield view.problem(f"{path}.since", "needs a unit", remedy="add unit: what the numbers count since then")


def _amount(view: View, path: str, column: AmountColumn) -> Iterator[Problem]:
    if column.thousands is not None and column.thousands == column.decimal:
        rule = "must differ from what stands before the decimals"
        yield view.problem(f"{path}.thousands", rule, remedy="change one of the two")
    used = {column.decimal or ".", column.thousands} | set(f"0123456789+(){MINUS}")
    if wrong := [each for each in column.strip if each in used]:
        rule, remedy = "must not hold what belongs to a number", "remove it"
        yield view.problem(f"{path}.strip", rule, repr("".join(wrong)), remedy)


def _label(view: View, path: str, column: LabelColumn) -> Iterator[Problem]:
    for given, other in (("true", "false"), ("false", "true")):
        if getattr(column, given) and not getattr(column, other):
            rule = f"is needed beside {given}: which words mean the other"
            yield view.problem(f"{path}.{other}", rule, remedy=f"add {other}: and the word, or a list of words")
    common = {word.lower() for word in column.true} & {word.lower() for word in column.false}
    if common:
        rule, remedy = "must have other words than true", "remove the word from one side"
        yield view.problem(f"{path}.false", rule, ", ".join(sorted(common)), remedy)
