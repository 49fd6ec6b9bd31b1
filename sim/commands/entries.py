"""Lists for a terminal or a pipe: plain text that fits 80 columns."""

import textwrap

WIDTH = 80
INDENT = 4


def paragraph(text: str) -> str:
    """Return ``text`` in lines that fit."""
    return "\n".join(_lines(text, WIDTH))


def entry(head: str, text: str, at: int | None = None) -> str:
    """Return ``head`` and what there is to say of it: below it, or beside it from column ``at`` on.

    Example:
        >>> print(entry("scorer_crash", "the scorer crashes at its next batch"))
        scorer_crash
            the scorer crashes at its next batch
        >>> print(entry("does", "crashes", at=6))
        does  crashes
    """
    indent = " " * (INDENT if at is None else at)
    said = _lines(text, WIDTH - len(indent)) or [""]
    if at is None:
        heads = textwrap.wrap(head, WIDTH, subsequent_indent="      ", break_on_hyphens=False)
        return "\n".join([*heads, *(indent + line for line in said)])
    return "\n".join([f"{head:<{at}}{said[0]}".rstrip(), *(indent + line for line in said[1:])])


def _lines(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(text.replace("``", "`").split()), width, break_on_hyphens=False)
