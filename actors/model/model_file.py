"""The file of a model, read as data: its text is taken out of the pickle, and nothing of the pickle is run.

``joblib`` files are pickles, and a pickle may call any function while it is read. A digest beside the file proves
nothing about who wrote it, and joblib's own reader of arrays hands object arrays to a bare `pickle.load`, past any list
of allowed classes (GHSA-m62q-453p-gv66). So neither `pickle.load` nor `joblib.load` ever sees a model's file. This
reader knows the opcodes that plain values and one object need, puts an inert stand-in where the booster would be made,
and refuses everything else by name.

What is left is text in LightGBM's own format. A damaged text aborts whoever loads it, so a child process loads it
first: see `actors.model.verification`.
"""

import copyreg
import hashlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from actors.core.untrusted_files import read_bytes
from actors.model.integrity import check_digest, readable, refused
from actors.model.lightgbm_engine import lightgbm

MOST_BYTES: Final = 256 << 20  # 100,000 trees of 31 leaves; the default model has 0.6 MB
BOOSTER: Final = ("lightgbm.basic", "Booster")
TEXT: Final = "_handle"  # under which LightGBM pickles a booster's text

# What plain values, one object and references to what was read before need. Not among them: calling a function (REDUCE,
# INST, OBJ, NEWOBJ_EX), objects from elsewhere (PERSID, EXT, NEXT_BUFFER), and text that is evaluated (the protocol of
# before Python 2.3).
_OPCODES: Final = (
    *(pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.POP, pickle.POP_MARK),
    *(pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.NEWOBJ, pickle.BUILD),
    *(pickle.MEMOIZE, pickle.BINPUT, pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1),
    *(pickle.BINFLOAT, pickle.SHORT_BINUNICODE, pickle.BINUNICODE, pickle.BINUNICODE8),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS, pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS),
)


class ModelFile(NamedTuple):
    """What a model's file holds.

    Attributes:
        text: of the model, in LightGBM's format.
        about: what else LightGBM remembers of it.
        sha256: of the file's bytes, in hex.
    """

    text: str
    about: dict[str, Any]
    sha256: str

    def booster(self) -> lightgbm.Booster:
        """Return the model of the text; a damaged text may abort this process instead.

        Raises:
            LightGBMError: it is no model.
        """
        return lightgbm.Booster(model_str=self.text)


def read_model_file(file: Path, sha256: str | None = None) -> ModelFile:
    """Return what ``file`` holds, whoever wrote it: nothing in it is run, and no model is made.

    Args:
        file: of a booster.
        sha256: that its bytes must have, in hex; None takes any.

    Raises:
        ArtifactError: it is not the file of a booster, larger than `MOST_BYTES`, or has another digest.
    """
    with readable(file):
        content = read_bytes(file, MOST_BYTES)
    digest = hashlib.sha256(content).hexdigest()
    if sha256 is not None:
        check_digest(file, digest, sha256)
    found = _unpickled(file, content)
    about = dict(vars(found))
    text = about.pop(TEXT, None)
    if not isinstance(text, str):
        raise refused(file, "must hold a booster with its text, and this one has none")
    if "\0" in text:  # where C would take the text to end
        raise refused(file, "must hold text, and has a NUL in it: a part of it was lost")
    return ModelFile(text, about, digest)


def _unpickled(file: Path, content: bytes) -> "_StandIn":
    """Return what stands for the booster in ``content``."""
    no_booster = "must hold a LightGBM booster as joblib writes it, uncompressed, and does not"
    if not content.startswith(pickle.PROTO):
        raise refused(file, no_booster)
    try:
        found = _Reader(io.BytesIO(content)).load()
    except _NotDataError as error:
        rule = f"must hold a LightGBM booster and nothing else, got {error}; nothing of it was run"
        raise refused(file, rule) from error
    except Exception as error:  # bytes that are no pickle raise whatever they lead to
        raise refused(file, no_booster) from error
    if not isinstance(found, _StandIn):
        raise refused(file, f"must hold a LightGBM booster, got {type(found).__name__}")
    return found


def write_model_file(file: Path, model: ModelFile) -> None:
    """Write ``model``, whatever its text is like, as LightGBM would have."""
    with file.open("wb") as stream:
        _Writer(stream, model).dump(lightgbm.Booster.__new__(lightgbm.Booster))


class _NotDataError(Exception):
    """Something that is more than a value; the text says what."""


class _StandIn:
    """Stands where a booster would, and only holds what it would be made from."""


class _Opcodes(dict[int, Callable[..., None]]):
    """The opcodes of a reader, where one that is not among them is told by its name."""

    def __missing__(self, opcode: int) -> Callable[..., None]:
        names = (name for name, code in vars(pickle).items() if name.isupper() and code == bytes((opcode,)))
        raise _NotDataError(f"the instruction {next(names, hex(opcode))} of a pickle")


class _Reader(pickle._Unpickler):  # noqa: SLF001 - the reader in Python, whose opcodes can be chosen
    """Makes plain values and `_StandIn`, and nothing else.

    In Python, because what it may do is then a table: the one in C does whatever a pickle says before it asks for a
    class, and sets memory aside for the numbers that a pickle makes up.
    """

    dispatch = _Opcodes({code[0]: pickle._Unpickler.dispatch[code[0]] for code in _OPCODES})  # noqa: SLF001

    def find_class(self, module: str, name: str) -> type:
        """Return what stands for a booster; nothing else is made."""
        if (module, name) != BOOSTER:
            raise _NotDataError(f"{module}.{name}")
        return _StandIn


class _Writer(pickle.Pickler):
    """Writes any booster as the one of ``model``."""

    def __init__(self, stream: BinaryIO, model: ModelFile) -> None:
        super().__init__(stream)
        self._state = model.about | {TEXT: model.text}

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - as pickle defines it
        """Return how a booster is made of the text."""
        if isinstance(obj, lightgbm.Booster):
            return copyreg.__newobj__, (type(obj),), self._state  # type: ignore[attr-defined]  # as pickle names it
        return NotImplemented
