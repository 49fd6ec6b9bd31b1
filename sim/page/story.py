"""A run told in sentences, from its journal."""

from collections.abc import Iterator, Sequence
from typing import Final

from sim.faults.registry import FAULTS
from sim.journal import JournalEntry
from sim.page.blocks import Story, Told, Tone
from sim.page.words import when

MOST: Final = 300  # sentences; a journal that has more is told by its beginning and its end
_EITHER: Final = MOST // 2
_UNTOLD: Final = frozenset({"features_refreshed", "alert_pending", "worker_obeyed", "drained"})
_TONES: Final[dict[str, Tone]] = {
    "fault_injected": "open",
    "fault_lifted": "open",
    "alert_firing": "bad",
    "alert_resolved": "good",
    "restart": "bad",
    "escalated": "bad",
    "worker_lost": "bad",
}


def story(journal: Sequence[JournalEntry]) -> Story:
    """Return what happened, a sentence each."""
    told = list(_sentences(journal))
    left_out = len(told) - MOST
    if left_out > 0:
        middle = Told("…", f"{left_out:,} more, which journal.jsonl has")
        told = [*told[:_EITHER], middle, *told[-_EITHER:]]
    return Story(told)


def _sentences(journal: Sequence[JournalEntry]) -> Iterator[Told]:
    firing: set[str] = set()
    starts = {each.at_s for each in journal if each.kind == "phase_started"}
    for place, entry in enumerate(journal):
        if entry.kind in _UNTOLD:
            continue
        if entry.kind == "phase_ended" and any(entry.at_s <= start < entry.at_s + 1 for start in starts):
            continue  # the next one begins with it
        if entry.kind == "fault_first_effect":
            continue
        again = entry.kind == "alert_firing" and entry.name in firing
        if entry.kind == "alert_firing":
            firing.add(entry.name)
        elif entry.kind == "alert_resolved":
            firing.discard(entry.name)
        sentence = _escalated(entry) if again else _sentence(entry, journal[place:])
        yield Told(when(entry.at_s), sentence, _TONES.get(entry.kind, ""))


def _sentence(entry: JournalEntry, later: Sequence[JournalEntry]) -> str:  # noqa: C901, PLR0911, PLR0912 - one a kind
    name, detail = entry.name, entry.detail
    figures = detail.rpartition("; ")[2]
    match entry.kind:
        case "run_started":
            return "The run begins."
        case "phase_started":
            return f"Phase {name} begins."
        case "phase_ended":
            return f"Phase {name} ends."
        case "fault_injected":
            kind = FAULTS.get(detail)
            what = detail if kind is None else f"{kind.summary.rstrip('.')} ({detail})"
            return f"Fault {name} comes in: {what}.{_effect(entry, later)}"
        case "fault_lifted":
            return f"Fault {name} is lifted{f'; it {detail}' if detail else ''}."
        case "fault_failed":
            return f"Fault {name} failed in its own code: {detail}."
        case "alert_firing":
            return f"Alert {name} fires ({detail.partition(': ')[0]}): {figures}. Told: {_told(detail)}."
        case "alert_acknowledged":
            return f"Alert {name} is acknowledged {detail}."
        case "alert_resolved":
            return f"Alert {name} is resolved: {figures}."
        case "restart":
            return f"Actor {name} is started again: {detail or 'it had died'}."
        case "breaker":
            return f"The circuit breaker of the feature store: {detail}."
        case "model_swapped":
            return f"Another model serves: {' '.join(filter(None, (name, detail)))}."
        case "model_refused":
            return f"A model is refused: {' '.join(filter(None, (name, detail)))}."
        case "rate_changed":
            return f"The rate is changed: {' '.join(filter(None, (name, detail)))}."
        case "operator":
            return f"By hand: {' '.join(filter(None, (name, detail)))}."
        case "interrupted":
            return "The run is interrupted."
        case "run_ended":
            return f"The run ends: {name}."
        case _:
            words = entry.kind.replace("_", " ").capitalize()
            return f"{': '.join(filter(None, (words, name, detail)))}."


def _escalated(entry: JournalEntry) -> str:
    figures = entry.detail.rpartition("; ")[2]
    return f"Alert {entry.name} still fires and is escalated: {figures}. Told: {_told(entry.detail)}."


def _told(detail: str) -> str:
    """Return who is told, of an entry such as ``page: on-call engineer is told; error_ratio = 3 %``."""
    return detail.partition(": ")[2].partition(" is told")[0]


def _effect(injected: JournalEntry, later: Sequence[JournalEntry]) -> str:
    """Return when a fault had its first effect, in a sentence; "" where that came at once or is not known."""
    for entry in later:
        if entry.kind == "fault_first_effect" and entry.name == injected.name:
            after_s = entry.at_s - injected.at_s
            return f" It has its first effect {when(after_s)} later." if after_s >= 0.1 else ""  # noqa: PLR2004
    return ""
