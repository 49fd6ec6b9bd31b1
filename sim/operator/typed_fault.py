"""A fault from what was typed at the keyboard, by the rules that hold for one in a scenario file."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml

from dashboard.actions import Inject
from sim.faults.fault import Fault, NotOnStream
from sim.faults.registry import FAULTS
from sim.installation import PROGRAM
from sim.operator.refusals import RefusedError
from sim.scenario.checks.times import overlaps
from sim.scenario.field_types import fields_of, shape_of
from sim.scenario.pipeline import NOTHING_PRODUCED, mapped_source, on_servers
from sim.scenario.problems import InvalidScenarioError, Problem
from sim.scenario.render import render
from sim.scenario.scenario import OneFault, Scenario
from sim.scenario.yaml_nodes import STANDARD_TAGS, compose
from sim.scenario.yaml_reader import INVALID, YamlReader
from sim.units import render_duration, spoken_duration

_FAULT: Final = shape_of(OneFault)
_PLACE: Final = "the form"
_TIMES: Final = ("name", "at", "duration")


def typed_fault(asked: Inject, name: str, at_ns: int) -> Fault:
    """Return the fault called ``name`` that begins ``at_ns`` after the start of the run.

    Raises:
        RefusedError: there is no such kind, or a value cannot be used.
    """
    if asked.kind not in FAULTS:
        raise RefusedError(f"{asked.kind} is not a kind of fault; {PROGRAM} faults lists them")
    given = [("kind", asked.kind), ("name", name), ("at", render_duration(at_ns)), *asked.values]
    pairs = [(_text(key), _node(key, value)) for key, value in given]
    mark = yaml.Mark(_PLACE, 0, 0, 0, None, 0)
    reader = YamlReader(Path.cwd())
    found = reader.read(yaml.MappingNode(f"{STANDARD_TAGS}map", pairs, mark, mark), _FAULT, "fault")
    if found is INVALID or reader.problems:
        raise _refused(reader.problems)
    if not isinstance(found, Fault):
        raise TypeError(asked.kind)
    return found


def told(fault: Fault) -> str:
    """Return what was set of ``fault`` beside its name and its times, in the words of a scenario; "" for nothing."""
    fields = [each for each in fields_of(type(fault)) if each.name not in _TIMES]
    said = [(each, getattr(fault, each.name)) for each in fields if getattr(fault, each.name) != each.default]
    return ", ".join(f"{field.key} {render(value, field.shape)}" for field, value in said)


def check_fault(fault: Fault, among: Sequence[Fault], scenario: Scenario) -> None:
    """Check that ``fault`` can be in this run, beside those ``among`` which it comes.

    Raises:
        RefusedError: it cannot.
    """
    for line in _objections(fault, among, scenario):
        raise RefusedError(line)


def objection(kind: type[Fault], scenario: Scenario) -> str:
    """Return why no fault of ``kind`` can be in a run of ``scenario``, "" where one can."""
    events, place = scenario.events, kind.on_stream
    if on_servers(scenario.pipeline) and isinstance(place, NotOnStream):
        return f"not on a stream: {place.why}"
    if mapped_source(scenario.pipeline) is not None and kind.strikes_production():
        return NOTHING_PRODUCED
    if events is not None and kind.needs_world:
        return "needs the synthetic world: a replay brings its own fraud"
    if events is not None and kind.moves_arrivals and events.known_card_filter:
        return "would shift which transactions known_card_filter judges"
    return ""


def _objections(fault: Fault, among: Sequence[Fault], scenario: Scenario) -> Iterator[str]:
    if why := objection(type(fault), scenario):
        yield f"{fault.kind}: {why}"
    for other in among:
        if overlaps(other, fault):
            until = "" if other.last_lift_at is None else f" until {spoken_duration(other.last_lift_at)}"
            yield f"{other.name} is a {fault.target} too and is in or planned{until}: lift it first, or wait"


def _node(key: str, value: str) -> yaml.Node:
    try:
        return compose(value, _PLACE) or _text("")
    except InvalidScenarioError as error:
        raise _refused(error.problems, key) from error


def _text(value: str) -> yaml.ScalarNode:
    mark = yaml.Mark(_PLACE, 0, 0, 0, None, 0)
    return yaml.ScalarNode(f"{STANDARD_TAGS}str", value, mark, mark)


def _refused(problems: Sequence[Problem], key: str = "") -> RefusedError:
    """Return the first problem without its place, but for the line of the form that it is about: there is only one."""
    first = problems[0]
    got = f", got {first.got}" if first.got else ""
    remedy = f"; {first.remedy}" if first.remedy else ""
    path = first.path.removeprefix("fault.") or key
    return RefusedError(f"{path} {first.rule}{got}{remedy}".strip(), re.split(r"[.\[]", path)[0])
