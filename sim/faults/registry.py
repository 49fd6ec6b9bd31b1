"""Every kind of fault, by its name in a scenario."""

from sim.faults.fault import Fault
from sim.faults.feature_store_outage import FeatureStoreOutage
from sim.faults.refresh_failure import RefreshFailure

FAULTS: dict[str, type[Fault]] = {each.kind: each for each in (FeatureStoreOutage, RefreshFailure)}
