"""Lines of an exact width, made of styled pieces.

Everything on the screen is a list of rows; a row is a list of Rich segments. Text from outside (names, values) goes
through `clean`, so no control character reaches the terminal, and is cut by cells, not characters.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from dashboard.theme import DIM, PLAIN
from dashboard.units import WIDTH

Row = list[Segment]
Piece = tuple[str, Style]

ELLIPSIS: Final = "…"
_LEAST_CUT: Final = 5  # cells; shorter ends say nothing


@lru_cache(maxsize=1024)
def clean(text: str) -> str:
    r"""Return the text with everything that does not print as a replacement mark.

    Example:
        >>> clean("a\x1b[31mb\nc")
        'a�[31mb�c'
    """
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )


def left(text: str, width: int) -> str:
    """Return the text cut or padded to exactly ``width`` cells, ending in an ellipsis where it was cut.

    Example:
        >>> left("assembler", 12), left("assembler", 6), left("assembler", 0)
        ('assembler   ', 'assem…', '')
    """
    text = clean(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""


def ends(text: str, width: int) -> str:
    """Return the text cut or padded to exactly ``width`` cells, cut in its middle: names are told apart by their ends.

    Example:
        >>> ends("feature_store_latency-1", 16), ends("feature_store_outage-12", 16), ends("a", 2)
        ('feature_…tency-1', 'feature_…tage-12', 'a ')
    """
    text = clean(text)
    if cell_len(text) <= width or width < _LEAST_CUT:
        return left(text, width)
    head = width // 2
    tail = text[-(width - head - 1) :]
    return set_cell_size(set_cell_size(text, head) + ELLIPSIS + tail, width)


def right(text: str, width: int) -> str:
    """Return the text flush right in exactly ``width`` cells.

    Example:
        >>> right("1.23 ms", 9)
        '  1.23 ms'
    """
    space = width - cell_len(text)
    return " " * space + clean(text) if space >= 0 else left(text, width)


def row(*pieces: Piece | str) -> Row:
    """Return a row of pieces, cleaned; a bare string has no style."""
    return [
        Segment(clean(piece), PLAIN) if isinstance(piece, str) else Segment(clean(piece[0]), piece[1])
        for piece in pieces
    ]


def fit(line: Row, width: int) -> Row:
    """Return the row cut or padded to exactly ``width`` cells."""
    return Segment.adjust_line_length(line, width) if width > 0 else []


def spread(start: Row, end: Row, width: int) -> Row:
    """Return a row with one part flush left and one flush right; the left part gives way."""
    end_width = min(Segment.get_line_length(end), width)
    return fit(start, width - end_width) + fit(end, end_width)


def block(lines: Sequence[Row], width: int, height: int) -> list[Row]:
    """Return exactly ``height`` rows of ``width`` cells."""
    rows = [fit(line, width) for line in lines[:height]]
    return rows + [fit([], width) for _ in range(height - len(rows))]


def beside(blocks: Iterable[Sequence[Row]], gap: int) -> list[Row]:
    """Return blocks of equal height side by side, ``gap`` blank cells apart."""
    space = Segment(" " * gap)
    joined: list[Row] = []
    for parts in zip_longest(*blocks, fillvalue=[]):
        line: Row = []
        for part in parts:
            line.extend([space, *part] if line else part)
        joined.append(line)
    return joined


def rule(title: Sequence[Piece], heads: Sequence[str], width: int, style: Style) -> Row:
    """Return the line that opens a panel: its title, a rule, and column heads at the right edge."""
    start: Row = [Segment("── ", style), *row(*title), Segment(" ")]
    end = row((" " + " ".join(right(head, WIDTH) for head in heads).lstrip(), DIM)) if heads else []
    space = width - Segment.get_line_length(start) - Segment.get_line_length(end)
    return fit([*start, Segment("─" * max(0, space), style), *(end if space >= 0 else [])], width)


def entry(name: Piece, cells: Sequence[Piece], width: int, sign: Piece = (" ", PLAIN)) -> Row:
    """Return a line of a small table: a sign, a name, and cells right under the heads of its `rule`."""
    room = max(0, width - 3 - (WIDTH + 1) * len(cells))
    line = row(" ", sign, " ", (left(name[0], room), name[1]))
    for text, style in cells:
        line.append(Segment(" " + right(text, WIDTH), style))
    return line
