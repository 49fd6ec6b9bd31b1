"""A list to choose from and a form to fill in, as frozen values; a key makes another one of them, or an action.

A form that was sent waits for the run's answer: done, it closes; refused, it stays as it was typed, and says why.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Union

from dashboard.actions import Action

MOST_TYPED: Final = 400  # characters of one line; more is a cat on the keyboard
Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose.

    Attributes:
        label: its name.
        then: what choosing it does: asks for something, opens a form or another list, or says why it cannot be chosen.
        detail: one line about it.
        about: paragraphs that are shown while it is chosen.
    """

    label: str
    then: "Action | Menu | str"
    detail: str = ""
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A list of options, of which what is typed leaves those with all of its words in them.

    Attributes:
        empty: what is said where there is no option at all.
        at: which of those that are left is chosen.
        back: where Esc leads; None closes.
    """

    title: str
    options: tuple[Option, ...]
    empty: str = "nothing to choose"
    typed: str = ""
    at: int = 0
    back: "Pick | None" = None

    @property
    def left(self) -> tuple[Option, ...]:
        """Those that have every typed word in them."""
        words = self.typed.lower().split()
        return tuple(
            each for each in self.options if all(word in f"{each.label} {each.detail}".lower() for word in words)
        )

    def press(self, key: str) -> "Menu | Action | str | None":
        """Return what comes of a key; None closes the menu, words leave it as it is."""
        left = self.left
        if key == "esc" or not self.options:
            return self.back
        if key == "enter":
            return left[self.at].then if left else self
        if key in ("up", "down", "tab"):
            return replace(self, at=(self.at + (-1 if key == "up" else 1)) % max(1, len(left)))
        typed = _typed(self.typed, key)
        return self if typed == self.typed else replace(self, typed=typed, at=0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a form.

    Attributes:
        value: what it holds.
        options: the only values it may have; () where anything may be typed.
        hint: what it means.
        touched: whether something was typed here: before, typing replaces the value.
    """

    key: str
    value: str = ""
    options: tuple[str, ...] = ()
    hint: str = ""
    touched: bool = False

    def press(self, key: str) -> "Entry":
        """Return the line after a key."""
        if self.options:
            if key not in ("left", "right", " "):
                return self
            at = self.options.index(self.value) if self.value in self.options else -1
            return replace(self, value=self.options[(at + (-1 if key == "left" else 1)) % len(self.options)])
        before = "" if not self.touched and len(key) == 1 else self.value
        return replace(self, value=_typed(before, key), touched=True) if len(key) == 1 or key == "backspace" else self


@dataclass(frozen=True, slots=True)
class Form:
    """Lines to fill in; Enter sends them, Esc goes back to where it was opened.

    Attributes:
        act: makes the action of keys and values.
        verb: what Enter does.
        at: the line that is being filled in.
        back: where Esc leads; None closes.
        sent: whether the run has it and has not answered yet: until then it stays as it is.
        wrong: why it cannot be sent as it is, or why the run refused it; "" until then, and once something is changed.
        wrong_key: the line that this is about; "" where it is about the whole.
    """

    title: str
    entries: tuple[Entry, ...]
    act: Callable[[Values], Action]
    verb: str = "do it"
    at: int = 0
    back: "Pick | None" = None
    sent: bool = False
    wrong: str = ""
    wrong_key: str = ""

    def press(self, key: str) -> "Menu | Action | None":
        """Return what comes of a key; None closes the menu."""
        if key == "esc":
            return self.back
        if self.sent:
            return self
        if key == "enter":
            return self._send()
        if key in ("up", "down", "tab"):
            return replace(self, at=(self.at + (-1 if key == "up" else 1)) % max(1, len(self.entries)))
        entries = list(self.entries)
        if entries:
            entries[self.at] = entries[self.at].press(key)
        return self if tuple(entries) == self.entries else replace(self, entries=tuple(entries), wrong="", wrong_key="")

    def refused(self, why: str, key: str = "") -> "Form":
        """Return it as it was typed, with ``why`` beside the line ``key``, which is the one to fill in now."""
        at = next((number for number, entry in enumerate(self.entries) if entry.key == key), None)
        if at is None:
            return replace(self, sent=False, wrong=why, wrong_key="")
        return replace(self, sent=False, wrong=why, wrong_key=key, at=at)

    def _send(self) -> "Form | Action":
        for entry in self.entries:
            if not entry.value.strip():
                return self.refused(f"fill in {entry.key} first", entry.key)
        return self.act(tuple((entry.key, entry.value.strip()) for entry in self.entries))


Menu = Union[Pick, Form]  # noqa: UP007 - named before it is defined


def _typed(before: str, key: str) -> str:
    """Return what a key makes of a line of text."""
    if key == "backspace":
        return before[:-1]
    return (before + key)[:MOST_TYPED] if len(key) == 1 else before
