"""Training in a process of its own looks from here as if it had happened here."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from actors.core.errors import InputError, MachineError
from actors.model.artifact import load_artifact
from sim.gates import gates_of
from sim.training.process import train_in_child
from sim.training.progress import TrainingRefused
from sim.training.trainer import train
from tests.support.sim.small_training import LOOSE, SOURCE


def test_progress_and_the_model_come_through(tmp_path: Path) -> None:
    """Every stage is told here, and the folder is whole when the call returns."""
    told: list[tuple[str, int, int]] = []
    train_in_child(SOURCE, tmp_path / "model", LOOSE, lambda *each: told.append(each))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["history", "fit", "judge"]
    assert load_artifact(tmp_path / "model").feature_names == SOURCE.features


def test_a_refusal_comes_through_with_its_figures(tmp_path: Path) -> None:
    """The same error as in one process."""
    impossible = gates_of({"roc_auc": 1.0})
    with pytest.raises(TrainingRefused) as here:
        train(SOURCE, tmp_path / "model", gates=impossible)
    with pytest.raises(TrainingRefused) as there:
        train_in_child(SOURCE, tmp_path / "model", impossible, lambda *_: None)
    assert str(there.value) == str(here.value)
    assert there.value.misses == here.value.misses
    assert there.value.figures == here.value.figures
    (miss,) = there.value.misses
    assert miss == f"ROC-AUC must be at least 1, got {there.value.figures['test']['roc_auc']:.4f}"
    assert list(tmp_path.iterdir()) == []


def test_an_input_error_comes_through(tmp_path: Path) -> None:
    """The user's mistake stays the user's."""
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with pytest.raises(InputError, match="holds something else"):
        train_in_child(SOURCE, tmp_path / "file", LOOSE, lambda *_: None)


def test_giving_up_leaves_nothing_behind(tmp_path: Path) -> None:
    """Interrupted in the middle, the child ends and its draft is gone."""

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "history" and 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_in_child(SOURCE, tmp_path / "model", LOOSE, interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_is_killed_is_told_as_that(tmp_path: Path, by: signal.Signals) -> None:
    """Nothing is wrong with what was to be trained on, and no half of a model is kept."""

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "history" and 0 < done < total:
            (child,) = multiprocessing.active_children()
            os.kill(child.pid or 0, by)

    with pytest.raises(MachineError, match=r"training: its process was killed \(SIG\w+\); .* run it again"):
        train_in_child(SOURCE, tmp_path / "model", LOOSE, kill)
    assert not (tmp_path / "model").exists()
