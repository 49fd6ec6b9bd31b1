"""Machine code kept for the next process, under a digest of all that it depends on.

An entry is named by the digest of all it was made from, so it is right or it is not found. What is read is run, hence
two rules. Nothing is read from a folder that anyone else can write to. And each entry begins with a checksum of its
name and content: one that is cut short, changed or copied under another name is dropped, not read.

It is made from what numba compiles, not from the files that it stands in: bytecode, constants, the value of every
global name, and the same of each kernel that is called, wherever that is written. So no file can be forgotten, and no
constant that another module imports or computes. What cannot be told by its value is refused.
"""

import builtins
import dis
import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final

import llvmlite
import numba
import numpy as np
from numba.core import config, types
from numba.core.dispatcher import Dispatcher

from actors.core.user_cache import APPLICATION, NO_CACHE, user_cache

_FOLDERS: Final = (APPLICATION, "kernels")
_MOST: Final = 256  # entries, 10 to 100 kB each: what a dozen versions of the code compile; the least recently used go
_PATIENCE_S: Final = 120.0  # for another process that compiles: ten times what that takes on a busy machine
_STEP_S: Final = 0.05
_FOR_GROUP_OR_OTHERS: Final = 0o022
_FOR_OTHERS: Final = 0o002
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotKeptError(Exception):
    """Nothing can be kept; the text names the place and the reason."""


def read(name: str) -> bytes | None:
    """Return the content of the entry ``name``; None if there is none, or none that can be trusted."""
    try:
        with _opened(create=False) as folder:
            return _read(name, folder)
    except (NotKeptError, OSError):
        return None


def _read(name: str, folder: int) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = _checked(os.open(name, flags, dir_fd=folder), Path(name), _FOR_GROUP_OR_OTHERS)
    with os.fdopen(descriptor, "rb") as file:
        entry = file.read()
    size = hashlib.sha256().digest_size
    checksum, content = entry[:size], entry[size:]
    if checksum != _checksum(name, content):
        os.unlink(name, dir_fd=folder)
        return None
    with suppress(OSError):  # a folder that cannot be written serves as well
        os.utime(name, dir_fd=folder)
    return content


def write(name: str, content: bytes) -> None:
    """Keep ``content`` as the entry ``name``; forget what was used least recently, beyond some hundred entries.

    Raises:
        NotKeptError: it cannot be kept; nothing of it is left.
    """
    with _opened(create=True) as folder:
        draft = f"{name}.{os.getpid()}"  # what a killed process leaves grows old like an entry, and is never read
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(draft, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(_checksum(name, content) + content)
            os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            _forget_oldest(folder)
        except OSError as error:
            with suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise NotKeptError(f"{place()}: {error.strerror}") from error


def drop(name: str) -> None:
    """Forget the entry ``name``, if it is there and can be."""
    with suppress(NotKeptError, OSError), _opened(create=False) as folder:
        os.unlink(name, dir_fd=folder)


@contextmanager
def turn() -> Iterator[None]:
    """Hold the lock on the folder: of processes that start at once, one compiles and the others find it done.

    The lock ends with its holder. Where there is no folder or no lock, or the holder takes too long, all go on at once.
    """
    with ExitStack() as held:
        with suppress(NotKeptError):
            _wait_for(held.enter_context(_opened(create=True)))
        yield


def _wait_for(folder: int) -> None:
    for _ in range(round(_PATIENCE_S / _STEP_S)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_STEP_S)  # noqa: TID251 - for another process, which no run's clock moves
        except OSError:  # a network file system may not know such locks
            return
        else:
            return


def place() -> Path:
    """Return the folder, which need not exist.

    Raises:
        NotKeptError: the environment names no place.
    """
    folder = user_cache()
    if folder is None:
        raise NotKeptError(NO_CACHE)
    return folder / _FOLDERS[-1]


@contextmanager
def _opened(*, create: bool) -> Iterator[int]:
    """Give a descriptor of the folder; otherwise as `_open`."""
    descriptor = _open(create=create)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(*, create: bool) -> int:
    """Return a descriptor of the folder, checked from the outside in.

    Each is opened relative to the one before it: what is checked is what is used, even if someone renames meanwhile.

    Raises:
        NotKeptError: it is not there and cannot be made, or it is not the user's alone.
    """
    path = place().parents[len(_FOLDERS) - 1]
    try:
        if create:
            path.mkdir(0o700, exist_ok=True)
        # Many systems let a group write to what its members create outside, and each user is alone in one.
        descriptor = _checked(os.open(path, _OPEN), path, _FOR_OTHERS)
        for name in _FOLDERS:
            path, outer = path / name, descriptor
            try:
                descriptor = _checked(_inner(name, outer, create=create), path, _FOR_GROUP_OR_OTHERS)
            finally:
                os.close(outer)
    except OSError as error:
        raise NotKeptError(f"{path}: {error.strerror}") from error
    return descriptor


def _inner(name: str, outer: int, *, create: bool) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=outer)
    return os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=outer)


def _checked(descriptor: int, path: Path, forbidden: int) -> int:
    """Return an open ``descriptor``; close it if it is not the user's own or gives others ``forbidden`` rights."""
    about, user = os.fstat(descriptor), os.geteuid()
    if about.st_uid == user and not about.st_mode & forbidden:
        return descriptor
    os.close(descriptor)
    if about.st_uid != user:
        raise NotKeptError(f"{path}: belongs to user {about.st_uid}, and this is user {user}")
    raise NotKeptError(f"{path}: others may write to it")


def _checksum(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + content).digest()


def _forget_oldest(folder: int) -> None:
    used_ns = {}
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):  # another process forgets at the same time
            used_ns[name] = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime_ns
    for name in sorted(used_ns, key=lambda each: (-used_ns[each], each))[_MOST:]:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


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
