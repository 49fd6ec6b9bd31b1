"""What keys do: to the view, in menus, and as actions for the run."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.actions import Acknowledge, Action, Burst, Inject, Lift, Note, Quit, Release, RollBack, ShiftRate
from dashboard.choices import Answer, Choices, FaultChoice, Parameter, Suspect
from dashboard.controls import HELD_S, PAUSE_S, SAID_S, Controls
from dashboard.frame import Frame
from dashboard.menus.keyboard import Keyboard
from dashboard.menus.menu import Pick
from dashboard.screen import ViewState, render
from sim.operator.menu_choices import choices
from tests.dashboard.test_screen import assert_exact, text
from tests.operator.test_operator import PLAIN
from tests.support.dashboard.frames import outage
from tests.support.dashboard.healthy_frame import burst

CHOICES = Choices(
    faults=(
        FaultChoice(kind="model_slow", summary="scoring takes a multiple", parameters=(Parameter(key="duration"),)),
        FaultChoice(
            kind="model_errors",
            summary="scoring fails at times",
            parameters=(
                Parameter(key="duration", value="10s", hint="how long"),
                Parameter(key="moment", value="after", options=("before", "after")),
            ),
        ),
    ),
    models=("/models/candidate",),
)


def pressed(
    keys: Iterable[str], frame: Frame | None = None, choices: Choices = CHOICES
) -> tuple[list[Action], Controls]:
    """Press keys, a second apart."""
    controls = Controls()
    shown = outage() if frame is None else frame
    actions = [controls.press(key, shown, choices, float(second)) for second, key in enumerate(keys)]
    return [action for action in actions if action is not None], controls


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        (["q"], Quit()),
        (["Q"], Quit()),
        (["+"], ShiftRate(1)),
        (["="], ShiftRate(1)),
        (["-"], ShiftRate(-1)),
        (["n", *"why now", "enter"], Note("why now")),
        (["b", "enter"], Burst("3x", "10s")),
        (["b", *"900", "tab", *"5s", "enter"], Burst("900", "5s")),
        (["f", *"err", "enter", "enter"], Inject("model_errors", (("duration", "10s"), ("moment", "after")))),
        (
            ["f", "down", "enter", *"3s", "down", "right", "enter"],
            Inject("model_errors", (("duration", "3s"), ("moment", "before"))),
        ),
        (["m", "enter"], RollBack()),
        (["m", *"cand", "enter"], Release("/models/candidate")),
        (["m", *"from", "enter", *"/x y", "enter"], Release("/x y")),
    ],
)
def test_keys_become_actions(keys: list[str], action: Action) -> None:
    """Each key leads to what it says, by the way of its menu, which is closed once it is done."""
    actions, controls = pressed(keys)
    assert actions == [action]
    controls.sent(action, 100.0, out=True)
    controls.hear(Answer("done", number=1), 100.0)
    assert controls.view.menu is None


def test_what_is_in_can_be_lifted_and_what_fires_acknowledged() -> None:
    """The menus are made of what the latest frame shows."""
    frame = outage()
    assert frame.timeline is not None
    name = next(each.name for each in frame.timeline.faults if each.state == "injected")
    alert = next(each.name for each in frame.alerts if each.state == "firing")
    assert pressed(["l", "enter"], frame)[0] == [Lift(name)]
    assert pressed(["a", "enter"], frame)[0] == [Acknowledge(alert)]


def test_the_runbook_of_the_chosen_alert_is_shown() -> None:
    """What it means, what to look at and what to do, in full on the smallest screen; the menu keeps its height."""
    offered = choices(PLAIN, "", (), Path())
    known = [each for each in burst().alerts if each.name in offered.runbooks]
    loud = tuple(replace(each, state="firing") for each in known[:3])
    frame = replace(outage(), alerts=loud)
    books = {each.name: " ".join(offered.runbooks[each.name]) for each in loud}
    pictures = []
    for downs in range(3):
        _, controls = pressed(["a", *["down"] * downs], frame, offered)
        pictures.append(text(render(frame, 80, 24, controls.view)))
        shown = " ".join(pictures[-1].split())
        assert [name for name, book in books.items() if book in shown] == [loud[downs].name]
    heights = {
        picture.splitlines().index(next(line for line in picture.splitlines() if "acknowledge an" in line))
        for picture in pictures
    }
    assert len(heights) == 1


def test_an_alert_that_someone_is_on_says_so_and_is_not_offered_again() -> None:
    """The panel says acknowledged where it said who is told; the menu has the others, and without any is a line."""
    taken = replace(burst().alerts[0], state="firing", acknowledged=True)
    alone = replace(outage(), alerts=(taken,))
    assert "acknowledged" in text(render(alone, 120, 40))
    assert pressed(["a"], alone)[1].view.said == "someone is on every alert that fires"
    other = replace(taken, name="Other", acknowledged=False)
    assert pressed(["a", "enter"], replace(outage(), alerts=(taken, other)))[0] == [Acknowledge("Other")]


def test_a_menu_without_options_is_a_line() -> None:
    """Where nothing is in and nothing fires there is nothing to choose, and the keyboard stays as it is."""
    for key, line in (("l", "no fault is in"), ("a", "no alert is firing")):
        actions, controls = pressed([key], burst())
        assert actions == []
        assert controls.view.menu is None
        assert controls.view.said == line


def test_what_must_be_given_is_asked_for() -> None:
    """A form with a line left empty is not sent; the line is named."""
    actions, controls = pressed(["f", *"slow", "enter", "enter"])
    assert actions == []
    assert controls.view.menu is not None
    assert "fill in duration first" in text(render(outage(), 80, 24, controls.view))


REFUSED = Answer("rate 80x: is 80 times what is offered; at most 5 times can be", good=False, key="rate", number=1)


def refused(keys: Iterable[str], answer: Answer) -> Controls:
    """Have what was sent refused."""
    (action,), controls = pressed(keys)
    controls.sent(action, 100.0, out=True)
    controls.hear(answer, 100.0)
    return controls


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_line(width: int, height: int) -> None:
    """It stays until it is right: the words stand in the place of the hint, and go once something else is typed."""
    controls = refused(["b", *"80x", "tab", *"5s", "enter"], REFUSED)
    frame = replace(outage(), answer=REFUSED)
    picture = text(render(frame, width, height, controls.view))
    (line,) = [each for each in picture.splitlines() if "rate          80x" in each]
    assert "✗ 80x: is 80 times what is offered" in line
    assert picture.count("80 times") == 1
    assert "5s" in picture
    for number, key in enumerate(("backspace", "backspace", "backspace", *"4x")):
        assert controls.press(key, frame, CHOICES, 101.0 + number) is None
    assert controls.press("enter", frame, CHOICES, 110.0) == Burst("4x", "5s")
    assert "80 times" not in text(render(outage(), width, height, controls.view))


def test_a_refusal_of_the_whole_stands_under_the_form() -> None:
    """It is about no line, and is said once."""
    answer = Answer("planned is a model_errors too and is in or planned until 12 s", good=False, number=1)
    controls = refused(["f", *"err", "enter", "enter"], answer)
    picture = text(render(replace(outage(), answer=answer), 80, 24, controls.view))
    assert picture.count("✗ planned is a model_errors too") == 1


def test_a_form_that_was_sent_waits_for_its_own_answer() -> None:
    """Until then no key changes it or sends it again; what did not go out can be sent again; Esc leads out."""
    (action,), controls = pressed(["b", "enter"])
    controls.sent(action, 100.0, out=True)
    assert [controls.press(key, burst(), CHOICES, 101.0 + number) for number, key in enumerate(("enter", "9"))] == [
        None,
        None,
    ]
    assert "the run has not answered yet" in text(render(outage(), 80, 24, controls.view))
    controls.hear(Answer("of something before", number=0), 103.0)
    assert controls.view.menu is not None
    assert controls.press("esc", burst(), CHOICES, 104.0) is None
    assert controls.view.menu is None
    (action,), controls = pressed(["b", "enter"])
    controls.sent(action, 100.0, out=False)
    assert controls.press("enter", burst(), CHOICES, 101.0) == action


def test_an_answer_is_seen_while_the_picture_stands_still() -> None:
    """The frame that has it is not shown, so the screen says it itself."""
    (action,), controls = pressed([" ", "n", "x", "enter"])
    controls.sent(action, 100.0, out=True)
    controls.hear(Answer("noted", number=1), 100.0)
    assert (controls.view.frozen, controls.view.menu, controls.view.said) == (True, None, "noted")


def test_a_line_of_the_screen_does_not_cover_what_comes_later() -> None:
    """Neither the answer to the next action nor a menu stands below the line of the key before."""
    for keys in (["l", "n"], ["l", "n", "x", "enter"]):
        controls = Controls()
        for number, key in enumerate(keys):
            action = controls.press(key, burst(), CHOICES, 100.0 + number / 5)
            if number == 0:
                assert controls.view.said == "no fault is in"
        if action is not None:
            controls.say("no fault is in", 101.0)
            controls.sent(action, 101.0, out=True)
            controls.hear(Answer("noted", number=1), 101.2)
        assert controls.view.said == ""


def test_esc_leads_out_of_every_menu() -> None:
    """From a form back to its list, from there to the panels; nothing is sent."""
    for keys in (["f", "enter", "esc", "esc"], ["n", *"half", "esc"], ["m", "esc"], ["?", "esc"]):
        actions, controls = pressed(keys)
        assert actions == []
        assert controls.view == ViewState()


def test_a_refused_run_says_so_at_every_key_that_would_change_it() -> None:
    """No menu opens, nothing is sent, and keys of the view work on."""
    for key in "flabmn+-":
        actions, controls = pressed([key], choices=Choices(refused="not on the virtual clock"))
        assert actions == []
        assert controls.view.menu is None
        assert controls.view.said == "not on the virtual clock"
    actions, controls = pressed([" ", "2", "q"], choices=Choices(refused="not on the virtual clock"))
    assert actions == [Quit()]
    assert (controls.view.frozen, controls.view.page) == (True, 2)


def test_a_closed_key_says_why_and_the_footer_does_not_name_it() -> None:
    """A key of this run that cannot do anything opens no menu, with Shift or without; what the screen names is open."""
    run = Choices(closed={"b": "no rate here", "+": "no rate here", "-": "no rate here"})
    for key in "b+=-":
        actions, controls = pressed([key], choices=run)
        assert (actions, controls.view.menu, controls.view.said) == ([], None, "no rate here")
    controls = Controls()
    for told, closed in (
        (run, "b+-dr"),
        (Choices(refused="not today"), "flabmndr+-"),
        (Choices(suspects=(Suspect(part="disk", words="the disk", kinds=()),), closed={"f": "blind"}), "f"),
    ):
        controls.know(told)
        assert set(controls.view.closed) == set(closed)


def test_a_blind_drill_offers_no_release() -> None:
    """It would be refused: nothing is typed in vain."""
    drill = Choices(suspects=(Suspect(part="disk", words="the disk", kinds=()),), models=("/models/candidate",))
    _, controls = pressed(["m"], choices=drill)
    assert isinstance(controls.view.menu, Pick)
    assert [option.then for option in controls.view.menu.options] == [RollBack()]


def test_what_cannot_be_chosen_says_why_and_the_menu_stays() -> None:
    """A kind of fault that this run cannot have is listed with the reason, and no form is opened to be refused."""
    faults = (FaultChoice(kind="traffic_fraud_wave", summary="fraud", refused="a replay brings its own fraud"),)
    actions, controls = pressed(["f", "enter"], choices=Choices(faults=faults))
    assert (actions, controls.view.said) == ([], "traffic_fraud_wave: a replay brings its own fraud")
    assert controls.view.menu is not None
    assert "a replay brings its own fraud" in text(render(outage(), 80, 24, controls.view))


def test_a_key_held_down_counts_once() -> None:
    """Repetitions of a terminal are one press; two presses of a person are two, and text may have double letters."""
    controls = Controls()
    held = [controls.press("+", burst(), CHOICES, number * HELD_S / 3) for number in range(100)]
    assert [each for each in held if each is not None] == [ShiftRate(1)]
    later = 100 * HELD_S / 3 + 2 * HELD_S
    assert controls.press("+", burst(), CHOICES, later) == ShiftRate(1)
    controls.press("n", burst(), CHOICES, later + 1)
    actions = [controls.press(key, burst(), CHOICES, later + 1) for key in ("o", "o", "enter", "enter")]
    assert actions == [None, None, Note("oo"), None]


def test_a_key_held_down_stops_no_draining_and_undoes_no_freezing() -> None:
    """A keyboard waits half a second before it repeats: that first repetition is no second press either."""
    for key, begun in (("q", Quit()), (" ", None)):
        controls = Controls()
        instants = (0.0, 0.5, *(0.5 + HELD_S / 3 * number for number in range(1, 60)))
        assert [controls.press(key, burst(), CHOICES, at_s) for at_s in instants] == [begun] + [None] * 60
        assert controls.view.frozen == (key == " ")
        assert controls.press(key, burst(), CHOICES, instants[-1] + 2 * PAUSE_S) == begun


def test_a_key_held_down_is_no_text_for_the_menu_that_it_opened() -> None:
    """What is typed there is typed with other keys, or with this one pressed again."""
    controls = Controls()
    for number in range(20):
        controls.press("f", burst(), CHOICES, number * HELD_S / 3)
    later = 20 * HELD_S / 3 + 2 * HELD_S
    for number, key in enumerate(("f", "a", "f", "f")):
        controls.press(key, burst(), CHOICES, later + number * HELD_S / 3)
    assert isinstance(controls.view.menu, Pick)
    assert controls.view.menu.typed == "faff"


def test_a_line_of_the_screen_itself_goes_by() -> None:
    """It stays for some seconds, and not longer."""
    controls = Controls()
    controls.say("saved", 10.0)
    assert not controls.passed(10.0 + SAID_S / 2)
    assert controls.passed(10.0 + SAID_S)
    assert controls.view.said == ""


KEYS = st.sampled_from([*"flabmnq?hps+-0123456789 xyz", "enter", "esc", "tab", "up", "down", "left", "backspace"])


@given(keys=st.lists(KEYS, max_size=40), size=st.tuples(st.integers(1, 200), st.integers(1, 60)))
def test_whatever_is_pressed_the_screen_is_filled_exactly(keys: list[str], size: tuple[int, int]) -> None:
    """At any size, with any menu, page, answer and line; a resize in the middle of a menu is one more size."""
    _, controls = pressed(keys)
    frame = replace(outage(), answer=Answer("x" * 300), situation="feature store fails since 0:12; 98 % realtime_only")
    for width, height in (size, (80, 24)):
        assert_exact(render(frame, width, height, controls.view), width, height)


def test_a_menu_moves_no_panel_and_keeps_the_top_of_the_screen() -> None:
    """On 80×24 throughput and latency stay where they are while a menu is open."""
    _, controls = pressed(["f"])
    calm, menu = (text(render(outage(), 80, 24, view)).splitlines() for view in (ViewState(), controls.view))
    assert menu[:9] == calm[:9]
    assert any("model_slow" in line for line in menu)


def test_every_page_shows_its_panels() -> None:
    """Each of the six keys has panels of its own, and 0 brings all of them back."""
    pages = {number: text(render(outage(), 120, 40, ViewState(page=number))) for number in range(7)}
    assert len(set(pages.values())) == 7
    assert "── latency" in pages[1]
    assert "── expectations" in pages[6]
    assert pressed(["4", "0"])[1].view.page == 0


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"\x1b[A\x1bOB\x1b[C\x1b[D\x1b[Z", ["up", "down", "right", "left", "up"]),
        (b"\x1b[3~\x1b[1;5Hx\x1b[200~", ["x"]),
        (b"\r\n\t\x7f\x08", ["enter", "enter", "tab", "backspace", "backspace"]),
        ("ü✓".encode(), ["ü", "✓"]),
        (b"\xff\x00\x01a", ["a"]),
        (b"\x1b\x1b[A", ["esc", "up"]),
    ],
)
def test_bytes_become_keys(data: bytes, keys: list[str]) -> None:
    """Sequences are one key or none, however they arrive; what is no key does nothing."""
    assert Keyboard().feed(data) == keys
    board = Keyboard()
    assert [key for at in range(len(data)) for key in board.feed(data[at : at + 1])] == keys


def test_esc_alone_is_a_key_once_nothing_follows() -> None:
    """Until then it may be the begin of a sequence."""
    board = Keyboard()
    assert board.feed(b"\x1b") == []
    assert board.waiting
    assert board.flush() == ["esc"]
    assert board.flush() == []
    assert not board.waiting
