"""YAML as nodes that know their place, file, line and column; for text that is not YAML, what is wrong with it.

The library's own messages name tokens and grammar rules, so each is replaced by one that says what to change.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from sim.scenario.problems import InvalidScenarioError, Problem

MAX_FILE_BYTES = 262_144  # a scenario is 2 to 5 kB; a larger file is another kind of file
STANDARD_TAGS = "tag:yaml.org,2002:"
NULL, INT, FLOAT = (STANDARD_TAGS + kind for kind in ("null", "int", "float"))
MERGE = STANDARD_TAGS + "merge"
KNOWN_TAGS = frozenset(
    STANDARD_TAGS + kind
    for kind in ("null", "int", "float", "bool", "str", "timestamp", "seq", "map", "merge", "value")
)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TO_UTF_8 = "save it as UTF-8"
OVERRIDE = "--set "  # begins the place of what such an option brought
SHOWN = 60  # characters of a value in an error


def read_text(path: Path) -> str:
    """Return the text of the file at ``path``.

    Raises:
        InvalidScenarioError: it is missing, unreadable, too large, or not UTF-8 text.
    """
    where = f"{path}:1:1"
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        remedy = "write /dev/stdin for standard input" if str(path) == "-" else "check the path"
        raise InvalidScenarioError([Problem(str(path), "", "no such file", remedy=remedy)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidScenarioError(
            [Problem(str(path), "", "cannot be read", reason, "give a readable YAML file")]
        ) from None
    if len(raw) > MAX_FILE_BYTES:
        rule, remedy = f"a scenario has at most {MAX_FILE_BYTES:,} bytes", "give a scenario, not its data"
        raise InvalidScenarioError([Problem(where, "", rule, "more", remedy)])
    if raw.startswith(UTF_16):
        raise InvalidScenarioError([Problem(where, "", "must be UTF-8 text", "UTF-16", TO_UTF_8)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise InvalidScenarioError(
            [Problem(f"{path}:{line}:{column}", "", "must be UTF-8 text", f"byte 0x{raw[error.start]:02x}", TO_UTF_8)]
        ) from None
    return text


def compose(text: str, name: str) -> yaml.Node | None:
    """Return the root node of the YAML in ``text``, or None if there is none.

    Args:
        text: YAML, one document.
        name: what the nodes' marks call it: a file, or a ``--set``.

    Raises:
        InvalidScenarioError: the text is not YAML.
    """
    try:
        loader = yaml.SafeLoader(text)
        loader.name = name
        return loader.get_single_node()
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: no character has such a number
        wrong = explained(error, text)
        at = name if is_override(name) else f"{name}:{wrong.line}:{wrong.column}"
        raise InvalidScenarioError([Problem(at, "", wrong.rule, remedy=wrong.remedy)]) from None
    except RecursionError:
        raise InvalidScenarioError(
            [Problem(place(None, name), "", "is nested too deeply", remedy="write it flatter")]
        ) from None


def is_override(place: str) -> bool:
    """Return whether what stands at ``place`` came from the command line, not from a file."""
    return place.startswith(OVERRIDE)


def place(mark: yaml.Mark | None, name: str = "") -> str:
    """Return ``file:line:column`` of ``mark``; a ``--set`` has no lines and is its own place."""
    name = mark.name if mark else name
    if is_override(name):
        return name
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"


def entries(node: yaml.MappingNode, depth: int = 0) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield key and value nodes of a mapping, those merged in by ``<<`` first."""
    deepest = 20  # `&a {<<: *a}` merges itself without end
    for key, value in node.value:
        if key.tag == MERGE and depth < deepest:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in reversed(sources):  # the first of a list wins, so it comes last
                if isinstance(source, yaml.MappingNode):
                    yield from entries(source, depth + 1)
    for key, value in node.value:
        if key.tag != MERGE:
            yield key, value


def shown(node: yaml.Node) -> str:
    """Return what a person would call the value: as written, cut when long."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    if node.tag == NULL:
        return "nothing"
    quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    return repr(text) if quoted or not text.isprintable() or not text else text


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
_AT_ITS_START = re.compile("opens here|without a colon")  # the mistake is there, not where the library gave up


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
