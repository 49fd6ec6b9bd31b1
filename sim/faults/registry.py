"""Every kind of fault, by its name in a scenario."""

from sim.faults import feature_store, model, output, pipeline, traffic
from sim.faults.fault import Fault

FAULTS: dict[str, type[Fault]] = {
    each.kind: each
    for module in (feature_store, traffic, model, pipeline, output)  # in the order in which they are listed
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Fault) and each.kind
}
