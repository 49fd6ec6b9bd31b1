"""The trees of a booster, read from its text and checked.

Machine code checks no bounds. So what leads outside of a tree, or round in it, is refused here, and so is whatever
LightGBM evaluates in another way than `actors.model.compiled_engine` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

import numpy as np

from actors.core.arrays import F64, I64, Bool
from actors.core.errors import ModelError

# All decisions of a tree are evaluated, taken or not. With so many, batches still take a third of LightGBM's time, but
# a single row takes 1.7 times as long as there.
MOST_LEAVES: Final = 256
MOST_TEXT: Final = 8 << 20  # 2,400 trees of 31 leaves, which take 3 s to read and compare

Number = TypeVar("Number", int, float)

_ROOT: Final = 0
_DEFAULT_LEFT: Final = 2  # bits of `decision_type` in LightGBM's text
_MISSING_SHIFT: Final = 2
_HEAD: Final = {
    "version": ("v4", "its text is of version {got}, not v4"),
    "num_tree_per_iteration": ("1", "it has {got} outputs"),
    "objective": ("binary sigmoid:1", "its objective is {got}, not binary with sigmoid 1"),
}


class Missing(IntEnum):
    """What a split takes for missing, which then goes to its default side."""

    NONE = 0  # NaN is compared as 0
    ZERO = 1  # and NaN
    NAN = 2


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: leaves from left to right, splits with each before those below it.

    Attributes:
        feature: column that a split compares, int64 (splits,).
        threshold: a value of at most this goes left, float64 (splits,).
        default_left: whether a missing value goes left, bool (splits,).
        missing: `Missing`, int64 (splits,).
        parent: the split above, -1 for the root, int64 (splits,).
        span: the leaves below a split, int64 (splits, 3): those left of it are 0 to 1, those right of it 1 to 2.
        leaf_value: float64 (leaves,).
    """

    feature: I64
    threshold: F64
    default_left: Bool
    missing: I64
    parent: I64
    span: I64
    leaf_value: F64


def read_trees(text: str, n_features: int) -> tuple[Tree, ...]:
    """Return the trees of a model, in their order.

    Args:
        text: as LightGBM writes it.
        n_features: columns of the rows that will be scored.

    Raises:
        ModelError: they are damaged, or of a kind that is not evaluated here; one clause that says why.
    """
    if len(text) > MOST_TEXT:
        raise ModelError(f"its text is longer than {MOST_TEXT >> 20} MiB, and to compare so many trees takes too long")
    head, *parts = text.partition("\nend of trees")[0].split("\nTree=")
    said = _fields(head)
    for key, (wanted, complaint) in _HEAD.items():
        got = said.get(key, "not named")
        if got != wanted:
            raise ModelError(complaint.format(got=got[:40]))
    if "average_output" in head.splitlines():
        raise ModelError("its score is the mean of its trees, not their sum")
    if not parts:
        raise ModelError("it has no trees")
    return tuple(_read(number, part, n_features) for number, part in enumerate(parts))


def _fields(text: str) -> dict[str, str]:
    return {key: value for key, found, value in (line.partition("=") for line in text.splitlines()) if found}


def _read(number: int, text: str, n_features: int) -> Tree:
    fields = _fields(text)
    if fields.get("num_cat", "0") != "0":
        raise ModelError(f"tree {number} splits by category")
    if fields.get("is_linear", "0") != "0":
        raise ModelError(f"tree {number} has a linear model in its leaves")
    leaves = fields.get("leaf_value", "").split()
    if len(leaves) > MOST_LEAVES:
        raise ModelError(f"tree {number} has {len(leaves):,} leaves, and more than {MOST_LEAVES} are too many")
    try:
        return _checked(fields, n_features)
    except (KeyError, ValueError, OverflowError) as error:
        raise ModelError(f"tree {number} is damaged: {error}") from error


def _checked(fields: dict[str, str], n_features: int) -> Tree:
    leaves = np.array(_numbers(fields, "leaf_value", float), dtype=np.float64)
    splits = len(leaves) - 1
    if not len(leaves) or int(fields["num_leaves"]) != len(leaves):
        raise ValueError(f"it must have leaves, each with a value, and has values for {len(leaves):,}")
    feature, left, right, kind = (
        _numbers(fields, key, int, splits) for key in ("split_feature", "left_child", "right_child", "decision_type")
    )
    threshold = np.array(_numbers(fields, "threshold", float, splits), dtype=np.float64)
    if not np.isfinite(leaves).all() or np.isnan(threshold).any():
        raise ValueError("its values must be finite, and its thresholds numbers")
    if any(not 0 <= each < n_features for each in feature):
        raise ValueError(f"it must split by columns below {n_features}")
    if any(not 0 <= each >> _MISSING_SHIFT <= max(Missing) or each & 1 for each in kind):
        raise ValueError("it has decisions of no known kind")
    split_order, leaf_order, parent, span = _walk(left, right)
    kinds = np.array(kind, dtype=np.int64)[split_order]
    return Tree(
        feature=np.array(feature, dtype=np.int64)[split_order],
        threshold=threshold[split_order],
        default_left=kinds & _DEFAULT_LEFT != 0,
        missing=kinds >> _MISSING_SHIFT,
        parent=parent,
        span=span,
        leaf_value=leaves[leaf_order],
    )


def _numbers(fields: dict[str, str], key: str, kind: Callable[[str], Number], count: int | None = None) -> list[Number]:
    found = [kind(each) for each in fields[key].split()] if count != 0 else []
    if count is not None and len(found) != count:
        raise ValueError(f"{key} must have {count:,} numbers, and has {len(found):,}")
    return found


def _walk(left: Sequence[int], right: Sequence[int]) -> tuple[list[int], list[int], I64, I64]:
    """Return splits as they are met from the root, leaves from left to right, and each split's parent and span.

    Raises:
        ValueError: a child is out of range, or something is reached twice or not at all.
    """
    met = [False] * len(left), [False] * (len(left) + 1)  # splits, leaves
    split_order: list[int] = []
    leaf_order: list[int] = []
    parent: list[int] = []
    first: list[int] = []
    waiting = [(_ROOT if left else ~0, -1)]  # children to go to, each with the place of the split above it
    while waiting:
        child, above = waiting.pop()
        of_its_kind, at = met[child < 0], ~child if child < 0 else child
        if at >= len(of_its_kind) or of_its_kind[at]:
            raise ValueError(f"child {child} is not there, or reached twice")
        of_its_kind[at] = True
        if child < 0:
            leaf_order.append(at)
            continue
        waiting += [(right[child], len(split_order)), (left[child], len(split_order))]
        split_order.append(child)
        parent.append(above)
        first.append(len(leaf_order))
    if len(leaf_order) <= len(left):
        raise ValueError("not all of its leaves can be reached")
    size = dict.fromkeys(range(-len(leaf_order), 0), 1)  # leaves below each child
    for split in reversed(split_order):
        size[split] = size[left[split]] + size[right[split]]
    spans = [
        (start, start + size[left[split]], start + size[split]) for start, split in zip(first, split_order, strict=True)
    ]
    return split_order, leaf_order, np.array(parent, dtype=np.int64), np.array(spans, dtype=np.int64).reshape(-1, 3)
