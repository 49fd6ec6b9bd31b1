"""What is wrong with text that is not YAML: our sentence and what to do, for each cause that the YAML library knows.

The library's own words name tokens and grammar rules; none of them is ever shown.
"""

import re
from dataclasses import dataclass

import yaml

OTHER = ("is not YAML from here on", "compare it with a scenario that is shipped")
_TAG = ("must be plain YAML without tags", "put text that begins with ! in quotes")
_INDENT = (
    "does not fit what stands above",
    "indent the lines of one mapping or list alike, and put text with quotes or commas in it in quotes as a whole",
)
_COLON = (
    "a colon and a space begin a value where none can begin",
    "put text with a colon in it in quotes, or mend the indentation",
)
_ESCAPE = (
    "a backslash in double quotes begins an escape, and this is none",
    "use single quotes, or double it",
)
_BLOCK = ("a | or > that begins a block of text must end its line", "put text that begins with | or > in quotes")
_NAMELESS = ("a * or & must be followed by a name", "put text that begins with * or & in quotes")

# What the library says, context and problem in one line, and what we say. The first that matches counts.
_SENTENCES: tuple[tuple[str, tuple[str, str]], ...] = (
    (r"found character '\\t'", ("a tab stands where only spaces may", "indent with spaces")),
    (r"found character '(?P<it>.)'", ("no value may begin with {it}", "put the text in quotes")),
    (
        r"(?:quoted scalar).*(?:end of stream|document separator)",
        ("a quote opens here and never closes", "close it, or remove it"),
    ),
    (
        r"flow (?:node|sequence).*expected ',' or '\]'",
        ("a [ opens here and does not close, or a comma is missing in it", "close it with ]"),
    ),
    (
        r"flow (?:node|mapping).*expected ',' or '}'",
        ("a {{ opens here and does not close, or a comma is missing in it", "close it with }}"),
    ),
    (r"mapping values are not allowed", _COLON),
    (r"could not find expected ':'", ("a key without a colon", "write key: value, with a space after the colon")),
    (
        r"undefined alias '(?P<it>.*)'",
        ("*{it} refers to nothing above it", "put text that begins with * in quotes"),
    ),
    (r"duplicate anchor '(?P<it>.*?)'", ("&{it} is given twice", "name one of the two otherwise")),
    (r"scanning an (?:alias|anchor)", _NAMELESS),
    (r"escape character|escape sequence of [48\d]+ hex", _ESCAPE),
    (r"(?:scanning|parsing) a tag|tag handle|non-specific tag|expected URI|constructor for the tag", _TAG),
    (r"scanning a block scalar", _BLOCK),
    (
        r"directive|incompatible YAML document",
        ("a line that begins with % is none of a scenario", "remove it, or put the text in quotes"),
    ),
    (
        r"another document|expected '<document start>'",
        (
            "begins a second document, or stands less far in than the lines above it",
            "indent the keys of one mapping alike, and keep one document",
        ),
    ),
    (r"sequence entries are not allowed", ("a list cannot begin here", "give each - a line of its own below its key")),
    (r"mapping keys are not allowed", ("a ? and a space begin a key where none can begin", "put the text in quotes")),
    (
        r"expected the node content",
        ("a value is missing, or begins with a sign of YAML's own", "write it, or put the text in quotes"),
    ),
    (r"expected <block end>|invalid indentation", _INDENT),
    (r"special characters", ("has a character that text cannot have", "remove it, or save the file as UTF-8 text")),
)
_BEYOND_UNICODE = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")
_AT_ITS_START = re.compile(
    "opens here|without a colon"
)  # the mistake is where it opened, not where the library gave up


@dataclass(frozen=True, slots=True)
class NotYaml:
    """Why a text is not YAML.

    Attributes:
        line: of the mistake, from 1.
        column: of the mistake, from 1.
        rule: what is wrong.
        remedy: what to do.
    """

    line: int
    column: int
    rule: str
    remedy: str


def explained(error: Exception, text: str) -> NotYaml:
    """Return what ``error``, which the library raised while it read ``text``, means for whoever wrote it."""
    if isinstance(error, yaml.reader.ReaderError):
        rule, remedy = _sentence(str(error.reason))
        return NotYaml(*_line_and_column(text, error.position), f"{rule}: #x{int(error.character):04x}", remedy)
    if not isinstance(error, yaml.MarkedYAMLError):
        far = _BEYOND_UNICODE.search(text)  # "\U00110000" is no character, and the library does not look
        return NotYaml(1, 1, *OTHER) if far is None else NotYaml(*_line_and_column(text, far.start()), *_ESCAPE)
    rule, remedy = _sentence(" ".join(f"{error.context or ''} {error.problem or ''}".split()))
    marks = (error.context_mark, error.problem_mark) if _AT_ITS_START.search(rule) else (error.problem_mark,)
    mark = next((each for each in (*marks, error.context_mark) if each is not None), None)
    return NotYaml(1, 1, rule, remedy) if mark is None else NotYaml(mark.line + 1, mark.column + 1, rule, remedy)


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _sentence(said: str) -> tuple[str, str]:
    for pattern, (rule, remedy) in _SENTENCES:
        found = re.search(pattern, said)
        if found is not None:
            return rule.format(**found.groupdict()), remedy.format()
    return OTHER
