"""The scenarios that are shipped, and the defaults of the format."""

from pathlib import Path

import pytest

from actors.pipeline import PipelineConfig
from sim.scenario.loader import load
from sim.scenario.pipeline import Pipeline
from sim.scenario.timeline import duration_ns
from sim.units import NS_PER
from tests.support.repository import place, scenarios

NS_PER_S = NS_PER["s"]


@pytest.mark.parametrize("path", scenarios(), ids=place)
def test_shipped_scenario_states_what_it_is_to_confirm(path: Path) -> None:
    """Each is valid, has a hypothesis and expectations; one on the real clock lasts under 90 s, if it says how long."""
    scenario = load(path, files_required=False)
    assert scenario.hypothesis
    assert scenario.expect
    assert scenario.name.replace("-", "_") == path.stem
    assert scenario.clock == "virtual" or (duration_ns(scenario) or 0) < 90 * NS_PER_S


def test_defaults_are_those_of_the_pipeline() -> None:
    """What a scenario leaves out is what the pipeline would do by itself."""
    said, own = Pipeline(), PipelineConfig()
    boxes = said.mailboxes
    assert said.producer.max_batch_size == own.producer.max_batch_size
    assert (boxes.assembler.capacity, said.assembler.max_batch_size) == (
        own.assembler.capacity,
        own.assembler.max_batch_size,
    )
    assert said.assembler.remembered_ids == own.assembler.remembered_ids
    assert (boxes.scorer.capacity, said.scorer.max_batch_size, said.scorer.inline_time) == (
        own.scorer.capacity,
        own.scorer.max_batch_size,
        own.scorer.inline_time_ns,
    )
    assert (said.scorer.deadline, boxes.scorer.shed_above) == (
        own.scorer.shedding.deadline_ns,
        own.scorer.shedding.shed_above,
    )
    assert (boxes.logger.capacity, said.logger.max_batch_size, said.log.features) == (
        own.logger.capacity,
        own.logger.max_batch_size,
        own.logger.features,
    )
    assert (said.feature_store.timeout, said.drain_timeout) == (own.store_timeout_ns, own.drain_timeout_ns)
    assert (said.restart.max_restarts, said.restart.within / NS_PER_S) == (
        own.restart.max_restarts,
        own.restart.within_s,
    )
    assert (said.restart.backoff / NS_PER_S, said.restart.max_backoff / NS_PER_S) == (
        own.restart.backoff_s,
        own.restart.max_backoff_s,
    )
