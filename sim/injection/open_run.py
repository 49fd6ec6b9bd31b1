"""A run that is open to hands: everything around which a fault can be put while it goes on."""

from dataclasses import dataclass, field

from sim.injection.injector import Injector
from sim.injection.open_ports import OpenPorts
from sim.injection.open_traffic import OpenTraffic


@dataclass(frozen=True, slots=True)
class OpenRun:
    """Ports and traffic of one run, kept open."""

    ports: OpenPorts = field(default_factory=OpenPorts)
    traffic: OpenTraffic = field(default_factory=OpenTraffic)

    def put_around(self, injector: Injector) -> None:
        """Put a fault around all that it aims at."""
        self.ports.put_around(injector)
        self.traffic.put_around(injector)
