"""Where the faults of a scenario are injected when its pipeline are workers on a stream; each kind says it itself."""

from collections.abc import Sequence

from sim.faults.fault import Fault, NotOnStream
from sim.scenario.pipeline import NOTHING_PRODUCED, mapped_source
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario


def check_faults(scenario: Scenario) -> None:
    """Check that every fault of ``scenario`` can be injected on a stream.

    Raises:
        LateProblemError: one cannot.
    """
    mapped = mapped_source(scenario.pipeline) is not None
    for fault in scenario.faults:
        place = fault.on_stream
        if mapped and fault.strikes_production():
            rule = f"must be one of workers: {NOTHING_PRODUCED}"
            raise LateProblemError(f"faults[{fault.name}].kind", rule, fault.kind, "remove it, or choose another kind")
        if isinstance(place, NotOnStream):
            rule = f"must be one that a stream has: {place.why}"
            raise LateProblemError(f"faults[{fault.name}].kind", rule, fault.kind, place.remedy)


def in_workers(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return those of ``faults`` that are injected in each worker."""
    return tuple(fault for fault in faults if fault.on_stream == "worker")


def at_producer(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return those of ``faults`` that are injected where transactions are made and features refreshed."""
    return tuple(fault for fault in faults if fault.on_stream == "producer")
