"""The column map of a replay: what its types cannot say."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.column_map import MINUS, AmountColumn, JoinedColumn, LabelColumn, TimeColumn
from sim.scenario.problems import Problem

MAP = "events.columns"


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each field whose keys contradict each other."""
    events = view.scenario.events
    if events is None or not view.whole(MAP):
        return
    for field, column in events.columns.mapped().items():
        path = f"{MAP}.{field}"
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
