"""Worker processes that are killed while they work."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from actors.core.errors import InputError, InternalError, MachineError
from sim.scenario.problems import InvalidScenarioError, Problem
from sim.training.progress import TrainingRefused
from sim.trials.process_pool import MOST_TRIES, run_parallel


def doubled(item: int) -> int:
    return 2 * item


def killed_over(place: Path, times: int, by: int, item: int) -> int:
    """Double ``item``; of 3 only when the process was ended so often over it."""
    if item == 3:
        mark = place / str(len(list(place.iterdir())))
        if len(list(place.iterdir())) < times:
            mark.touch()
            os.kill(os.getpid(), by)
            signal.pause()
    return 2 * item


def test_killed_worker_costs_its_own_item_some_time(tmp_path: Path) -> None:
    """Every result comes, once and in order; what happened is told with the name of the item."""
    told: list[str] = []
    work = partial(killed_over, tmp_path, 1, signal.SIGKILL)
    assert list(run_parallel(work, range(8), 2, "seed {}".format, told.append)) == [2 * item for item in range(8)]
    assert told == ["seed 3: the process that did it was killed (SIGKILL); it is done again"]


def test_worker_killed_in_idleness_is_not_missed() -> None:
    """It had nothing to lose."""
    results = run_parallel(os_pid, range(4), 2)
    first = next(results)
    os.kill(first, signal.SIGKILL)
    assert len(list(results)) == 3


def os_pid(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize(
    ("by", "kind", "told"),
    [
        (signal.SIGKILL, MachineError, r"seed 3: .* was killed \(SIGKILL\), 3 times over: it may want more memory"),
        (signal.SIGABRT, InternalError, r"seed 3: .* crashed \(SIGABRT\), 3 times over"),
    ],
)
def test_item_that_no_worker_survives_ends_it(
    tmp_path: Path, by: int, kind: type[Exception], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a few tries; what came before has been handed out by then."""
    results = run_parallel(partial(killed_over, tmp_path, MOST_TRIES, by), range(6), 2, "seed {}".format)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    with pytest.raises(kind, match=told):
        next(results)
    capfd.readouterr()  # a crash may print


def refuse(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        InvalidScenarioError([Problem("a.yaml:1:1", "seed", "must be small"), Problem("a.yaml:2:1", "", "is empty")]),
        TrainingRefused("a world", ("too low",), {"test": {"roc_auc": 0.5}}),
        InputError("one line"),
        MachineError("one line"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_ours_come_back_from_another_process_as_they_were(error: Exception) -> None:
    """Word for word: not a letter a line."""
    with pytest.raises(type(error)) as caught:
        list(run_parallel(refuse, [error], 2))
    assert str(caught.value) == str(error)
    assert vars(caught.value).keys() >= vars(error).keys()


def test_error_is_raised_when_its_turn_comes(tmp_path: Path) -> None:
    """What came of earlier items is handed out before."""
    results = run_parallel(partial(failing_at, 2), range(4), 2)
    assert [next(results), next(results)] == [0, 2]
    with pytest.raises(ZeroDivisionError):
        next(results)


def failing_at(bad: int, item: int) -> int:
    return doubled(item) if item != bad else 1 // 0


def test_giving_up_early_leaves_no_worker() -> None:
    """Whoever stops asking has no process of ours left."""
    results = run_parallel(os_pid, range(100), 2)
    pid = next(results)
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
