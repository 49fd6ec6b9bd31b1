"""Faults that wrap a port: the base of most kinds."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from actors.actor import Hooks
from actors.core.work import Work
from actors.model.verification import Verification
from actors.output.sinks import DecisionSink, LineSink
from sim.faults.fault import Fault, LastingFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring

P = TypeVar("P")
ScoringPort: TypeAlias = "Scoring"


class PortFault(Fault, Generic[P], frozen=True, kw_only=True):
    """A fault between the pipeline and one of its ports."""

    def build(self, port: P, switch: FaultSwitch) -> P:  # noqa: ARG002 - for the kinds to use
        """Return ``port`` with the fault around it, in effect while ``switch`` says so; here without one."""
        return port


class ArmedFault(Fault, frozen=True, kw_only=True):
    """A fault that reaches into the running pipeline when it is injected and lifted."""

    @abstractmethod
    def arm(self, switch: FaultSwitch) -> None:
        """Tell ``switch`` what to do then; called once, when the pipeline is made."""
        ...


class HookFault(PortFault[Hooks], frozen=True, kw_only=True):
    """A fault of an actor, from the hooks around its work."""


class ModelFault(LastingFault, PortFault[ScoringPort], frozen=True, kw_only=True):
    """A fault between the scorer and its model."""


class CandidateFault(LastingFault, PortFault[Verification], frozen=True, kw_only=True):
    """A fault between a candidate and its verification."""


class SinkFault(LastingFault, PortFault[DecisionSink], frozen=True, kw_only=True):
    """A fault between the logger and the caller who waits for decisions."""


class LogFault(LastingFault, PortFault[LineSink], frozen=True, kw_only=True):
    """A fault of the disk: between the logger and the file of decisions, and before the other files of a run."""

    @abstractmethod
    def beside(self, port: LineSink, switch: FaultSwitch) -> LineSink:
        """Return another file of the run with the fault around it; its lines are not counted as touched."""
        ...


class WorkFault(LastingFault, PortFault[Work], frozen=True, kw_only=True):
    """A fault that makes work take longer without keeping a core busy."""
