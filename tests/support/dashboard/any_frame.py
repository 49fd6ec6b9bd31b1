"""Any frame that the types allow: names of any text, numbers of any size, sections present or absent."""

import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from dashboard.frame import Figure, Frame, Section, Series
from dashboard.layout import SHOWN_METRICS
from tests.support.dashboard.frames import SAMPLES

FLOATS = st.one_of(st.floats(0, 1), st.floats(0, 1e7), st.floats(allow_nan=True, allow_infinity=True))
INTS = st.one_of(st.integers(0, 20_000), st.integers(0, 2**63 - 1))
TEXTS = st.one_of(st.sampled_from(("tail", "store-down", "latency.p95 81.2 ms", "漢字" * 20)), st.text(max_size=60))
SERIES = st.builds(
    Series,
    st.floats(0, 10),
    st.sampled_from((0.25, 1.0, 1e-9, 3600.0)),
    st.lists(st.one_of(st.none(), FLOATS), max_size=8).map(tuple),
)


def any_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  a type form: class, union, tuple[…]
    """Values of an annotation."""
    simple = {float: FLOATS, int: INTS, str: TEXTS, bool: st.booleans(), type(None): st.none(), Series: SERIES}
    if kind in simple:
        return simple[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([any_of(argument) for argument in arguments])
    if origin is dict:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=4)
    if origin is tuple:
        return _tuples(arguments)
    fields = [field.name for field in msgspec.structs.fields(kind)]
    hints = get_type_hints(kind)
    return st.tuples(*(any_of(hints[name]) for name in fields)).map(
        lambda values: kind(**dict(zip(fields, values, strict=True)))
    )


def _tuples(arguments: Sequence[Any]) -> st.SearchStrategy[Any]:
    if arguments[-1] is Ellipsis:
        return st.lists(any_of(arguments[0]), max_size=4).map(tuple)
    return st.tuples(*(any_of(argument) for argument in arguments))


FIGURES = st.fixed_dictionaries({}, optional=dict.fromkeys(SHOWN_METRICS, any_of(Figure)))


BASES = st.sampled_from([make() for make in SAMPLES.values()])


def _changed(name: str) -> st.SearchStrategy[Frame]:
    values = FIGURES if name == "figures" else any_of(get_type_hints(Frame)[name])
    return st.builds(lambda base, value: msgspec.structs.replace(base, **{name: value}), BASES, values)


def _showing(kind: type[Section]) -> st.SearchStrategy[Frame]:
    return st.builds(Frame.showing, BASES, any_of(kind))


# A sample with one section replaced by anything: panels do not look at each other's sections, and a whole frame of
# arbitrary values takes too many draws to be quick.
FRAMES: st.SearchStrategy[Frame] = st.one_of(
    [
        *(_changed(field.name) for field in msgspec.structs.fields(Frame) if field.name != "sections"),
        *map(_showing, Section.__subclasses__()),
    ]
)
