"""Laws of job times that vary."""

import numpy as np
import pytest

from actors.core.work import Job
from sim.chance import Streams
from sim.clocks.processor import LognormalNoise

COUNT = 40_000


def factors(sigma: float, job: Job = Job.SCORE, seed: int = 7) -> list[float]:
    noise = LognormalNoise(sigma, Streams(seed))
    return [noise(job, number) for number in range(COUNT)]


@pytest.mark.parametrize("sigma", [0.1, 0.5])
def test_factors_have_mean_one_and_the_spread_asked_for(sigma: float) -> None:
    """Noise makes times vary and does not make the machine slower."""
    found = np.array(factors(sigma))
    assert found.mean() == pytest.approx(1.0, abs=4 * sigma / COUNT**0.5)
    assert np.log(found).std() == pytest.approx(sigma, rel=0.02)
    assert np.log(found).mean() == pytest.approx(-(sigma**2) / 2, abs=4 * sigma / COUNT**0.5)


def test_a_factor_belongs_to_its_job_and_transaction() -> None:
    """Whatever was asked before, and in whatever order, the same batch start has the same factor."""
    noise = LognormalNoise(0.3, Streams(7))
    wanted = factors(0.3)
    asked = [5, 39_999, 4_096, 4_095, 0, 5]
    assert [noise(Job.SCORE, number) for number in asked] == [wanted[number] for number in asked]


def test_jobs_and_seeds_do_not_share_factors() -> None:
    """Each job has a stream of its own in each seed."""
    score, parse, other = factors(0.3), factors(0.3, Job.PARSE), factors(0.3, seed=8)
    for different in (parse, other):
        assert abs(np.corrcoef(score, different)[0, 1]) < 0.03
