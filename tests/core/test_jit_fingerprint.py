"""The digest of what a kernel's machine code depends on: another value, another digest."""

import math
from collections import namedtuple
from collections.abc import Callable
from types import FunctionType

import numpy as np
import pytest
from numba import types
from numba.core import config

from actors.core.jit import kernel
from actors.core.jit_cache import fingerprint

SCALE, TABLE, PAIR = 2, np.arange(3), (1, 2.0)
UNTELLABLE = {"scale": 2}
CPU = ("x86_64", "some-cpu", "+avx2")
NUMBER = (types.float64,)


@kernel
def _inner(x: float) -> float:
    return x * SCALE


@kernel
def _outer(x: float) -> float:
    return math.floor(_inner(x)) + float(TABLE[1]) + PAIR[1]


@kernel
def _countdown(n: int) -> int:
    return 0 if n <= 0 else _countdown(n - 1)


def of(function: object, arguments: tuple[object, ...] = NUMBER, cpu: object = CPU) -> str | None:
    return fingerprint(function, arguments, cpu)


def test_nothing_changed_nothing_changes() -> None:
    """Not even for a kernel that calls itself."""
    assert of(_outer) == of(_outer)
    assert of(_countdown) == of(_countdown)
    assert len({of(_outer), of(_inner), of(_countdown)}) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("SCALE", 3), ("SCALE", 2.0), ("SCALE", True), ("TABLE", np.arange(3) + 1), ("TABLE", np.arange(3.0))],
)
def test_constant_is_part_of_it(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    """By value and type, also where only a kernel that is called reads it."""
    before = of(_outer)
    monkeypatch.setitem(globals(), name, value)
    assert of(_outer) != before


def test_called_kernel_is_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is written."""

    @kernel
    def _other(x: float) -> float:
        return x * SCALE * 1.0

    before = of(_outer)
    monkeypatch.setitem(globals(), "_inner", _other)
    assert of(_outer) != before


def _adding(amount: object) -> Callable[[float], float]:
    return lambda x: x + amount  # type: ignore[operator]


def _defaulting(amount: object) -> Callable[..., float]:
    return lambda x, y=amount: x + y


@pytest.mark.parametrize("make", [_adding, _defaulting])
def test_values_bound_to_a_function_are_part_of_it(make: Callable[[object], Callable[..., float]]) -> None:
    """Those it closes over and those it has by default."""
    digests = [of(kernel(make(value))) for value in (1, 2, 1.0, np.float32(1), np.int64(1), "1", (1,), None)]
    assert len(set(digests)) == len(digests)
    assert of(kernel(make(1))) == digests[0]


def test_machine_is_part_of_it() -> None:
    """Code for one processor may not run on another."""
    assert of(_outer, cpu=("x86_64", "some-cpu", "-avx2")) != of(_outer)


@pytest.mark.parametrize(("setting", "value"), [("BOUNDSCHECK", 1), ("OPT", 0), ("ENABLE_AVX", False)])
def test_settings_of_numba_are_part_of_it(monkeypatch: pytest.MonkeyPatch, setting: str, value: object) -> None:
    """Someone debugs with checks of bounds; their code is not everyone's."""
    before = of(_outer)
    monkeypatch.setattr(config, setting, value)
    assert of(_outer) != before


@pytest.mark.parametrize("tool", ["numba.__version__", "llvmlite.__version__", "numpy.__version__", "sys.version"])
def test_tools_are_part_of_it(monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    """Another version may compile otherwise."""
    before = of(_outer)
    monkeypatch.setattr(tool, "0.0")
    assert of(_outer) != before


def test_arguments_are_part_of_it() -> None:
    """Also of tuples, whose fields are told by name and order, which numba leaves out."""
    one, other = namedtuple("Two", "a b"), namedtuple("Two", "b a")  # noqa: PYI024 - made of names
    both = [types.float64, types.float64]
    arguments = [
        types.float64,
        types.int64,
        types.float64[::1],
        types.float64[:],
        types.Array(types.float64, 1, "C", readonly=True),
        types.UniTuple(types.float64, 2),
        types.NamedTuple(both, one),
        types.NamedTuple(both, other),
        *(numpy_record(names) for names in ("ab", "ba")),
    ]
    digests = [of(_outer, (each,)) for each in arguments]
    assert None not in digests
    assert len(set(digests)) == len(digests)


def numpy_record(names: str) -> object:
    from numba import from_dtype

    return from_dtype(np.dtype([(name, np.int64) for name in names]))


def test_argument_that_cannot_be_told_has_none() -> None:
    """Code for it is never kept."""
    assert of(_outer, (types.Tuple([types.float64, types.pyobject]),)) is None


@kernel
def _reads_a_dictionary(x: float) -> float:
    return x * UNTELLABLE["scale"]


@kernel
def _calls_plain_python(x: float) -> float:
    return len(str(numpy_record))


@pytest.mark.parametrize(
    ("function", "name"), [(_reads_a_dictionary, "UNTELLABLE"), (_calls_plain_python, "numpy_record")]
)
def test_what_cannot_be_told_is_refused(function: FunctionType, name: str) -> None:
    """The kernel and the name are given: whoever writes it finds out at the first call."""
    with pytest.raises(TypeError, match=rf"kernel {function.__name__}: {name}: "):
        of(function)


def test_series_of_names_are_told_apart() -> None:
    """Where one ends and the next begins is part of it."""
    functions: list[Callable[..., int]] = [lambda ab, c: 0, lambda a, bc: 0]
    assert len({of(kernel(each)) for each in functions}) == 2
