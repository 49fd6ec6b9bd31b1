"""Whatever validation lets through, a run takes."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings

from actors.model.artifact import Artifact, load_artifact
from sim.exit_codes import FAILED, INCONCLUSIVE, PASS
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.pipeline import on_servers
from sim.scenario.timeline import Cut
from tests.support.sim.drawn_scenarios import scenarios


@pytest.fixture(scope="module")
def model(world_model: Path) -> Artifact:
    return load_artifact(world_model)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep off the log what crashed on purpose."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def run_text(text: str, model: Artifact, *overrides: str) -> Summary:
    """Return the summary of the scenario in ``text``, run with ``model``."""
    scenario = parse(text, "drawn.yaml", overrides)
    with TemporaryDirectory(prefix="riskdrill-drawn-") as folder, RunFolder(Path(folder)) as files:
        return execute(prepare(Cut(scenario), model, Path(folder)), files, NullScreen()).summary


@pytest.mark.timeout(1_800)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(scenarios("virtual"))
def test_whatever_is_valid_runs_to_a_verdict_with_its_books_balanced(model: Artifact, text: str) -> None:
    """A scenario that is drawn from the schema and valid passes, fails or proves nothing, and never breaks down."""
    summary = run_text(text, model)
    assert summary.exit_code in (PASS, FAILED, INCONCLUSIVE)
    assert summary.ledger.balanced


@pytest.mark.timeout(1_800)
@settings(max_examples=max(5, settings().max_examples // 100))  # each takes seconds, whatever the processor does
@given(scenarios("real"))
def test_whatever_is_valid_runs_on_the_real_clock_too(model: Artifact, text: str) -> None:
    """What is put together for the real clock breaks down at no extreme, nor at an end that cuts a wait short."""
    assume(not on_servers(parse(text, "drawn.yaml").pipeline))  # it takes --stream and --store
    summary = run_text(text, model, "pipeline.drain_timeout=500ms")
    assert summary.exit_code in (PASS, FAILED, INCONCLUSIVE)
    assert summary.ledger.balanced
