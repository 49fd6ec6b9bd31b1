"""Another model made by editing the text of one: other leaves, or other columns."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

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
