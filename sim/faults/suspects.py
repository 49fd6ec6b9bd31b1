"""Who can be suspected when something is wrong: the parts of a run that faults break, and how each can be broken."""

from typing import Final

from sim.faults.fault import Fault, Part
from sim.faults.registry import FAULTS

PARTS: Final[dict[Part, str]] = {
    "feature_store": "the feature store",
    "model": "the model",
    "traffic": "the traffic",
    "actor": "an actor",
    "caller": "the caller",
    "disk": "the disk",
    "loop": "the event loop",
}


def kinds_of(part: Part) -> tuple[type[Fault], ...]:
    """Return the kinds of fault that break ``part``, in the order of the registry."""
    return tuple(kind for kind in FAULTS.values() if kind.breaks == part)
