"""A proposal as a scenario in YAML: doubts stand in comments, and numbers of cards are masked."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.core.errors import printable
from sim.inspection.proposal import NEEDED, Proposal
from sim.scalars import Plain
from sim.scenario.events import EventColumns
from sim.scenario.field_types import fields_of
from sim.scenario.render import render
from sim.tables.files import separator_word

WIDTH: Final = 80
_PLAIN: Final = re.compile(r"(?:[.]{0,2}/)?[A-Za-z_][A-Za-z0-9_/]*(?:[. -][A-Za-z0-9_/]+)*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS_OF_YAML: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Quoted:
    """The file of a section, and what must be said to read it.

    Attributes:
        path: as it is to be written.
        separator: between its columns; None where it goes without saying.
        timezone: of times without an offset.
        multiline: a field may have several lines even where they look like rows.
    """

    path: Path
    separator: str | None = None
    timezone: str = "UTC"
    multiline: bool = False


def scenario_text(file: Quoted, proposal: Proposal) -> str:
    """Return a whole scenario that replays ``file``."""
    head = f"version: 1\nname: {_name(file.path)}\n"
    expect = 'expect:\n  - {name: books, during: always, expr: "ledger.balanced == 1"}\n'
    return head + events_text(file, proposal) + expect


def events_text(file: Quoted, proposal: Proposal) -> str:
    """Return the ``events:`` section for ``file``."""
    lines = ["events:", f"  file: {quoted(str(file.path))}"]
    lines += [] if file.separator is None else [f"  separator: {separator_word(file.separator)}"]
    lines += ["  multiline: true"] if file.multiline else []
    lines += ["  sort: true"] if proposal.sort else []
    lines += [] if file.timezone == "UTC" else [f"  timezone: {quoted(file.timezone)}"]
    lines += ["  columns:", *(f"    {line}" for line in _columns(proposal))]
    lines += list(_spans(proposal))
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    r"""Return ``text`` as YAML reads it back, in quotes where it needs them.

    Example:
        >>> print(quoted("tx_id"), quoted("Is Fraud?"), quoted("a\x1bb"), quoted("no"))
        tx_id "Is Fraud?" "a\x1Bb" "no"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    digits, letter = (2, "x") if number < 1 << 8 else (4, "u") if number < 1 << 16 else (8, "U")
    return f"\\{letter}{number:0{digits}X}"


def flow(value: Plain) -> str:
    """Return ``value`` on one line of YAML."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return quoted(value) if isinstance(value, str) else str(value)


def _columns(proposal: Proposal) -> Iterator[str]:
    shapes = {field.key: field.shape for field in fields_of(EventColumns)}
    for name, shape in shapes.items():
        for doubt in proposal.doubts.get(name, ()):
            yield from _comment(f"unsure: {refusal(doubt)}")
        if name in proposal.columns:
            yield f"{name}: {flow(render(proposal.columns[name], shape))}"
        elif name in proposal.absent:
            needed = "is needed, and " if name in NEEDED else ""
            yield from _comment(f"{name}: {needed}{refusal(proposal.absent[name])}")


def _spans(proposal: Proposal) -> Iterator[str]:
    spans = proposal.spans
    if spans is None:
        return
    yield f"  train: [{spans.train[0]}, {spans.train[1]}]"
    yield f"  test: [{spans.test[0]}, {spans.test[1]}]"
    yield f"  label_delay: {spans.label_delay_days}d"


def _comment(text: str) -> list[str]:
    printable = "".join(each if each.isprintable() else _escaped(each) for each in text)
    return [f"# {line}" for line in textwrap.wrap(printable, WIDTH - 8, break_long_words=False)]


def _name(file: Path) -> str:
    """Return a name for the scenario, from that of the file."""
    short = re.sub(r"[^A-Za-z0-9]+", "-", file.name.split(".")[0]).strip("-")[:40].strip("-").lower()
    return short if _NAME.fullmatch(short) else f"replay-{short}".strip("-") if short else "replay"


LONGEST: Final = 22  # characters of a sample
_LIKE_A_CARD: Final = re.compile(r"(?<![0-9.])[0-9](?:[ -]?[0-9]){11,18}(?![0-9])")
_KEPT: Final = 4  # last digits, which a receipt shows as well


def masked(text: str, *, card: bool = False) -> str:
    """Return ``text`` with each number that may be that of a card cut to its last digits.

    Args:
        text: a value.
        card: whether it is from a column of cards, where every long number is masked, whatever its check digit.

    Example:
        >>> masked("4111 1111 1111 1111"), masked("1709539269000000")
        ('…1111', '1709539269000000')
    """

    def hidden(found: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", found[0])
        return f"…{digits[-_KEPT:]}" if card or _checks(digits) else found[0]

    return _LIKE_A_CARD.sub(hidden, text)


def refusal(text: str) -> str:
    """Return the line of an error with the value in it masked as one of a column of cards."""
    rule, got, value = text.partition(", got ")
    return f"{rule}{got}{masked(value, card=True)}"


def sample(value: object, *, card: bool = False) -> str:
    """Return a value of a file as a table shows it."""
    plain = f"{value:g}" if isinstance(value, float) else str(value)
    text = printable(masked(plain, card=card))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _checks(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (Luhn)."""
    doubled = [int(digit) * (2 if number % 2 else 1) for number, digit in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0  # noqa: PLR2004 - the sum of two digits
