"""YAML as nodes that know their place: file, line and column."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import yaml

from sim.scenario.problems import InvalidScenarioError, Problem
from sim.scenario.syntax import explained

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
