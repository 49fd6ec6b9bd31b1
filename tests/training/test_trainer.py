"""Training gives the same model again, judges it on later data, and refuses what is not good enough."""

from pathlib import Path

import numpy as np
import pytest

from actors.core.errors import OutputError
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import load_artifact
from actors.model.warm_state import WINDOWS_FILE
from sim.gates import FIGURES, gates_of
from sim.training.progress import TrainingRefused
from sim.training.trainer import JUDGE_STAGE, RULES, TEST, VALIDATION, WITHOUT_BATCH_TIER, TrainingReport, train
from tests.support.sim.small_training import LOOSE, QUICK, SOURCE, TOWN, Recorded

UNREACHABLE = gates_of({"roc_auc": 1.0, "brier_score": 0.0})


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_trained_model_proves_itself(report: TrainingReport) -> None:
    """What training writes, serving accepts."""
    artifact = load_artifact(report.folder)
    assert artifact.manifest == report.manifest
    assert artifact.feature_names == SOURCE.features
    assert artifact.manifest.state_end_us == TOWN.end_us
    assert artifact.rule_book.rules


def test_training_again_gives_the_same_bytes(report: TrainingReport, tmp_path: Path) -> None:
    """Every file, the state included; a digest then names a model and not a day."""
    train(SOURCE, tmp_path / "again", gates=LOOSE, config=QUICK)
    assert files(tmp_path / "again") == files(report.folder)


def test_the_report_has_every_figure_for_every_set_of_rows(report: TrainingReport) -> None:
    """With the batch tier and without, on the test and before it, and what rules alone would do."""
    metrics = report.manifest.metrics
    for rows in (TEST, WITHOUT_BATCH_TIER, VALIDATION):
        assert metrics[rows].keys() == FIGURES.keys()
        assert all(value is not None for value in metrics[rows].values())
    assert set(metrics[RULES]) == {"recall", "precision", "flagged_honest", "blocked_honest"}


def test_the_batch_tier_matters_and_the_model_survives_its_loss(report: TrainingReport) -> None:
    """Even a tiny town's model ranks worse without it, and far better than chance."""
    metrics = report.manifest.metrics
    full, bare = (metrics[rows]["roc_auc"] or 0.0 for rows in (TEST, WITHOUT_BATCH_TIER))
    assert full > bare > 0.7


def test_the_window_counts_the_rows_it_names(report: TrainingReport, recorded: Recorded) -> None:
    """The manifest's counts are those of the table."""
    window = report.manifest.window
    for rows, frauds, from_us, to_us in (
        (window.train_rows, window.train_frauds, window.train_from_us, window.train_to_us),
        (window.test_rows, window.test_frauds, window.test_from_us, window.test_to_us),
    ):
        part = recorded.table.between(from_us, to_us)
        assert (rows, frauds) == (len(part), int(part.fraud.sum()))


def test_the_reference_is_of_rows_with_full_windows(report: TrainingReport, recorded: Recorded) -> None:
    """Its counts are the newest rows', whose windows look like a run's."""
    reference = load_artifact(report.folder).reference
    span = SOURCE.split.reference
    rows = len(recorded.table.between(span.from_us, span.to_us))
    assert list(reference.features) == list(SOURCE.features)
    assert all(bins.counts.sum() == rows for bins in reference.features.values())


def test_the_state_is_that_of_the_end_of_history(report: TrainingReport, recorded: Recorded) -> None:
    """The folder's windows are those the replay left."""
    ours = InMemoryStreamState.load(report.folder / "state" / WINDOWS_FILE).rings.to_arrays()
    theirs = InMemoryStreamState.load(recorded.state / WINDOWS_FILE).rings.to_arrays()
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name], equal_nan=ours[name].dtype.kind == "f") for name in ours)


def test_a_refused_model_is_not_written(tmp_path: Path) -> None:
    """The error lists each gate missed with figure and limit, and the folder does not appear."""
    with pytest.raises(TrainingRefused) as caught:
        train(SOURCE, tmp_path / "model", gates=UNREACHABLE, config=QUICK)
    assert len(caught.value.misses) == 2
    assert "ROC-AUC must be at least 1, got 0." in str(caught.value)
    assert caught.value.figures[TEST].keys() == FIGURES.keys()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_refused_before_the_work(tmp_path: Path) -> None:
    """No minute is spent on a model that cannot be written, and nothing of the user's is overwritten."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear", encoding="utf-8")
    told: list[str] = []
    with pytest.raises(OutputError, match="letters: must be new, empty or a model folder"):
        train(SOURCE, tmp_path / "letters", progress=lambda stage, _done, _total: told.append(stage))
    assert told == []


def test_progress_passes_through_its_stages_in_order(tmp_path: Path) -> None:
    """History, fit, judge; each from its beginning to its end."""
    told: list[tuple[str, int, int]] = []
    train(SOURCE, tmp_path / "model", gates=LOOSE, config=QUICK, progress=lambda *each: told.append(each))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["history", "fit", JUDGE_STAGE]
    for stage in stages:
        *_, last = (each for each in told if each[0] == stage)
        assert last[1] == last[2]
