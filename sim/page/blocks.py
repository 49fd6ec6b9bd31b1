"""What a page is made of, as values: sections of paragraphs, tables, charts and texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Tone = Literal["", "good", "bad", "open"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts.

    Attributes:
        caption: what it has, for those who do not see what is around it.
        columns: their headings.
        rows: of texts, as many as there are columns.
        words: how many columns from the left are words and not figures.
        tones: of each row's first cell; () for none.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    tones: Sequence[Tone] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Names, each with a text."""

    kind: ClassVar[str] = "facts"
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of a story, and when."""

    when: str
    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, in order."""

    kind: ClassVar[str] = "story"
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with the table behind it.

    Attributes:
        element: id of what it is drawn into.
        text: what it shows, for those who do not see it.
        legend: names with colours.
        height: px, so that the page does not jump when it is drawn.
    """

    kind: ClassVar[str] = "figure"
    element: str
    title: str
    unit: str
    text: str
    legend: Sequence[tuple[str, str]]
    table: Table
    note: str = ""
    height: int = 190


@dataclass(frozen=True, slots=True)
class Code:
    """A text to be read as it is, folded away unless it is ``unfolded``.

    Attributes:
        title: what it is.
    """

    kind: ClassVar[str] = "code"
    title: str
    text: str
    unfolded: bool = False


Block = Paragraph | Table | Facts | Story | Figure | Code


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, with a heading."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the few figures at the head of a page."""

    name: str
    value: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        title: of the document and its heading.
        kind: what it is, above the heading.
        verdict: a word; "" where there is none.
        tone: of that word.
        lead: sentences below the heading.
        reasons: a line each.
        notices: what a reader must know before all else.
        views: stretches of time that the charts can be cut to, by name, in seconds.
        made: with what and from what.
    """

    title: str
    kind: str
    sections: Sequence[Section]
    verdict: str = ""
    tone: Tone = ""
    lead: str = ""
    reasons: Sequence[str] = ()
    notices: Sequence[str] = ()
    tiles: Sequence[Tile] = ()
    views: Sequence[tuple[str, float, float]] = field(default=())
    made: str = ""
