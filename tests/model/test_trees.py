"""What the compiled engine does not take is refused with one clause, before anything is evaluated."""

import contextlib
import random
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import F32
from actors.core.errors import ModelError
from actors.model.agreement import compiled_engine, split_rows
from actors.model.compiled_engine import ZERO, at_most
from actors.model.lightgbm_engine import lightgbm
from actors.model.trees import MOST_LEAVES, MOST_TEXT, Missing, Tree, read_trees
from tests.support.actors.boosters import COLUMNS, Drawn, boosters, drawn_rows, train

Change = Callable[[str], str]


@pytest.fixture(scope="module")
def text() -> str:
    return train(3, trees=3, num_leaves=6).model_to_string()


def set_key(key: str, value: str) -> Change:
    """Return a change of the first line ``key=…``."""
    return lambda text: re.sub(rf"^{key}=.*$", f"{key}={value}", text, count=1, flags=re.MULTILINE)


def first(key: str, value: str) -> Change:
    """Return a change of the first number of the first line ``key=…``."""
    return lambda text: re.sub(rf"^{key}=\S+", f"{key}={value}", text, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (set_key("version", "v3"), "its text is of version v3, not v4"),
        (set_key("num_tree_per_iteration", "3"), "it has 3 outputs"),
        (set_key("objective", "regression"), "its objective is regression, not binary with sigmoid 1"),
        (set_key("objective", "binary sigmoid:2"), "its objective is binary sigmoid:2, not binary with sigmoid 1"),
        (lambda text: text.replace("objective=", "x="), "its objective is not named, not binary with sigmoid 1"),
        (lambda text: text.replace("objective=", "average_output\nobjective="), "its score is the mean of its trees"),
        (lambda text: text.partition("\nTree=")[0], "it has no trees"),
        (set_key("num_cat", "1"), "tree 0 splits by category"),
        (set_key("is_linear", "1"), "tree 0 has a linear model in its leaves"),
        (set_key("num_leaves", "7"), "tree 0 is damaged: it must have leaves, each with a value, and has values for 6"),
        (set_key("leaf_value", ""), "and has values for 0"),
        (set_key("leaf_value", "1 2 3 4 5 6 x"), "could not convert string to float"),
        (first("leaf_value", "nan"), "its values must be finite"),
        (first("leaf_value", "inf"), "its values must be finite"),
        (first("threshold", "nan"), "its values must be finite"),
        (set_key("threshold", "1 2 3"), "threshold must have 5 numbers, and has 3"),
        (set_key("left_child", "1"), "left_child must have 5 numbers, and has 1"),
        (lambda text: text.replace("left_child=", "left="), "tree 0 is damaged: 'left_child'"),
        (first("split_feature", "5"), "it must split by columns below 5"),
        (first("split_feature", "-1"), "it must split by columns below 5"),
        (first("split_feature", "99999999999999999999"), "it must split by columns below 5"),
        (first("decision_type", "1"), "it has decisions of no known kind"),
        (first("decision_type", "12"), "it has decisions of no known kind"),
        (first("decision_type", "-2"), "it has decisions of no known kind"),
        (first("left_child", "0"), "child 0 is not there, or reached twice"),
        (first("left_child", "5"), "child 5 is not there, or reached twice"),
        (first("left_child", "-7"), "child -7 is not there, or reached twice"),
        (first("left_child", "99999999999999999999"), "is not there, or reached twice"),
    ],
)
def test_what_is_not_taken_is_told_in_one_clause(text: str, change: Change, complaint: str) -> None:
    """The clause names the tree and the rule."""
    assert change(text) != text
    with pytest.raises(ModelError, match=re.escape(complaint)) as caught:
        read_trees(change(text), COLUMNS)
    assert "\n" not in str(caught.value)


def test_a_chain_that_leaves_splits_out_is_refused(text: str) -> None:
    """A tree whose root has two leaves has no use for its other splits."""
    change = set_key("left_child", "-1 2 3 4 -2")(set_key("right_child", "-3 -4 -5 -6 -6")(text))
    with pytest.raises(ModelError, match="not all of its leaves can be reached"):
        read_trees(change, COLUMNS)


def test_a_text_that_would_take_long_to_compare_is_refused_unread(text: str) -> None:
    """Whoever waits for a start waits seconds, whatever the model."""
    with pytest.raises(ModelError, match="its text is longer than 8 MiB"):
        read_trees(text + "\n" * MOST_TEXT, COLUMNS)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"objective": "cross_entropy"}, "its objective is cross_entropy"),
        ({"objective": "binary", "sigmoid": 0.5}, "binary sigmoid:0.5"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "the mean of its trees"),
        ({"linear_tree": True}, "a linear model in its leaves"),
        ({"categories": [0], "min_data_per_group": 1, "cat_smooth": 0, "num_leaves": 31}, "splits by category"),
        (
            {"num_leaves": MOST_LEAVES + 1, "min_data_in_leaf": 1, "rows": 4_000},
            "has 257 leaves, and more than 256",
        ),
    ],
)
def test_models_of_other_kinds_are_not_taken(parameters: dict[str, object], complaint: str) -> None:
    """As LightGBM writes them."""
    arguments = {"rows": 300, "min_sum_hessian_in_leaf": 0.0} | parameters
    with pytest.raises(ModelError, match=complaint):
        compiled_engine(train(1, **arguments), drawn_rows(2, 10))  # type: ignore[arg-type]


@given(st.integers(0, 2**32))
def test_damaged_text_never_leads_out_of_bounds(seed: int) -> None:
    """Whatever is read from a text with some of its numbers exchanged is a tree; the rest is refused."""
    draw = random.Random(seed)
    words = re.split(r"([ =\n])", TEXT)
    places = [at for at, word in enumerate(words) if re.fullmatch(r"-?\d[\d.e+-]*", word)]
    for _ in range(draw.randrange(1, 6)):
        words[draw.choice(places)] = draw.choice([words[draw.choice(places)], "-1", "0", "1", "31", "-32", "1e300", ""])
    trees: Sequence[Tree] = ()
    with contextlib.suppress(ModelError):
        trees = read_trees("".join(words), COLUMNS)
    for tree in trees:
        assert ((tree.feature >= 0) & (tree.feature < COLUMNS)).all()
        assert (tree.parent < np.arange(len(tree.parent))).all()
        assert (np.diff(tree.span, axis=1) > 0).all()
        assert tree.span.max(initial=0) <= len(tree.leaf_value) == len(tree.feature) + 1


TEXT = train(4, trees=3, num_leaves=9).model_to_string()


def way(tree: Tree, row: F32) -> Iterator[tuple[int, bool]]:
    """Yield the splits that ``row`` meets on its way, and whether it goes left there, as LightGBM's source has it."""
    lies = 0, len(tree.leaf_value)
    for split, (first, middle, last) in enumerate(tree.span.tolist()):
        if (first, last) != lies:
            continue
        value, missing = float(row[tree.feature[split]]), tree.missing[split]
        value = 0.0 if abs(value) <= ZERO or (np.isnan(value) and missing != Missing.NAN) else value
        absent = np.isnan(value) or (missing == Missing.ZERO and value == 0.0)
        left = bool(tree.default_left[split] if absent else value <= tree.threshold[split])
        yield split, left
        lies = (first, middle) if left else (middle, last)


@given(boosters())
def test_rows_of_a_split_go_there_and_either_way(drawn: Drawn) -> None:
    """Whichever way any row without a missing value goes at a split, one of the rows made for that split goes."""
    plain = np.clip(np.nan_to_num(drawn_rows(7, 60)), -9, 9)
    plain[np.abs(plain) < 1e-3] = 0.25
    for tree in read_trees(drawn.booster.model_to_string(), COLUMNS):
        rows = split_rows(tree, drawn.rows[0])
        assert rows.shape == (max(1, 11 * len(tree.feature)), COLUMNS)
        for met in {each for row in plain for each in way(tree, row)}:
            assert any(met in way(tree, row) for row in rows[11 * met[0] : 11 * met[0] + 11])


@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False))
def test_a_threshold_in_single_precision_parts_the_same_values(threshold: float, value: float) -> None:
    """No float32 value lies between a threshold and what stands for it."""
    rounded = at_most(np.array([threshold]))[0]
    assert (np.float32(value) <= rounded) == (value <= threshold)


def test_a_booster_that_scores_otherwise_than_its_text_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What LightGBM gives here decides, whatever the text says."""
    booster, other = train(5), train(6)
    monkeypatch.setattr(lightgbm.Booster, "model_to_string", lambda _: TEXT)
    honest = lightgbm.Booster.predict

    def wrong(self: lightgbm.Booster, rows: object, **words: object) -> object:
        return np.nextafter(np.asarray(honest(self, rows, **words)), np.inf)  # type: ignore[arg-type]

    monkeypatch.setattr(lightgbm.Booster, "predict", wrong)
    for each in (booster, other):
        with pytest.raises(ModelError, match=r"^tree 0 alone would give .* where LightGBM gives"):
            compiled_engine(each, drawn_rows(1, 5))
