"""The engine that every model can be scored with: LightGBM's C calls, on one thread, with our own buffers.

`Booster.predict` spends about 40 µs a call on Python work before a row is scored. The same C functions called directly
give the same numbers to the last bit.

LightGBM imports scikit-learn, pandas and others when it finds them, only to offer classes that are not used here.
Hiding them while it is imported brings the import from 1.4 s and 150 MB down to 0.2 s and 52 MB (measured), on the path
where a user waits for the first frame. A package that is already imported stays visible.
"""

import ctypes
import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Final, cast

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.model.engine import EngineKind, as_rows

OPTIONAL = ("sklearn", "pandas", "pyarrow", "polars", "dask", "matplotlib", "graphviz", "cffi")


@contextmanager
def hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Make ``import`` of each name fail with ImportError inside the block, unless it is imported already."""
    unseen = [name for name in names if name not in sys.modules]
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.update(dict.fromkeys(unseen))
    try:
        yield
    finally:
        for name in unseen:
            del modules[name]


# Threads that train wait asleep, not spinning: on a busy machine spinning made training ten times slower (measured).
# Read when the library is loaded; whoever sets it otherwise has a reason.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

with hidden(OPTIONAL):
    import lightgbm
    from lightgbm.libpath import _LIB

LIBRARY_FILE: str = _LIB._name  # noqa: SLF001  # the shared library that LightGBM itself chose

__all__ = ["LIBRARY_FILE", "OPTIONAL", "hidden", "lightgbm"]


# One row through the single-row call costs 10 µs against 19 µs through the batch call, eight cost the same (200 trees).
FEW_ROWS: Final = 6
ONE_THREAD: Final = b"num_threads=1"  # given to the constructor it is ignored, so it goes with every call

_FLOAT32 = 0
_ROW_MAJOR = 1
_NORMAL = 0  # probabilities, not raw scores or leaves
_ALL_TREES = -1

_int, _pointer = ctypes.c_int, ctypes.c_void_p


@dataclass(frozen=True, slots=True)
class _Calls:
    """The C functions used, with their own argument types (LightGBM's Python side leaves them undeclared)."""

    batch: "ctypes._NamedFuncPointer"
    few_init: "ctypes._NamedFuncPointer"
    few: "ctypes._NamedFuncPointer"
    few_free: "ctypes._NamedFuncPointer"
    last_error: "ctypes._NamedFuncPointer"

    @staticmethod
    def load() -> "_Calls":
        free, held = ctypes.CDLL(LIBRARY_FILE), ctypes.PyDLL(LIBRARY_FILE)
        batch, few_init, few = (
            free.LGBM_BoosterPredictForMat,
            free.LGBM_BoosterPredictForMatSingleRowFastInit,
            # Keeps the GIL: for 10 µs giving it up and getting it back costs more, and the single-row call shares
            # one buffer, which the GIL then guards.
            held.LGBM_BoosterPredictForMatSingleRowFast,
        )
        shape = [_int, ctypes.c_int32, ctypes.c_int32, _int]
        batch.argtypes = [_pointer, _pointer, *shape, _int, _int, _int, ctypes.c_char_p, _pointer, _pointer]
        few_init.argtypes = [_pointer, _int, _int, _int, _int, ctypes.c_int32, ctypes.c_char_p, _pointer]
        few.argtypes = [_pointer, _pointer, _pointer, _pointer]
        few_free = free.LGBM_FastConfigFree
        few_free.argtypes = [_pointer]
        last_error = free.LGBM_GetLastError
        last_error.argtypes, last_error.restype = [], ctypes.c_char_p
        return _Calls(batch, few_init, few, few_free, last_error)


class LightGBMEngine:
    """Scores rows of features with one booster, as `Booster.predict` does.

    Batches release the GIL and share nothing, single rows keep it. Never changes the booster.

    Args:
        booster: a trained binary classifier.
        n_features: columns of every matrix that will be scored.

    Raises:
        ModelError: the booster was trained on another number of features, or has more than one output.
    """

    kind: Final[EngineKind] = "lightgbm"

    def __init__(self, booster: lightgbm.Booster, n_features: int) -> None:
        if booster.num_feature() != n_features or booster.num_model_per_iteration() != 1:
            takes, gives = booster.num_feature(), booster.num_model_per_iteration()
            raise ModelError(
                f"the booster must take {n_features} features and give 1 score a row, not {takes} and {gives}"
            )
        self.n_features = n_features
        self._booster = booster  # keeps the handle alive
        self._handle = booster._handle  # noqa: SLF001  # the only way to the C calls
        self._calls = _Calls.load()
        self._few = self._prepare_few()
        weakref.finalize(self, self._calls.few_free, self._few).atexit = False

    def _prepare_few(self) -> ctypes.c_void_p:
        config = ctypes.c_void_p()
        at = ctypes.addressof(config)
        self._check(
            self._calls.few_init(self._handle, _NORMAL, 0, _ALL_TREES, _FLOAT32, self.n_features, ONE_THREAD, at)
        )
        return config

    def score(self, features: F32) -> F64:
        """Return the score of each row; otherwise as `Engine.score`."""
        rows = as_rows(features, self.n_features)
        return self._score_few(rows) if len(rows) <= FEW_ROWS else self._score_many(rows)

    def _score_few(self, rows: F32) -> F64:
        """Score row by row; bytes and a C number a row are quicker to hand over than the arrays' addresses."""
        call, config, score, written = self._calls.few, self._few, ctypes.c_double(), ctypes.c_int64()
        length, target, scores = ctypes.byref(written), ctypes.byref(score), []
        for row in rows:
            self._check(call(config, row.tobytes(), length, target))
            scores.append(score.value)
        return np.array(scores, dtype=np.float64)

    def _score_many(self, rows: F32) -> F64:
        scores = np.empty(len(rows), dtype=np.float64)
        written = ctypes.c_int64()
        self._check(
            self._calls.batch(
                self._handle,
                rows.ctypes.data,
                _FLOAT32,
                len(rows),
                self.n_features,
                _ROW_MAJOR,
                _NORMAL,
                0,
                _ALL_TREES,
                ONE_THREAD,
                ctypes.addressof(written),
                scores.ctypes.data,
            )
        )
        return scores

    def _check(self, code: int) -> None:
        if code != 0:
            raise ModelError(f"LightGBM failed: {self._calls.last_error().decode(errors='replace')}")
