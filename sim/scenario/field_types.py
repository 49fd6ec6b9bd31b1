"""The types of a scenario as plain descriptions that the reader, the renderer and the JSON Schema share."""

import types
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from sim.scalars import DURATION, PATH, SIZE, OneOrMore, Scalar, Shorthand, Variants

Kind = Literal["struct", "variants", "list", "pair", "literal", "scalar", "int", "float", "bool", "str", "path"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value looks like in a file.

    Attributes:
        kind: which of the cases below.
        of: struct: its type; variants: `Variants`; literal: its options; scalar: `Scalar`; else None.
        item: of a list or pair.
        bounds: limits on a number, from `msgspec.Meta`.
        optional: None is a value.
        shorthand: struct: the key whose value may stand for the whole; empty for none.
        single: list: its only item may stand for it.
    """

    kind: Kind
    of: Any = None
    item: "Shape | None" = None
    bounds: tuple[msgspec.Meta, ...] = ()
    optional: bool = False
    shorthand: str = ""
    single: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a struct: ``key`` in the file, ``name`` in Python; ``default`` is `msgspec.NODEFAULT` if required."""

    name: str
    key: str
    shape: Shape
    default: Any

    @property
    def required(self) -> bool:
        """Whether the key must be given."""
        return self.default is msgspec.NODEFAULT


_WRITTEN = {"_ns": DURATION, "_bytes": SIZE}  # whole numbers whose name ends so; the key is without the ending


@cache
def fields_of(struct: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Return the keys of ``struct``, in order, inherited ones first."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(_field(each, shape_of(hints[each.name])) for each in msgspec.structs.fields(struct))


def _field(field: msgspec.structs.FieldInfo, shape: Shape) -> Field:
    key, default = field.encode_name, _default(field)
    for ending, scalar in _WRITTEN.items():
        if shape.kind == "int" and key.endswith(ending):
            return Field(field.name, key.removesuffix(ending), replace(shape, kind="scalar", of=scalar), default)
    return Field(field.name, key, shape, default)


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - of any type a scenario has
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default


def shape_of(hint: Any) -> Shape:  # noqa: ANN401 - a type annotation
    """Return the shape of an annotation.

    Raises:
        TypeError: no scenario type is written like that.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        inner = [each for each in arguments if each is not type(None)]
        return replace(shape_of(inner[0]), optional=True)
    if origin is Literal:
        return Shape("literal", arguments)
    if origin is tuple:
        kind: Kind = "list" if arguments[1] is Ellipsis else "pair"
        return Shape(kind, item=shape_of(arguments[0]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return Shape("struct", hint)
    plain: dict[Any, Kind] = {int: "int", float: "float", bool: "bool", str: "str"}
    if hint in plain:
        return Shape(plain[hint])
    text = f"no way to write {hint!r} in a scenario"
    raise TypeError(text)


def _annotated(base: Any, notes: tuple[Any, ...]) -> Shape:  # noqa: ANN401 - a type annotation
    bounds = tuple(note for note in notes if isinstance(note, msgspec.Meta))
    for note in notes:
        if isinstance(note, Scalar):
            return Shape("scalar", note, bounds=bounds)
        if isinstance(note, Variants):
            return Shape("variants", note)
        if note is PATH:
            return Shape("path")
        if isinstance(note, Shorthand):
            return replace(shape_of(base), shorthand=note.key)
        if isinstance(note, OneOrMore):
            return replace(shape_of(base), single=True)
    return replace(shape_of(base), bounds=bounds)
