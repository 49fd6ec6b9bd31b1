"""Faults of the feature store: each wraps the `FeatureStore` port."""

from actors.features.store import FeatureStore
from sim.faults.fault import LastingFault
from sim.faults.port import PortFault


class FeatureStoreFault(LastingFault, PortFault[FeatureStore], frozen=True, kw_only=True):
    """A fault between the assembler and its feature store."""
