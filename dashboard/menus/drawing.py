"""Menus as rows: as many lines as there are, at most half of the screen, with what is chosen in sight."""

import textwrap
from typing import Final

from dashboard.menus.menu import Entry, Form, Menu, Option, Pick
from dashboard.rows import Row, clean, left, row, rule
from dashboard.theme import ACCENT, CARE, DIM, LABEL, PLAIN, STRONG, TITLE
from dashboard.units import whole

_LABEL: Final = 26
_KEY: Final = 14
_VALUE: Final = 18
_WORDS: Final = _KEY + _VALUE + 4  # where what is said of a line begins
_PICK_KEYS: Final = (
    "type to filter · ↑↓ choose · Enter · Esc closes",
    "type to filter · ↑↓ · Enter · Esc",
    "↑↓ · Enter · Esc",
)


def menu_height(menu: Menu, width: int, room: int) -> int:
    """Return how many rows the menu takes of ``room``; the same whichever of its options is chosen."""
    if isinstance(menu, Pick):
        lines = len(menu.options) + 2 + max((len(_about(each, width)) for each in menu.options), default=0)
    else:
        said = max([1, *(len(_beside(entry, _room(entry, width))) for entry in menu.entries)])
        lines = len(menu.entries) + said + max(0, len(_wrong(menu, width)) - bool(menu.wrong_key))
    return max(3, min(lines + 1, room // 2 + 2))


def draw_menu(menu: Menu, width: int, height: int) -> list[Row]:
    """Return the menu in at most ``height`` rows."""
    said = _keys(menu)
    room = width - len("── ") - 3
    keys = next((each for each in said if len(menu.title) + len(each) + 3 <= room), said[-1])
    title = left(menu.title, max(8, room - len(keys) - 3)).rstrip()
    rows = [rule([(title, TITLE), (f"  {keys}", DIM)], (), width, ACCENT)]
    return [*rows, *(_pick(menu, width, height - 1) if isinstance(menu, Pick) else _form(menu, width, height - 1))]


def _keys(menu: Menu) -> tuple[str, ...]:
    """Return what the keys do, the longer the better, as far as the title leaves room."""
    if isinstance(menu, Pick):
        return _PICK_KEYS
    if menu.sent:
        return ("asked; the run has not answered yet · Esc back",)
    moves = "↑↓ line · " if len(menu.entries) > 1 else ""
    moves += "←→ options · " if any(entry.options for entry in menu.entries) else ""
    return f"{moves}Enter {menu.verb} · Esc {'closes' if menu.back is None else 'back'}", f"Enter {menu.verb} · Esc"


def _pick(menu: Pick, width: int, height: int) -> list[Row]:
    found = menu.left
    count = "" if len(found) == len(menu.options) else f"   {whole(len(found))} of {whole(len(menu.options))}"
    rows = [row(" / ", (menu.typed[-(width - 20) :], STRONG), ("▏", ACCENT), (count, DIM))]
    about = _about(found[menu.at], width)[: max(0, height - 2)] if found else []
    room = height - 1 - len(about)
    first = max(0, min(menu.at - room // 2, len(found) - room))
    for number, option in enumerate(found[first : first + room], first):
        rows.append(_option(option, width, chosen=number == menu.at))
    rows += about
    return rows if found else [*rows, row("   ", ("nothing has all of these words in it", CARE))]


def _about(option: Option, width: int) -> list[Row]:
    """Return the paragraphs about an option; without any, what has no room beside its name."""
    whole_detail = (option.detail,) if len(option.detail) > width - _LABEL - 5 else ()
    return [
        row("   ", (line, PLAIN if number == 0 else LABEL))
        for number, text in enumerate(option.about or whole_detail)
        for line in textwrap.wrap(clean(text), max(20, width - 4), subsequent_indent="  ")
    ]


def _option(option: Option, width: int, *, chosen: bool) -> Row:
    mark, style = ("▸", STRONG) if chosen else (" ", LABEL)
    return row(
        f" {mark} ", (left(option.label, _LABEL), style), (left(f" {option.detail}", max(0, width - _LABEL - 4)), DIM)
    )


def _form(menu: Form, width: int, height: int) -> list[Row]:
    blocks = [_entry(menu, number, width) for number in range(len(menu.entries))]
    rows = [line for each in blocks for line in each]
    said = [] if menu.wrong_key else [row("   ", (line, CARE)) for line in _wrong(menu, width)]
    room = max(1, height - len(said))
    here = sum(map(len, blocks[: menu.at]))
    first = max(0, min(here - room // 2, len(rows) - room))
    return [*rows[first : first + room], *said]


def _entry(menu: Form, number: int, width: int) -> list[Row]:
    """Return one line of the form; its hint is whole where it is being filled in, and gives way to what is wrong."""
    entry, here = menu.entries[number], number == menu.at
    wrong = _wrong(menu, width) if menu.wrong_key == entry.key else []
    room = _room(entry, width) if not wrong else width - _WORDS
    wide = width - _KEY - 4 - room
    value = entry.value if len(entry.value) < wide - 1 else entry.value[-(wide - 2) :]
    shown = f"< {value} >" if entry.options else f"{value}▏" if here else value
    said, style = _beside(entry, room), DIM
    if wrong:
        said, style = [f"{'  ' if number else '✗ '}{each}" for number, each in enumerate(wrong)], CARE
    elif not here:
        said = [left(_meaning(entry), room - 1)]
    line = row(" ▸ " if here else "   ", (left(entry.key, _KEY), STRONG if here else LABEL))
    line += row((left(shown, wide), ACCENT if here else PLAIN), (f" {said[0]}", style))
    return [line, *(row(" " * _WORDS, (each, style)) for each in said[1:])]


def _room(entry: Entry, width: int) -> int:
    """Return how many cells there are beside a value: all but a few where nothing stands there."""
    return width - _WORDS if entry.hint or entry.options else 1


def _beside(entry: Entry, room: int) -> list[str]:
    """Return what stands beside a value, in lines: what may be chosen, or what it means."""
    return textwrap.wrap(clean(_meaning(entry)), max(20, room - 1)) or [""]


def _meaning(entry: Entry) -> str:
    return " | ".join(entry.options) if len(entry.options) > 1 else entry.hint


def _wrong(menu: Form, width: int) -> list[str]:
    """Return what is wrong, in lines that fit beside its entry, or under all of them."""
    if not menu.wrong:
        return []
    text = clean(menu.wrong).removeprefix(f"{menu.wrong_key} ") if menu.wrong_key else f"✗ {clean(menu.wrong)}"
    return textwrap.wrap(text, max(20, width - _WORDS - 3 if menu.wrong_key else width - 4))
