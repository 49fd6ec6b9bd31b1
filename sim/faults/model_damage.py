"""A model's folder copied with something wrong in it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from sim.faults.model_text import most_used_columns, with_columns, with_first_leaf

Damage = Literal["truncated", "nul", "flipped", "leaf", "permuted"]
DAMAGES: tuple[Damage, ...] = get_args(Damage)

KEPT = 2 / 3  # of a text that a full disk cut off
PAGE = 4_096  # bytes that a lost write leaves as zeros
BITS = 7  # of a character of a model's text


def damaged_copy(folder: Path, copy: Path, damage: Damage, drawn: float, *, signed: bool) -> None:
    """Write the model in ``folder`` to ``copy``, damaged; ``folder`` is left as it is.

    Args:
        folder: of a model.
        copy: where to; must not be there yet.
        damage: of the model's text.
        drawn: in [0, 1), decides where it is flipped.
        signed: whether the manifest's digest is that of the damaged file.

    Raises:
        ArtifactError, OSError: ``folder`` has no model that could be damaged.
    """
    changed_copy(folder, copy, lambda text: damaged(text, damage, drawn), signed=signed)


def changed_copy(folder: Path, copy: Path, change: Callable[[str], str], *, signed: bool) -> None:
    """Write the model in ``folder`` to ``copy``, its text changed.

    Raises:
        ArtifactError, OSError: ``folder`` has no model that could be changed.
    """
    from actors.model.artifact import MODEL_FILE
    from actors.model.model_file import read_model_file, write_model_file

    shutil.copytree(folder, copy)
    model = read_model_file(copy / MODEL_FILE)
    write_model_file(copy / MODEL_FILE, model._replace(text=change(model.text)))
    if signed:
        sign(copy)


def sign(folder: Path) -> None:
    """Write the digests of the files in ``folder`` as they are now into its manifest."""
    from actors.model.artifact import MANIFEST_FILE, MODEL_FILE
    from actors.model.manifest import read_manifest
    from actors.model.proof import sha256_of

    manifest = read_manifest(folder / MANIFEST_FILE)
    files = {name: sha256_of(folder / name) for name in manifest.files}
    msgspec.structs.replace(manifest, sha256=sha256_of(folder / MODEL_FILE), files=files).write(folder / MANIFEST_FILE)


def damaged(text: str, damage: Damage, drawn: float) -> str:
    """Return ``text`` with ``damage``."""
    match damage:
        case "truncated":
            return text[: int(len(text) * KEPT)]
        case "nul":
            start = len(text) // 2
            return text[:start] + "\0" * len(text[start : start + PAGE]) + text[start + PAGE :]
        case "flipped":
            return _flipped(text, drawn)
        case "leaf":
            return with_first_leaf(text, lambda value: value + 1.0)
        case "permuted":
            return with_columns(text, _swapped(text))


def _flipped(text: str, drawn: float) -> str:
    at, bit = divmod(int(drawn * len(text) * BITS), BITS)
    return text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]


def _swapped(text: str) -> list[int]:
    """Return every column, the two most used ones in each other's place."""
    first, second, *_ = used = most_used_columns(text)
    columns = list(range(max(used) + 1))
    columns[first], columns[second] = second, first
    return columns
