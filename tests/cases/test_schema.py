"""Cases of scenarios whose values contradict each other, or that no run can take."""

from collections.abc import Callable

import pytest

from tests.support.cases import Case

TOLD = {
    "speed_tiny": ["4:16: world.speed must be a number from 1e-6 to 100000, got 1.0e-12; leave it out"],
    "speed_max": [
        "4:16: world.speed must be a number, since phases say when transactions arrive, got max; leave it out"
    ],
    "speed_200000": ["3:16: world.speed must be at most 100000, got 200000"],
    "thresholds_0": [
        "5:33: pipeline.thresholds.review must be more than 0, got 0",
        "5:43: pipeline.thresholds.block must be more than 0, got 0",
    ],
    "only_review": ["5:33: pipeline.thresholds.review must be at most block, by default 0.7, got 0.9; lower it, or"],
}


@pytest.mark.parametrize("scenario", TOLD)
def test_what_run_cannot_take_is_refused_by_both_commands(case: Callable[[str], Case], scenario: str) -> None:
    """A value that no run can work with is told by ``validate`` and by ``run`` alike, with place, rule and remedy."""
    folder = case("40")
    for outcome in (folder.sim("validate", f"{scenario}.yaml"), folder.run(scenario)):
        assert (outcome.code, outcome.summary) == (2, {})
        for told, line in zip(TOLD[scenario], outcome.err.splitlines(), strict=True):
            assert line.startswith(f"{scenario}.yaml:{told}")


def test_world_that_is_nearly_as_slow_is_refused_too(case: Callable[[str], Case]) -> None:
    """A speed that would take minutes before the first transaction is told with the least that does not."""
    outcome = case("40").run("speed_tiny", "--set", "world.speed=0.01")
    assert (outcome.code, outcome.summary) == (2, {})
    assert outcome.err.startswith("--set world.speed=0.01: world.speed must be at least 0.015 where 300 transactions")
