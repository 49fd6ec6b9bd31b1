"""What the machine code of a kernel depends on, in one digest: where two digests are equal, so is the machine code.

It is made from what numba compiles, not from the files that it stands in: bytecode, constants, the value of every
global name, and the same of each kernel that is called, wherever that is written. So no file can be forgotten, and no
constant that another module imports or computes. What cannot be told by its value is refused.
"""

import builtins
import dis
import hashlib
import sys
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final

import llvmlite
import numba
import numpy as np
from numba.core import config, types
from numba.core.dispatcher import Dispatcher

# Their objects are the same whenever their versions are.
_VERSIONED: Final = {"builtins", "cmath", "math", "numba", "numpy"}
_NAMED: Final = (ModuleType, type, FunctionType, BuiltinFunctionType, np.ufunc)
_PLAIN: Final = {type(None), bool, int, float, complex, str, bytes, type(...)}
# Of numba's settings, those that leave the code as it is.
_WITHOUT_EFFECT: Final = ("CACHE_", "COLOR_", "CUDA_", "NUMBA_")
# Of arguments, those that numba's name for them tells from all others.
_TOLD_BY_NAME: Final = (types.Number, types.Boolean, types.Array, types.Record, types.NoneType, types.Omitted)


def fingerprint(kernel: Any, arguments: tuple[Any, ...], processor: object) -> str | None:  # noqa: ANN401
    """Return the digest of all that decides on the machine code of ``kernel``; None if an argument cannot be told.

    Args:
        kernel: numba's dispatcher.
        arguments: the types that it is compiled for, as numba says them.
        processor: what code is generated for.

    Raises:
        TypeError: it refers to something whose value cannot be told.
    """
    about = _Digest()
    about.add("tools", sys.version, numba.__version__, llvmlite.__version__, np.__version__, repr(processor))
    about.add("settings", *_settings())
    for argument in arguments:
        told = list(_told(argument))
        if "" in told:
            return None
        about.add("argument", *told)
    about.add_kernel(kernel)
    return about.hexdigest()


def _settings() -> Iterator[str]:
    """Yield numba's settings: optimisation, checks of bounds, vector instructions and the like."""
    for name, value in sorted(vars(config).items()):
        plain = isinstance(value, str | int | float | bool | tuple | None)
        if name.isupper() and plain and not name.startswith(_WITHOUT_EFFECT):
            yield f"{name}={value!r}"


def _told(argument: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield what tells the type of an argument from all others; an empty text if that cannot be said."""
    if isinstance(argument, types.BaseTuple):
        yield f"{type(argument).__name__} of {len(argument)}"
        if isinstance(argument, types.BaseNamedTuple):  # whose name does not tell in which order its fields come
            named = argument.instance_class
            yield f"{named.__module__}.{named.__qualname__}{named._fields}"
        for part in argument:
            yield from _told(part)
    elif isinstance(argument, _TOLD_BY_NAME):
        yield str(argument)
    else:
        yield ""


class _Digest:
    """Takes in values, one after another, so that no two series of values look the same."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._kernels: dict[int, int] = {}

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def add(self, *parts: str | bytes) -> None:
        for part in (str(len(parts)), *parts):
            encoded = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
            self._hash.update(b"%d:" % len(encoded) + encoded)

    def add_kernel(self, kernel: Any) -> None:  # noqa: ANN401
        """Take in a kernel and all that it refers to; one that was met before, as in recursion, by its number."""
        known = id(kernel) in self._kernels
        self.add("kernel", str(self._kernels.setdefault(id(kernel), len(self._kernels))))
        if known:
            return
        function: FunctionType = kernel.py_func
        self.add(function.__module__, function.__qualname__, repr(sorted(kernel.targetoptions.items())))
        self._add_all(function.__defaults__ or ())
        self._add_all(tuple(sorted((function.__kwdefaults__ or {}).items())))
        self._add_code(function.__code__, function.__globals__, function.__qualname__)
        self._add_all(tuple(cell.cell_contents for cell in function.__closure__ or ()))

    def _add_code(self, code: CodeType, names: Mapping[str, object], where: str) -> None:
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        self.add(code.co_code, code.co_exceptiontable, repr(shape))
        for each in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars):
            self.add(*each)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._add_code(constant, names, where)
            else:
                self._add_value(constant)
        for name in sorted({each.argval for each in dis.get_instructions(code) if "GLOBAL" in each.opname}):
            self.add("global", name)
            try:
                self._add_value(names[name] if name in names else getattr(builtins, name, None))
            except TypeError as error:
                raise TypeError(f"kernel {where}: {name}: {error}") from None

    def _add_all(self, values: tuple[object, ...]) -> None:
        self.add("values", str(len(values)))
        for value in values:
            self._add_value(value)

    def _add_value(self, value: Any) -> None:  # noqa: ANN401
        kind = type(value)
        if kind in _PLAIN:
            self.add(kind.__name__, repr(value))
        elif isinstance(value, Dispatcher):
            self.add_kernel(value)
        elif isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
            self.add(kind.__name__, repr(value.dtype), repr(value.shape), repr(value.flags.fnc), value.tobytes())
        elif isinstance(value, np.dtype):
            self.add("dtype", repr(value))
        elif isinstance(value, types.Number | types.Boolean):
            self.add("type", str(value))
        elif isinstance(value, tuple):
            self.add(kind.__module__, kind.__qualname__, *getattr(kind, "_fields", ()))
            self._add_all(tuple(value))
        elif isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
            self.add(value.__module__, value.__qualname__, *value._fields)
        else:
            self._add_versioned(value)

    def _add_versioned(self, value: object) -> None:
        named = getattr(value, "__name__" if isinstance(value, ModuleType) else "__module__", None) or ""
        if not isinstance(value, _NAMED) or named.partition(".")[0] not in _VERSIONED:
            raise TypeError(f"the value of {value!r} cannot be told; name the constant or the kernel that is meant")
        self.add("versioned", named, getattr(value, "__qualname__", None) or repr(value))
