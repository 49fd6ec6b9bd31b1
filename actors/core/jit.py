"""Compiled functions: plain Python that numba turns into machine code, with one set of rules for all of them.

What was compiled once is kept for the next process under a digest of all that it was made from
(`actors.core.jit_cache`). With ``NUMBA_DISABLE_JIT=1`` kernels are the functions that they are written as.
"""

import ctypes
import mmap
import pickle
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import numba
from llvmlite.binding import address_of_symbol
from numba.core.caching import _Cache as CachePort
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

from actors.core import jit_cache
from actors.core.jit_cache import fingerprint

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile ``function`` when it is first called, or take what an earlier process compiled.

    Strict IEEE arithmetic; dividing by zero gives what an array would; the interpreter is let go. Indexes are not
    checked: whoever calls a kernel has checked them. It may refer to other kernels, to constants by their own name, and
    to numpy and math; a constant is what it was when the kernel was compiled.
    """
    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if isinstance(compiled, Dispatcher):
        compiled._cache = _Kept(compiled)  # noqa: SLF001 - numba's own cache overlooks what changed in other files
    return compiled  # type: ignore[no-any-return]  # called as the function is


def ready(call_each: Callable[[], object], announce: Callable[[], object]) -> str:
    """Have every kernel ready that ``call_each`` calls; return in a line why code is not kept, "" if nothing is lost.

    A kernel that meets arguments of other types later is compiled then: a pause of a second, and the same answers.

    Args:
        call_each: calls each kernel with arguments of the types that it will get.
        announce: called before the first is compiled, which takes seconds in all; not called when all were kept.
    """
    _PREPARATION.announce = announce
    try:
        call_each()
    finally:
        _PREPARATION.end()
        _rest_compiler()
    return _PREPARATION.problem


def _rest_compiler() -> None:
    """Give the memory back that holds the compiler's own machine code: 50 of the 150 MB that a process then has.

    Whoever calls it again, as for arguments of other types, has it read from its file again. That is safe for code,
    into which nothing was written since it was mapped; where it cannot be done the memory stays taken.
    """
    if not (sys.platform == "linux" and (maps := Path("/proc/self/maps")).is_file()):
        return
    release = ctypes.CDLL(None).madvise
    for line in maps.read_text(errors="replace").splitlines():
        span, rights, *_, file = line.split(maxsplit=5)
        if rights == "r-xp" and "libllvmlite" in file:
            start, end = (int(each, 16) for each in span.split("-"))
            release(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


class _Preparation:
    """The time in which kernels are made ready; of several processes one compiles, and the others take what it kept.

    Attributes:
        announce: called before the first kernel is compiled; None outside that time.
        problem: why what this process compiled is not kept, in a line; "" if it is.
    """

    def __init__(self) -> None:
        self.announce: Callable[[], object] | None = None
        self.problem = ""
        self._turn = ExitStack()

    def begin(self) -> bool:
        """Announce it and wait for those who are at it; return whether that was to be done."""
        announce, self.announce = self.announce, None
        if announce is None:
            return False
        announce()
        self._turn.enter_context(jit_cache.turn())
        return True

    def end(self) -> None:
        """Let others go on."""
        self.announce = None
        self._turn.close()

    def lose(self, error: jit_cache.NotKeptError) -> None:
        """Note that code could not be kept."""
        remedy = "let XDG_CACHE_HOME name a folder that is yours alone and has room"
        self.problem = f"compiled code is not kept, and each start takes seconds more: {error}; {remedy}"


_PREPARATION: Final = _Preparation()


class _Kept(CachePort):  # type: ignore[misc]  # numba has no types
    """What numba asks for the code of one kernel before it compiles, and gives it to afterwards.

    Args:
        kernel: numba's dispatcher.
    """

    def __init__(self, kernel: Any) -> None:  # noqa: ANN401
        self._kernel = kernel
        self._awaited: dict[object, str | None] = {}

    cache_path = None  # shown in numba's statistics

    def load_overload(self, sig: object, target_context: Any) -> CompileResult | None:  # noqa: ANN401
        """Return the code for a signature; None has it compiled."""
        arguments, _ = normalize_signature(sig)
        name = fingerprint(self._kernel, arguments, target_context.codegen().magic_tuple())
        code = _load(name, target_context)
        if code is None and _PREPARATION.begin():
            code = _load(name, target_context)  # another process may have kept it meanwhile
        if code is None:
            self._awaited[sig] = name
        return code

    def save_overload(self, sig: object, data: Any) -> None:  # noqa: ANN401
        """Keep what was compiled, unless it holds addresses of this process."""
        name = self._awaited.pop(sig, None)
        if name is None or data.library.has_dynamic_globals or data.lifted:
            return
        try:
            jit_cache.write(name, dumps((_called(data.library), data._reduce())))  # noqa: SLF001 - as numba's own cache
        except jit_cache.NotKeptError as error:
            _PREPARATION.lose(error)

    def enable(self) -> None:
        """Do nothing: it always is."""

    disable = flush = enable


def _load(name: str | None, target_context: Any) -> CompileResult | None:  # noqa: ANN401
    content = None if name is None else jit_cache.read(name)
    if name is None or content is None:
        return None
    try:
        called, reduced = pickle.loads(content)  # noqa: S301, TID251 - it is ours
        rtsys.initialize(target_context)
        if any(address_of_symbol(each) is None for each in called):
            target_context.refresh()  # imports the whole library, which takes 0.3 s and 25 MB; ours calls none of it
        return CompileResult._rebuild(target_context, *reduced)  # noqa: SLF001 - as numba's own cache does
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it can be compiled again
        jit_cache.drop(name)
        return None


def _called(library: Any) -> list[str]:  # noqa: ANN401
    """Return the names of what the machine code in ``library`` calls outside of it; an LLVM intrinsic is inside."""
    functions = library._final_module.functions  # noqa: SLF001 - numba has no other way to ask
    return sorted(each.name for each in functions if each.is_declaration and not each.name.startswith("llvm."))
