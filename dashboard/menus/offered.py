"""The menus behind the keys, made of what the run offers and of what the latest frame shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from dashboard.actions import Acknowledge, Burst, Call, EndIncident, Inject, Lift, Note, Release, RollBack
from dashboard.choices import Choices, FaultChoice, Suspect
from dashboard.frame import Frame
from dashboard.menus.menu import Entry, Form, Menu, Option, Pick


def fault_menu(choices: Choices) -> Pick:
    """Return every kind of fault; choosing one opens its parameters, from which Esc leads back here."""
    kinds = Pick("inject a fault", tuple(Option(each.kind, _form(each), each.summary) for each in choices.faults))
    forms = [
        Option(each.kind, f"{each.kind}: {each.refused}", each.refused)
        if each.refused
        else Option(each.kind, replace(_form(each), back=kinds), each.summary)
        for each in choices.faults
    ]
    return replace(kinds, options=tuple(forms))


def _form(choice: FaultChoice) -> Form:
    entries = tuple(
        Entry(each.key, each.value or (each.options[0] if each.options else ""), each.options, each.hint)
        for each in choice.parameters
    )
    return Form(choice.kind, entries, lambda values: Inject(choice.kind, values), "injects")


def lift_menu(frame: Frame) -> Pick:
    """Return the faults that are in, the latest first, and all of them at once."""
    spans = () if frame.timeline is None else frame.timeline.faults
    names = [each.name for each in reversed(spans) if each.state == "injected"]
    options = [Option(name, Lift(name)) for name in names]
    if len(names) > 1:
        options.insert(0, Option("all", Lift(), f"{len(names)} faults"))
    return Pick("lift a fault", tuple(options), "no fault is in")


def alert_menu(frame: Frame, choices: Choices) -> Pick:
    """Return the alerts that fire and that nobody is on, each with its runbook."""
    firing = [each for each in frame.alerts if each.state == "firing" and not each.acknowledged]
    taken = any(each.state == "firing" for each in frame.alerts)
    books = choices.runbooks
    options = tuple(Option(each.name, Acknowledge(each.name), each.value, books.get(each.name, ())) for each in firing)
    empty = "someone is on every alert that fires" if taken else "no alert is firing"
    return Pick("acknowledge an alert", options, empty)


def model_menu(choices: Choices) -> Pick:
    """Return what can be done with the model: go back, release one of the run's candidates, or one from a folder.

    In a blind drill it can only go back.
    """
    typed = Form(
        "release a model", (Entry("folder", hint=""),), lambda values: Release(dict(values)["folder"]), "verifies it"
    )
    back = Option("roll back", RollBack(), "the model before the last release serves again")
    if choices.suspects:
        return Pick("change the model", (back,))
    candidates = [Option("release", Release(each), each) for each in choices.models]
    return Pick("change the model", (back, *candidates, Option("release from …", typed, "type the folder of a model")))


def burst_menu() -> Form:
    """Return the form of a burst."""
    entries = (
        Entry("rate", "3x", hint="times what is offered now, or a rate as in 5000"),
        Entry("length", "10s", hint="from now"),
    )
    return Form("a burst now", entries, lambda values: Burst(**dict(values)), "begins it")


def call_menu(choices: Choices) -> Pick:
    """Return what may be broken; choosing it asks how, from where Esc leads back here."""
    parts = Pick("what is broken?", tuple(Option(each.words, _ways(each)) for each in choices.suspects))
    ways = (Option(each.words, replace(_ways(each), back=parts)) for each in choices.suspects)
    return replace(parts, options=tuple(ways))


def _ways(suspect: Suspect) -> Pick:
    unknown = Option("how is not clear yet", Call(suspect.part), "the right part alone counts half")
    kinds = (Option(kind, Call(suspect.part, kind), summary) for kind, summary in suspect.kinds)
    return Pick(f"{suspect.words}: how is it broken?", (*kinds, unknown))


def end_menu() -> Pick:
    """Return the question whether the incident is over."""
    over = Option("the incident is over", EndIncident(), "the run drains and ends; the debrief follows")
    return Pick("end the incident?", (over,))


def note_menu() -> Form:
    """Return the line for a note."""
    return Form("note", (Entry("note"),), lambda values: Note(dict(values)["note"]), "writes it into the journal")


def opened(key: str, frame: Frame | None, choices: Choices) -> Menu | None:
    """Return the menu behind ``key``; None without one, or where there is no frame yet that it is made of."""
    make = _MENUS.get(key)
    return None if frame is None or make is None else make(frame, choices)


_MENUS: Final[dict[str, Callable[[Frame, Choices], Menu]]] = {
    "f": lambda _, choices: fault_menu(choices),
    "l": lambda frame, _: lift_menu(frame),
    "a": alert_menu,
    "m": lambda _, choices: model_menu(choices),
    "b": lambda _frame, _choices: burst_menu(),
    "d": lambda _, choices: call_menu(choices),
    "r": lambda _frame, _choices: end_menu(),
    "n": lambda _frame, _choices: note_menu(),
}
