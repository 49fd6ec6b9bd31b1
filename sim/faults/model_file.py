"""The file of a model, read as text and written again, without a model being made of it.

A damaged text aborts whoever loads it, so the process that serves never does.
"""

import pickle
from pathlib import Path
from typing import Any, NamedTuple

TEXT = "_handle"  # under which LightGBM pickles a booster's text


class ModelFile(NamedTuple):
    """What a model's file holds.

    Attributes:
        text: of the model, in LightGBM's format.
        about: what else LightGBM remembers of it.
    """

    text: str
    about: dict[str, Any]


def read_model_file(file: Path) -> ModelFile:
    """Return what ``file`` holds.

    Raises:
        UnpicklingError, OSError: it is not the file of a model.
    """
    with file.open("rb") as stream:
        found = _Reader(stream).load()
    if not isinstance(found, _Held) or not isinstance(found.__dict__.get(TEXT), str):
        raise pickle.UnpicklingError(f"{file} holds no model's text")
    about = dict(found.__dict__)
    return ModelFile(about.pop(TEXT), about)


def write_model_file(file: Path, model: ModelFile) -> None:
    """Write ``model``, whatever its text is like, as LightGBM would have."""
    with file.open("wb") as stream:
        pickle.dump(_Written(model.about | {TEXT: model.text}), stream)


class _Held:
    """Stands where a booster would, and only holds what it would be made from."""


class _Reader(pickle.Unpickler):
    """Makes plain values and nothing else."""

    def find_class(self, module: str, name: str) -> type:
        """Return what stands for a booster; nothing else is made."""
        if (module, name) != ("lightgbm.basic", "Booster"):
            raise pickle.UnpicklingError(f"a model's file holds a booster, and not a {module}.{name}")
        return _Held


class _Written:
    """Unpickles as a booster of this state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    def __reduce__(self) -> tuple[Any, ...]:
        from actors.model.library import lightgbm

        return object.__new__, (lightgbm.Booster,), self._state
