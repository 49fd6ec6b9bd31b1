"""The C library's allocator, told to give large blocks back to the system."""

import ctypes
import sys

LARGE_BYTES = 1 << 20  # tables and columns are larger; the arrays of a batch are smaller
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def give_back_large_blocks() -> bool:
    """Let every large block have pages of its own, which are the system's again once it is freed.

    glibc does so at first, but raises its border to 32 MB as large blocks are freed. The tables of each refresh then
    lie in the heap and leave holes there: 120 MB after ten seconds of overload (measured).

    Returns:
        Whether the allocator is one that can be told.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(option, LARGE_BYTES) == 1 for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))
