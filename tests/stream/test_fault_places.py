"""Every kind of fault has one definite place on a stream, and one that has none is refused by name."""

import pytest

from sim.faults.fault import NotOnStream
from sim.faults.registry import FAULTS
from sim.scenario.loader import parse
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.stream.fault_places import at_producer, check_faults, in_workers

DRILL = """
version: 1
name: drill
phases: [{name: steady, duration: 30s, rate: 100}]
faults:
"""
LASTING = "  - {{name: {0}, kind: {0}, at: 10s, duration: 5s}}\n"


def drill(*kinds: str) -> Scenario:
    """Return a scenario with a fault of each of ``kinds``, all of them lasting ones."""
    return parse(DRILL + "".join(LASTING.format(kind) for kind in kinds), "the drill")


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_says_where_it_is_injected(kind: str) -> None:
    """A kind without a place could be forgotten silently."""
    place = FAULTS[kind].on_stream
    assert place in {"worker", "producer"} or isinstance(place, NotOnStream)


def test_a_fault_is_injected_at_one_place_only() -> None:
    """What workers inject, the producer does not, and the other way round."""
    faults = drill("feature_store_outage", "traffic_drift").faults
    assert [fault.kind for fault in in_workers(faults)] == ["feature_store_outage"]
    assert [fault.kind for fault in at_producer(faults)] == ["traffic_drift"]


@pytest.mark.parametrize("kind", [kind for kind, fault in FAULTS.items() if isinstance(fault.on_stream, NotOnStream)])
def test_a_fault_that_a_stream_does_not_have_is_refused_by_name(kind: str) -> None:
    """The refusal names the fault, the reason and what to do instead."""
    with pytest.raises(LateProblemError, match=kind) as refused:
        check_faults(drill("feature_store_outage", kind))
    place = FAULTS[kind].on_stream
    assert isinstance(place, NotOnStream)
    assert place.why in str(refused.value)
    assert place.remedy in str(refused.value)


def test_faults_of_workers_and_of_the_producer_are_taken() -> None:
    """Nothing is refused that has a place."""
    check_faults(drill("feature_store_outage", "traffic_drift"))


MAPPED = """
version: 1
name: mapped
phases: [{name: listening, duration: 30s}]
pipeline:
  source: {kind: kafka, columns: {event_time: at, card: card, merchant: shop, amount: sum}}
faults:
"""


@pytest.mark.parametrize("kind", ["traffic_drift", "producer_hang"])
def test_where_others_write_no_fault_of_the_producer_is_there(kind: str) -> None:
    """It is refused by its name: nothing is produced."""
    with pytest.raises(LateProblemError, match="nothing is produced"):
        check_faults(parse(MAPPED + LASTING.format(kind), "mapped"))


def test_where_others_write_the_other_faults_are_there() -> None:
    """Those of workers, and of the refresh, which the run does as ever."""
    check_faults(parse(MAPPED + "".join(map(LASTING.format, ("scorer_hang", "refresh_failure"))), "mapped"))
