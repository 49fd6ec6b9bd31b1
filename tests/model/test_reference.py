"""The reference bins a feature so that its shifts can be seen."""

from pathlib import Path

import numpy as np

from actors.model.artifact import BLOCK, load_reference, measure_reference, save_reference, spread


def test_a_flag_keeps_a_bin_for_each_value_and_one_for_missing() -> None:
    """Tenths would hide a flag that is set once in fifty."""
    flags = np.repeat(np.array([0, 1, np.nan], dtype=np.float32), [490, 10, 5])[:, np.newaxis]
    bins = measure_reference(["online"], flags, np.zeros(505)).features["online"]
    assert bins.edges.tolist() == [1.0]
    assert bins.counts.tolist() == [490, 10, 5]


def test_a_spread_out_feature_is_cut_into_tenths() -> None:
    """Each bin holds about as many rows as the others."""
    values = np.arange(1_000, dtype=np.float32)[:, np.newaxis]
    bins = measure_reference(["amount"], values, np.zeros(1_000)).features["amount"]
    assert len(bins.counts) == 11
    assert set(bins.counts[:-1].tolist()) <= {99, 100, 101}


def test_a_feature_that_is_always_missing_has_only_that_bin() -> None:
    """A file without coordinates still gives a reference."""
    bins = measure_reference(["home_km"], np.full((7, 1), np.nan, dtype=np.float32), np.zeros(7)).features["home_km"]
    assert bins.counts.tolist() == [0, 7]


def test_a_reference_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Nothing is rounded on the way."""
    draw = np.random.default_rng(3)
    scores = draw.random(400)
    written = measure_reference(["amount", "online"], draw.gamma(2, size=(400, 2)).astype(np.float32), scores)
    save_reference(tmp_path / "reference.npz", written, scores)
    read = load_reference(tmp_path / "reference.npz", ["amount", "online"])
    assert (read.score_mean, read.score_std) == (written.score_mean, written.score_std)
    for name, bins in written.features.items():
        assert read.features[name].edges.tolist() == bins.edges.tolist()
        assert read.features[name].counts.tolist() == bins.counts.tolist()


def test_the_spread_of_independent_scores_is_their_standard_deviation() -> None:
    """Nothing is added where neighbours tell nothing of each other."""
    scores = np.random.default_rng(4).random(60 * BLOCK)
    assert scores.std() <= spread(scores) <= 1.3 * scores.std()


def test_scores_that_come_in_episodes_spread_more() -> None:
    """Runs of 500 high scores among low ones make means vary as 500 times fewer scores would."""
    fraud = np.repeat(np.random.default_rng(4).random(240) < 0.1, 500)
    scores = np.where(fraud, 0.9, 0.0)
    assert spread(scores) > 15 * scores.std()


def test_few_scores_have_only_a_standard_deviation() -> None:
    """Eight means are needed to say how means vary."""
    scores = np.arange(7 * BLOCK) / 1e5
    assert spread(scores) == float(scores.std())
