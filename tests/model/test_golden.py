"""Golden rows prove that a loaded model is the one that was trained."""

from pathlib import Path

import numpy as np

from actors.model.integrity import Golden, choose_golden
from actors.model.lightgbm_engine import LightGBMEngine
from tests.support.actors.small_model import NAMES, Fitted


def test_golden_rows_visit_every_leaf_of_every_tree(fitted: Fitted) -> None:
    """A change in any leaf changes some golden score."""
    golden = choose_golden(fitted.booster, fitted.rows)
    leaves = np.asarray(fitted.booster.predict(golden.features, pred_leaf=True))
    sizes = [tree["num_leaves"] for tree in fitted.booster.dump_model()["tree_info"]]
    assert [len(np.unique(leaves[:, tree])) for tree in range(len(sizes))] == sizes
    assert len(golden.scores) < len(fitted.rows) / 5


def test_the_model_that_made_the_golden_scores_repeats_them(fitted: Fitted, tmp_path: Path) -> None:
    """Written and read back, the difference is exactly zero."""
    choose_golden(fitted.booster, fitted.rows).save(tmp_path / "golden.npz")
    assert Golden.load(tmp_path / "golden.npz").worst(LightGBMEngine(fitted.booster, len(NAMES))) == 0.0


def test_a_model_with_one_leaf_changed_is_found_out(fitted: Fitted) -> None:
    """Even the last leaf of the last tree counts."""
    golden = choose_golden(fitted.booster, fitted.rows)
    changed = fitted.booster.__copy__()
    trees = fitted.booster.dump_model()["tree_info"]
    last = trees[-1]["num_leaves"] - 1
    changed.set_leaf_output(len(trees) - 1, last, changed.get_leaf_output(len(trees) - 1, last) + 1e-6)
    assert golden.worst(LightGBMEngine(changed, len(NAMES))) > 1e-12
