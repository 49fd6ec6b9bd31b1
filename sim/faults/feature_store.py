"""Faults of the feature store: each wraps the `FeatureStore` port."""

from abc import abstractmethod

from actors.features.store import FeatureStore
from sim.faults.fault import LastingFault
from sim.faults.switch import FaultSwitch


class FeatureStoreFault(LastingFault, frozen=True, kw_only=True):
    """A fault between the assembler and its feature store."""

    @abstractmethod
    def build(self, store: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return ``store`` with the fault around it, in effect while ``switch`` is active."""
        ...
