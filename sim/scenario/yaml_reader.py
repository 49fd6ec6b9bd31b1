"""Nodes of YAML to typed values, collecting every problem instead of stopping at the first.

A path that stands in a scenario file is relative to the folder of that file; one that ``--set`` brings is relative to
where the command is given, as is every path on a command line. Both become absolute when the scenario is read, so that
nothing that runs later, in this process or another, depends on its working directory.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sim.scalars import Variants
from sim.scenario.field_types import Field, Shape, fields_of
from sim.scenario.problems import Problem, remedy_for
from sim.scenario.yaml_nodes import FLOAT, INT, KNOWN_TAGS, MERGE, NULL, entries, is_override, place, shown
from sim.units import UNSIGNED

HOME_MARK = "~/"
_NOT_FOLDERS = (Path("/dev"), Path("/proc"))  # a scenario that is piped in lies in no folder of its own


def home_of(file: Path) -> Path:
    """Return the folder to which the paths in the scenario ``file`` are relative."""
    folder = file.absolute().parent
    return Path.cwd() if any(folder.is_relative_to(each) for each in _NOT_FOLDERS) else folder


def absolute_path(text: str, home: Path) -> str:
    """Return the absolute path that ``text`` stands for in ``home``; the last part may be a pattern, or a link."""
    path = home / (Path(text).expanduser() if text.startswith(HOME_MARK) else Path(text))
    try:
        if path.name in ("", ".."):
            return str(path.resolve())
        return str(path.parent.resolve() / path.name)  # a link keeps its own name and ending
    except (OSError, RuntimeError, ValueError):  # a ring of links; a character that no path can have
        return str(path)


def looked_in(written: str, place: str, home: Path) -> str:
    """Return where a path was looked for and why there, in brackets; nothing for a path that is absolute as written.

    Args:
        written: the path as it was written.
        place: of the value that holds it, as in errors.
        home: folder of the scenario.
    """
    if Path(written).is_absolute() or written.startswith(HOME_MARK):
        return ""
    if is_override(place):
        return f" (looked for in {Path.cwd()}, where the command was given)"
    return f" (looked for in {home}, the folder of the scenario)"


MAX_NODES = 20_000  # aliases let a small file unfold into a huge one; a large scenario has a few hundred nodes
INVALID = object()

_INT = re.compile(r"[+-]?[0-9][0-9_]*")
_FLOAT = re.compile(rf"[+-]?{UNSIGNED}")
_LIMITS = (("gt", "more than"), ("ge", "at least"), ("lt", "less than"), ("le", "at most"))


class YamlReader:
    """Reads one tree of nodes.

    Args:
        home: folder to which paths are relative that stand in the file.

    Attributes:
        problems: what was wrong so far, in the order found.
        nodes: path to the node of each value that was read.
        broken: paths whose value could not be used; they hold their default, or None if they have none.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.problems: list[Problem] = []
        self.nodes: dict[str, yaml.Node] = {}
        self.broken: set[str] = set()
        self._left = MAX_NODES

    def read(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401 - as the shape says
        """Return the value of ``node``, or `INVALID` after noting why."""
        self.nodes.setdefault(path, node)
        self._left -= 1
        if self._left < 0:
            return self._too_large(node, path)
        if node.tag not in KNOWN_TAGS:
            return self.refuse(node, path, "must be plain YAML without tags", node.tag, "remove the tag")
        reader = getattr(self, f"_read_{shape.kind}")
        value = reader(node, shape, path)
        if value is INVALID:
            self.broken.add(path)
        return value

    def refuse(self, node: yaml.Node, path: str, rule: str, got: str = "", remedy: str = "") -> Any:  # noqa: ANN401
        """Note a problem at ``node`` and return `INVALID`."""
        self.problems.append(Problem(place(node.start_mark), path, rule, got, remedy))
        self.broken.add(path)
        return INVALID

    def _too_large(self, node: yaml.Node, path: str) -> Any:  # noqa: ANN401
        if self._left == -1:
            self.refuse(node, path, f"unfolds to more than {MAX_NODES:,} values", remedy="use fewer aliases")
        return INVALID

    def _read_struct(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        if shape.shorthand and isinstance(node, yaml.ScalarNode):
            field = next(each for each in fields_of(shape.of) if each.key == shape.shorthand)
            value = self.read(node, field.shape, path)
            return INVALID if value is INVALID else shape.of(**{field.name: value})
        return self.read_struct(node, shape.of, path)

    def read_struct(self, node: yaml.Node, struct: type[msgspec.Struct], path: str, besides: Iterable[str] = ()) -> Any:  # noqa: ANN401
        """Return a ``struct`` from a mapping; keys in ``besides`` are known and not read."""
        if not isinstance(node, yaml.MappingNode):
            keys = ", ".join(field.key for field in fields_of(struct)) or "nothing"
            return self.refuse(node, path, "must be a mapping", shown(node), f"its keys are {keys}")
        fields = {field.key: field for field in fields_of(struct)}
        found = self._keys(node, path, {*fields, *besides})
        values = {field.name: self._field(node, found, field, path) for field in fields.values()}
        return struct(**values)

    def _field(self, node: yaml.Node, found: dict[str, yaml.Node], field: Field, path: str) -> Any:  # noqa: ANN401
        inner = _join(path, field.key)
        given = found.get(field.key)
        if given is not None and given.tag == NULL and field.shape.optional:
            return None  # written out, it is a value: without a limit where the default is one
        if given is not None and given.tag != NULL:
            value = self.read(given, field.shape, inner)
            if value is not INVALID:
                return value
        elif field.required:
            self.refuse(given or node, inner, "is missing", remedy="add it")
        return None if field.required else field.default

    def _keys(self, node: yaml.MappingNode, path: str, known: set[str]) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key, value in entries(node):
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                self.refuse(key, path, "has a key that is not text", shown(key), "write a plain word")
            elif name in known:
                found[name] = value
            else:
                rule = Problem(place(key.start_mark), _join(path, name), "is not a known key")
                self.problems.append(msgspec.structs.replace(rule, remedy=remedy_for(name, known)))
        self._refuse_repeated(node, path)
        return found

    def _refuse_repeated(self, node: yaml.MappingNode, path: str) -> None:
        first: dict[str, str] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                if key.value in first:
                    remedy = f"remove one; the first is at {first[key.value]}"
                    self.refuse(key, _join(path, key.value), "is given twice", remedy=remedy)
                first.setdefault(key.value, place(key.start_mark))

    def _read_variants(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        if shape.of.shorthand and isinstance(node, yaml.ScalarNode):
            struct = self._kind(node, shape.of, path)
            return INVALID if struct is None else self._from_shorthand(node, struct, path)
        if not isinstance(node, yaml.MappingNode):
            return self.refuse(node, path, "must be a mapping", shown(node), "begin with its kind")
        given = [value for key, value in entries(node) if key.value == "kind"]
        if not given:
            return self.refuse(node, f"{path}.kind", "is missing", remedy=_which(shape.of))
        self.nodes.setdefault(f"{path}.kind", given[-1])
        struct = self._kind(given[-1], shape.of, f"{path}.kind")
        return INVALID if struct is None else self.read_struct(node, struct, path, besides=("kind",))

    def _from_shorthand(self, node: yaml.Node, struct: type[msgspec.Struct], path: str) -> Any:  # noqa: ANN401
        missing = [field.key for field in fields_of(struct) if field.required]
        if missing:
            return self.refuse(node, path, f"needs {', '.join(missing)}", shown(node), "write it as a mapping")
        return struct()

    def _kind(self, node: yaml.Node, variants: Variants, path: str) -> type[msgspec.Struct] | None:
        name = node.value if isinstance(node, yaml.ScalarNode) else None
        if name in variants.kinds:
            return variants.kinds[name]
        remedy = remedy_for(name or "", variants.kinds, _which(variants))
        if variants.listed and remedy != _which(variants):
            remedy += f" {_which(variants)}"
        self.refuse(node, path, "is not a known kind", shown(node), remedy)
        return None

    def _read_list(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        if shape.single and shape.item is not None and isinstance(node, yaml.ScalarNode):
            item = self.read(node, shape.item, path)
            return INVALID if item is INVALID else (item,)
        if not isinstance(node, yaml.SequenceNode) or shape.item is None:
            return self.refuse(node, path, "must be a list", shown(node), "begin each item with -")
        items = [self.read(each, shape.item, f"{path}[{index}]") for index, each in enumerate(node.value)]
        return tuple(None if item is INVALID else item for item in items)

    def _read_pair(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:  # noqa: PLR2004 - a pair
            return self.refuse(node, path, "must be a pair", shown(node), "write [from, to]")
        items = self._read_list(node, shape, path)
        return INVALID if None in items else items

    def _read_literal(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        options = {str(option): option for option in shape.of}
        if isinstance(node, yaml.ScalarNode) and node.value in options:
            return options[node.value]
        word = node.value if isinstance(node, yaml.ScalarNode) else ""
        return self.refuse(
            node, path, f"must be {' or '.join(options)}", shown(node), remedy_for(word, options, "write it so")
        )

    def _read_scalar(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        if not isinstance(node, yaml.ScalarNode):
            return self.refuse(node, path, "must be a single value", shown(node), _example(shape))
        try:
            value = shape.of.parse(node.value)
        except (ValueError, OverflowError) as error:
            rule, _, remedy = str(error).partition("; ")
            return self.refuse(node, path, rule, shown(node), remedy)
        return self._bounded(node, value, shape, path)

    def _read_int(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        number = self._number(node, path, "a whole number")
        if number is INVALID:
            return INVALID
        if not float(number).is_integer():
            return self.refuse(node, path, "must be a whole number", shown(node), "leave out the fraction")
        exact = int(node.value.replace("_", "")) if _INT.fullmatch(node.value) else int(number)
        return self._bounded(node, exact, shape, path)

    def _read_float(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        number = self._number(node, path, "a number")
        return INVALID if number is INVALID else self._bounded(node, number, shape, path)

    def _number(self, node: yaml.Node, path: str, wanted: str) -> Any:  # noqa: ANN401
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') and _FLOAT.fullmatch(text):
            return self.refuse(node, path, f"must be {wanted}", shown(node), "remove the quotes")
        digits_limit = 400  # int() refuses 4,300 digits; no number here has more than 20
        number = float(text.replace("_", "")) if _FLOAT.fullmatch(text) and len(text) < digits_limit else math.nan
        if not math.isfinite(number):
            return self.refuse(node, path, f"must be {wanted}", shown(node), "write digits, as in 100 or 0.5")
        return number

    def _read_bool(self, node: yaml.Node, _: Shape, path: str) -> Any:  # noqa: ANN401
        if isinstance(node, yaml.ScalarNode) and node.value.lower() in ("true", "false") and not node.style:
            return node.value.lower() == "true"
        return self.refuse(node, path, "must be true or false", shown(node), "write true or false")

    def _read_str(self, node: yaml.Node, _: Shape, path: str) -> Any:  # noqa: ANN401
        if not isinstance(node, yaml.ScalarNode):
            return self.refuse(node, path, "must be text", shown(node), "write it on one line")
        if node.tag in (INT, FLOAT):
            return self.refuse(node, path, "must be text", f"the number {node.value}", "put it in quotes")
        if not _encodable(node.value):
            return self.refuse(node, path, "must be text that UTF-8 can hold", shown(node), "remove half a character")
        if any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in node.value):
            return self.refuse(node, path, "must be text without control characters", shown(node), "remove them")
        return node.value

    def _read_path(self, node: yaml.Node, shape: Shape, path: str) -> Any:  # noqa: ANN401
        text = self._read_str(node, shape, path)
        if text is INVALID:
            return INVALID
        if not text.strip():
            return self.refuse(node, path, "must be a path", shown(node), "write where it lies")
        return absolute_path(text, Path.cwd() if is_override(node.start_mark.name) else self.home)

    def _bounded(self, node: yaml.Node, value: Any, shape: Shape, path: str) -> Any:  # noqa: ANN401
        for meta in shape.bounds:
            for name, words in _LIMITS:
                limit = getattr(meta, name)
                if limit is not None and not _holds(name, value, limit):
                    written = shape.of.render(limit) if shape.kind == "scalar" else f"{limit:,}"
                    return self.refuse(node, path, f"must be {words} {written}", shown(node), "change the value")
        return value


def _join(path: str, key: str) -> str:
    longest = 80
    word = key if key.isprintable() and len(key) <= longest else f"{key[:longest]!r}…"
    return f"{path}.{word}" if path else word


def _holds(name: str, value: float, limit: float) -> bool:
    if name in ("gt", "ge"):
        return value > limit or (name == "ge" and value == limit)
    return value < limit or (name == "le" and value == limit)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # "\ud800" is half of a character
        return False
    return True


def _which(variants: Variants) -> str:
    """Return which kinds there are, or how to see them where they are many."""
    return f"{variants.listed} lists them" if variants.listed else f"use one of {', '.join(variants.kinds)}"


def _example(shape: Shape) -> str:
    examples = shape.of.schema.get("examples", ())
    return f"as in {examples[0]}" if examples else ""
