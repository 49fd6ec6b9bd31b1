"""What the menus of the screen offer of one run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from actors.telemetry.alerts.built_in import built_in_rules, stream_rules
from dashboard.choices import Choices, FaultChoice, Parameter, Suspect
from sim.faults.fault import Fault
from sim.faults.registry import FAULTS, PARTS, kinds_of
from sim.operator.incident import FORBIDDEN, KEYS, NO_DRILL
from sim.operator.refusals import MORE_ON_STREAM, RATE_OF_OTHERS, RATE_OF_REPLAY
from sim.operator.typed_fault import objection
from sim.scenario.field_types import Field, fields_of
from sim.scenario.json_schema import attribute_texts
from sim.scenario.pipeline import mapped_source, on_servers
from sim.scenario.render import render
from sim.scenario.scenario import Scenario
from sim.steps.mirrors import mirrors_for

_NOT_ASKED: Final = ("name", "at", "repeat", "again", "jitter")  # a fault by hand comes once, now
_LENGTH: Final = "10s"  # of a fault, unless something else is typed


def choices(scenario: Scenario, refused: str, models: tuple[Path, ...], folder: Path) -> Choices:
    """Return what can be asked.

    Args:
        scenario: as run.
        refused: why nothing can be changed; "" where it can.
        models: candidates that can be released.
        folder: of the run.
    """
    faults = () if refused else tuple(_choice(kind, objection(kind, scenario)) for kind in FAULTS.values())
    closed = dict.fromkeys("dr", NO_DRILL) | _closed_rate(scenario)
    return Choices(
        refused=refused,
        faults=faults,
        models=tuple(map(str, models)),
        folder=str(folder.absolute()),
        closed=closed,
        runbooks=_runbooks(),
    )


def drill_choices(scenario: Scenario, folder: Path) -> Choices:
    """Return what can be asked in a blind drill: whom to suspect, and nothing that would name what is hidden.

    Args:
        scenario: as run.
        folder: of the run.
    """
    suspects = tuple(
        Suspect(part=part, words=words, kinds=tuple((each.kind, each.summary) for each in kinds_of(part)))
        for part, words in PARTS.items()
    )
    closed = _closed_rate(scenario) | {key: FORBIDDEN[action] for key, action in KEYS.items()}
    return Choices(folder=str(folder.absolute()), suspects=suspects, closed=closed, runbooks=_runbooks())


def _runbooks() -> dict[str, tuple[str, ...]]:
    """Return what is told of each built-in alert, which gives no scenario away."""
    books = {rule.alert: rule.runbook for rule in (*built_in_rules(), *stream_rules())}
    return {
        alert: (book.means, f"Look at: {book.look}", f"Do: {book.do}")
        for alert, book in books.items()
        if book is not None
    }


def _closed_rate(scenario: Scenario) -> dict[str, str]:
    """Return the keys of the rate where it cannot be changed, each with the reason."""
    if scenario.events is not None:
        return dict.fromkeys("b+-", RATE_OF_REPLAY)
    if mapped_source(scenario.pipeline) is not None:
        return dict.fromkeys("b+-", RATE_OF_OTHERS)
    return {"b": MORE_ON_STREAM} if on_servers(scenario.pipeline) and not mirrors_for(scenario.steps) else {}


def _choice(kind: type[Fault], refused: str) -> FaultChoice:
    return FaultChoice(kind=kind.kind, summary=kind.summary, parameters=tuple(_parameters(kind)), refused=refused)


def _parameters(kind: type[Fault]) -> Iterator[Parameter]:
    texts = attribute_texts(kind)
    asked = [field for field in fields_of(kind) if field.name not in _NOT_ASKED]
    for field in sorted(asked, key=lambda each: each.name == "probability"):  # seldom wanted: the last
        hint = texts.get(field.name, "").removesuffix(".").replace("``", "")
        options = _options(field)
        yield Parameter(key=field.key, value=_default(field, options), options=options, hint=hint)


def _options(field: Field) -> tuple[str, ...]:
    if field.shape.kind == "bool":
        return ("false", "true")
    return tuple(map(str, field.shape.of)) if field.shape.kind == "literal" else ()


def _default(field: Field, options: tuple[str, ...]) -> str:
    if field.required:
        return _LENGTH if field.name == "duration" else options[0] if options else ""
    written = render(field.default, field.shape)
    if isinstance(written, bool):
        return str(written).lower()
    return f"[{', '.join(map(str, written))}]" if isinstance(written, list) else str(written)
