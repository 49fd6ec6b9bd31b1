"""Menus as rows: as many lines as there are, at most half of the screen, with what is chosen in sight."""

import textwrap
from typing import Final

from dashboard.menus.menu import Form, Menu, Option, Pick
from dashboard.rows import Row, clean, left, row, rule
from dashboard.theme import ACCENT, CARE, DIM, LABEL, PLAIN, STRONG, TITLE
from dashboard.units import whole

_LABEL: Final = 26
_KEY: Final = 14
_VALUE: Final = 18
_PICK_KEYS: Final = "type to filter · ↑↓ choose · Enter · Esc closes"
_FORM_KEYS: Final = "↑↓ line · ←→ options · Enter {verb} · Esc back"


def menu_height(menu: Menu, width: int, room: int) -> int:
    """Return how many rows the menu takes of ``room``; the same whichever of its options is chosen."""
    if isinstance(menu, Pick):
        lines = len(menu.options) + 2 + max((len(_about(each, width)) for each in menu.options), default=0)
    else:
        lines = len(menu.entries) + 1 + bool(menu.missing)
    return max(3, min(lines + 1, room // 2 + 2))


def draw_menu(menu: Menu, width: int, height: int) -> list[Row]:
    """Return the menu in at most ``height`` rows."""
    keys = _PICK_KEYS if isinstance(menu, Pick) else _FORM_KEYS.format(verb=menu.verb)
    rows = [
        rule(
            [(left(menu.title, max(8, width - len(keys) - 12)).rstrip(), TITLE), (f"  {keys}", DIM)], (), width, ACCENT
        )
    ]
    return [*rows, *(_pick(menu, width, height - 1) if isinstance(menu, Pick) else _form(menu, width, height - 1))]


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
    """Return the paragraphs about an option."""
    return [
        row("   ", (line, PLAIN if number == 0 else LABEL))
        for number, text in enumerate(option.about)
        for line in textwrap.wrap(clean(text), max(20, width - 4), subsequent_indent="  ")
    ]


def _option(option: Option, width: int, *, chosen: bool) -> Row:
    mark, style = ("▸", STRONG) if chosen else (" ", LABEL)
    return row(
        f" {mark} ", (left(option.label, _LABEL), style), (left(f" {option.detail}", max(0, width - _LABEL - 4)), DIM)
    )


def _form(menu: Form, width: int, height: int) -> list[Row]:
    said = [row("   ", (f"fill in {menu.missing} first", CARE))] if menu.missing else []
    room = max(1, height - len(said))
    first = max(0, min(menu.at - room // 2, len(menu.entries) - room))
    rows: list[Row] = []
    for number, entry in enumerate(menu.entries[first : first + room], first):
        here = number == menu.at
        wide = max(_VALUE, width - _KEY - 5) if not entry.hint and not entry.options else _VALUE
        value = entry.value if len(entry.value) < wide - 1 else entry.value[-(wide - 2) :]
        shown = f"< {value} >" if entry.options else f"{value}▏" if here else value
        hint = " | ".join(entry.options) if entry.options and len(entry.options) > 1 else entry.hint
        line = row(" ▸ " if here else "   ", (left(entry.key, _KEY), STRONG if here else LABEL))
        line += row(
            (left(shown, wide), ACCENT if here else PLAIN), (left(f" {hint}", max(0, width - _KEY - wide - 4)), DIM)
        )
        rows.append(line)
    return [*rows, *said]
