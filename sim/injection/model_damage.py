"""A model's folder copied with something wrong in it: damaged, or whole and scoring nonsense."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec
import numpy as np

from actors.core.arrays import F64
from actors.model.artifact import GOLDEN_FILE, MANIFEST_FILE, MODEL_FILE, Artifact
from actors.model.integrity import Golden, sha256_of
from actors.model.manifest import read_manifest
from actors.model.model_file import read_model_file, write_model_file
from sim.faults.model import Damage, Nonsense

_LEAVES = re.compile(r"^leaf_value=(.*)$", re.MULTILINE)
_SPLITS = re.compile(r"^split_feature=(.*)$", re.MULTILINE)
_SIZES = re.compile(r"^tree_sizes=.*$", re.MULTILINE)
_TREES = re.compile(r"^(?=Tree=|end of trees)", re.MULTILINE)


def with_leaves(text: str, change: Callable[[float], float]) -> str:
    """Return the model with each leaf's value changed."""
    return _resized(_LEAVES.sub(lambda found: _leaves(map(change, _values(found))), text))


def with_first_leaf(text: str, change: Callable[[float], float]) -> str:
    """Return the model with the value of the first leaf of the first tree changed."""

    def changed(found: re.Match[str]) -> str:
        first, *others = _values(found)
        return _leaves([change(first), *others])

    return _resized(_LEAVES.sub(changed, text, count=1))


def with_columns(text: str, columns: Sequence[int]) -> str:
    """Return the model that reads column ``columns[j]`` where ``text`` reads column ``j``; names stay."""

    def changed(found: re.Match[str]) -> str:
        return f"split_feature={' '.join(str(columns[int(each)]) for each in found[1].split())}"

    return _resized(_SPLITS.sub(changed, text))


def most_used_columns(text: str) -> list[int]:
    """Return the columns that the trees split on, the most used first."""
    uses = Counter(int(each) for found in _SPLITS.finditer(text) for each in found[1].split())
    return sorted(uses, key=lambda column: (-uses[column], column))


def _values(found: re.Match[str]) -> list[float]:
    return [float(each) for each in found[1].split()]


def _leaves(values: Iterable[float]) -> str:
    return f"leaf_value={' '.join(map(repr, values))}"


def _resized(text: str) -> str:
    """Return the text with the sizes of its trees as they are now; LightGBM cuts it up by them."""
    _, *trees = _TREES.split(text)
    sizes = " ".join(str(len(tree.encode())) for tree in trees[:-1])
    return _SIZES.sub(f"tree_sizes={sizes}", text, count=1)


DAMAGES: Final[tuple[Damage, ...]] = get_args(Damage)

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
    shutil.copytree(folder, copy)
    model = read_model_file(copy / MODEL_FILE)
    write_model_file(copy / MODEL_FILE, model._replace(text=change(model.text)))
    if signed:
        sign(copy)


def sign(folder: Path) -> None:
    """Write the digests of the files in ``folder`` as they are now into its manifest."""
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


MIDDLE = 0.5


def nonsense_copy(artifact: Artifact, copy: Path, scores: Nonsense) -> None:
    """Write a model made from ``artifact`` to ``copy``, whose scores say nothing, or the opposite.

    What it says of its training stays: its reference tells of the scores that it should give.

    Args:
        artifact: a model; its folder is left as it is.
        copy: where to; must not be there yet.
        scores: one minus the right ones; made of columns in the wrong order; or all the same.

    Raises:
        ArtifactError, OSError: the folder of ``artifact`` holds another model by now, or none.
    """
    columns = np.roll(np.arange(len(artifact.feature_names)), 1).tolist()
    changed_copy(artifact.folder, copy, lambda text: _nonsense(text, scores, columns), signed=False)
    Golden(artifact.golden.features, _scores(artifact, scores, columns)).save(copy / GOLDEN_FILE)
    sign(copy)


def _nonsense(text: str, scores: Nonsense, columns: list[int]) -> str:
    match scores:
        case "inverted":
            return with_leaves(text, lambda value: -value)
        case "constant":
            return with_leaves(text, lambda _: 0.0)
        case "shuffled":
            return with_columns(text, columns)


def _scores(artifact: Artifact, scores: Nonsense, columns: list[int]) -> F64:
    """Return what the model of `_nonsense` gives the golden rows, without loading it."""
    rows = artifact.golden.features
    match scores:
        case "inverted":
            return 1 - artifact.golden.scores
        case "constant":
            return np.full(len(rows), MIDDLE)
        case "shuffled":
            return artifact.engine.score(np.ascontiguousarray(rows[:, columns]))
