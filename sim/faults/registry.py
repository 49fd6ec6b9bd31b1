"""Every kind of fault, by its name in a scenario and by the part that it breaks."""

from typing import Final

from sim.faults import feature_store, model, output, pipeline, traffic
from sim.faults.fault import Fault, Part

FAULTS: dict[str, type[Fault]] = {
    each.kind: each
    for module in (feature_store, traffic, model, pipeline, output)  # in the order in which they are listed
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Fault) and each.kind
}

PARTS: Final[dict[Part, str]] = {
    "feature_store": "the feature store",
    "model": "the model",
    "traffic": "the traffic",
    "actor": "an actor",
    "caller": "the caller",
    "disk": "the disk",
    "loop": "the event loop",
}
"""Who can be suspected when something is wrong."""


def kinds_of(part: Part) -> tuple[type[Fault], ...]:
    """Return the kinds of fault that break ``part``, in the order of the registry."""
    return tuple(kind for kind in FAULTS.values() if kind.breaks == part)
