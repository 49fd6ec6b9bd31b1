"""What may stand between the columns of a text file, and how a scenario writes it."""

from typing import Annotated, Final

from sim.scalars import Scalar

COMMA: Final = ","
TAB: Final = "\t"
WORDS: Final = {"comma": COMMA, "semicolon": ";", "tab": TAB, "pipe": "|"}
_WRITTEN: Final = WORDS | {character: character for character in WORDS.values()} | {r"\t": TAB}


def parse_separator(text: str) -> str:
    r"""Return the character that ``text`` names or is.

    Raises:
        ValueError: it is none that can separate columns.

    Example:
        >>> [parse_separator(text) for text in ("semicolon", ";", "tab", "\\t")]
        [';', ';', '\t', '\t']
    """
    bare = text.strip("'\"")  # after --set the quotes of YAML are part of the text
    if bare not in _WRITTEN:
        raise ValueError(f"must be one of {', '.join(WORDS)}; write the word")
    return _WRITTEN[bare]


def word(separator: str) -> str:
    """Return the word for ``separator``, which needs no quotes in YAML."""
    return next(word for word, character in WORDS.items() if character == separator)


def written(separator: str) -> str:
    """Return ``separator`` as YAML takes it."""
    return "tab" if separator == TAB else f"'{separator}'"


def seen(separator: str) -> str:
    """Return ``separator`` as a reader of an error recognises it."""
    return "a tab" if separator == TAB else f"'{separator}'"


Separator = Annotated[str, Scalar(parse_separator, word, {"enum": list(_WRITTEN)}, as_typed=True)]
