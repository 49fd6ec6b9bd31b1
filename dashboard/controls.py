"""What each key does: to the view, which is the screen's own business, or as an action for the run."""

from dataclasses import replace
from typing import Final

from dashboard.actions import Action, Quit, ShiftRate
from dashboard.choices import Answer, Choices
from dashboard.frame import Frame
from dashboard.layout import PAGES
from dashboard.menus.menu import Form, Pick
from dashboard.menus.offered import opened
from dashboard.screen import LIVE, ViewState

CHANGING: Final = "flabmndr"  # keys with a menu that leads to an action
SHIFTS: Final = {"+": 1, "=": 1, "-": -1}  # "=" is "+" without Shift
HELD_S: Final = 0.09  # a key that comes again so soon is held down: terminals repeat 30 times a second
PAUSE_S: Final = 0.7  # before its first repetition a key waits about half a second
ONCE: Final = frozenset("qQ?hH pP")  # held, the first repetition would undo the press, or stop the draining
SAID_S: Final = 6.0  # how long the screen's own line stays
NOT_HEARD: Final = "the run does not listen now; press again"


class Controls:
    """The state of one keyboard.

    A key that is held down counts once, but for text and for moving in a menu. Only of those that are pressed fast too,
    such as + and -, the first repetition may count: it comes after a pause, and what follows does not. One that is held
    since it opened a menu is no text for that either.

    Attributes:
        view: what is shown, and how.
    """

    def __init__(self) -> None:
        self.view: ViewState = LIVE
        self._last = ""
        self._last_s = 0.0
        self._opener = ""  # the key that opened the menu, until another is pressed
        self._said_s = 0.0
        self._asked = self._heard = 0  # numbers of the latest action that will be answered, and of the latest answer

    def press(self, key: str, frame: Frame | None, choices: Choices, now_s: float) -> Action | None:
        """Take a key at ``now_s``; return what is asked of the run, None if nothing."""
        held = key == self._last and now_s - self._last_s < (PAUSE_S if key in ONCE else HELD_S)
        self._opener = self._opener if key == self._opener else ""
        self._last, self._last_s = key, now_s
        if self.view.menu is not None:
            return None if held and key in ("enter", "esc", self._opener) else self._in_menu(key, now_s)
        if held:
            return None
        key = key.lower()
        if key in ("?", "h"):
            self.view = replace(self.view, help=not self.view.help)
        elif key in (" ", "p"):
            self.view = replace(self.view, frozen=not self.view.frozen)
        elif key == "esc":
            self.view = replace(self.view, help=False)
        elif key == "q":
            return Quit()
        elif key in "0123456789" and len(key) == 1 and int(key) <= len(PAGES):
            self.view = replace(self.view, page=int(key), help=False)
        elif key in SHIFTS or (len(key) == 1 and key in CHANGING):
            return self._change(key, frame, choices, now_s)
        return None

    def know(self, choices: Choices) -> None:
        """Show from now on which keys the run has closed."""
        shut = CHANGING + "+-" if choices.refused else "".join(choices.closed)
        shut += "" if choices.suspects else "dr"
        if shut != self.view.closed:
            self.view = replace(self.view, closed=shut)

    def _change(self, key: str, frame: Frame | None, choices: Choices, now_s: float) -> Action | None:
        if choices.refused:
            self.say(choices.refused, now_s)
        elif (shut := "+" if key == "=" else key) in choices.closed:
            self.say(choices.closed[shut], now_s)
        elif key in SHIFTS:
            return ShiftRate(SHIFTS[key])
        else:
            menu = opened(key, frame, choices)
            if isinstance(menu, Pick) and not menu.options:
                self.say(menu.empty, now_s)
            else:
                self.view, self._opener = replace(self.view, menu=menu, help=False, said=""), key
        return None

    def _in_menu(self, key: str, now_s: float) -> Action | None:
        menu = self.view.menu
        after = None if menu is None else menu.press(key)
        if isinstance(after, str):
            self.say(after, now_s)
            return None
        if after is None or isinstance(after, (Pick, Form)):
            self.view = replace(self.view, menu=after)
            return None
        self.view = replace(self.view, menu=replace(menu, sent=True) if isinstance(menu, Form) else None)
        return after

    def sent(self, action: Action, now_s: float, *, out: bool) -> None:
        """Know whether an action went ``out``; a form whose action did not can be sent again."""
        if out:
            self._asked += action.answered
            return
        self.say(NOT_HEARD, now_s)
        if isinstance(self.view.menu, Form):
            self.view = replace(self.view, menu=replace(self.view.menu, sent=False))

    def hear(self, answer: Answer | None, now_s: float) -> None:
        """Take the run's latest answer: the form that was sent closes, or says why it was refused."""
        if answer is None or answer.number == self._heard:
            return
        self._heard = answer.number
        if self.view.frozen:  # the frame with the answer is not shown
            self.say(answer.text, now_s, good=answer.good)
        elif self.view.said:  # it would cover the answer, which is later
            self.view = replace(self.view, said="")
        menu = self.view.menu
        if not isinstance(menu, Form) or not menu.sent or answer.number != self._asked:
            return
        if answer.good:
            self.view = replace(self.view, menu=None)
        else:
            self.view = replace(self.view, menu=menu.refused(answer.text, answer.key), told=answer.number)

    def say(self, text: str, now_s: float, *, good: bool = False) -> None:
        """Show a line for a while, of ``good`` news or not."""
        self.view, self._said_s = replace(self.view, said=text, good=good), now_s

    def passed(self, now_s: float) -> bool:
        """Take back what has been said long enough; return whether the view has changed."""
        if not self.view.said or now_s - self._said_s < SAID_S:
            return False
        self.view = replace(self.view, said="")
        return True
