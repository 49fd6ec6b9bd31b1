"""Several trials at a time."""

import math

import pytest

from sim.trials.process_pool import run_parallel, usual_jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    """However many processes work, what came of the first item is first."""
    assert list(run_parallel(math.factorial, [5, 3, 4], jobs)) == [120, 6, 24]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_reaches_the_caller_as_it_was(jobs: int) -> None:
    """What is wrong with the input of a trial is told once, by whoever asked for it."""
    with pytest.raises(ValueError, match="negative"):
        list(run_parallel(math.factorial, [1, -1], jobs))


def test_there_are_never_more_jobs_than_work() -> None:
    """And always one."""
    assert usual_jobs(1) == 1
    assert usual_jobs(0) == 1
    assert 1 <= usual_jobs(1_000) <= 1_000
