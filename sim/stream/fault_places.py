"""Where the faults of a scenario are injected when its pipeline are workers on a stream; each kind says it itself."""

from collections.abc import Sequence

from sim.faults.fault import Fault, NotOnStream
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario


def check_faults(scenario: Scenario) -> None:
    """Check that every fault of ``scenario`` can be injected on a stream.

    Raises:
        LateProblemError: one cannot.
    """
    for fault in scenario.faults:
        place = fault.on_stream
        if isinstance(place, NotOnStream):
            rule = f"must be one that a stream has: {place.why}"
            raise LateProblemError(f"faults[{fault.name}].kind", rule, fault.kind, place.remedy)


def in_workers(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return those of ``faults`` that are injected in each worker."""
    return tuple(fault for fault in faults if fault.on_stream == "worker")


def at_producer(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return those of ``faults`` that are injected where transactions are made and features refreshed."""
    return tuple(fault for fault in faults if fault.on_stream == "producer")
