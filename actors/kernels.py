"""Compiled functions: plain Python that numba turns into machine code, with one set of rules for all of them."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile ``function`` when it is first called.

    Strict IEEE arithmetic; dividing by zero gives what an array would; the interpreter is let go. Indexes are not
    checked: whoever calls a kernel has checked them.
    """
    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled  # type: ignore[no-any-return]  # called as the function is
