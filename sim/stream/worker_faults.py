"""A worker's faults: in and out when the run says so, and out by themselves when nothing is heard of it any more."""

from typing import Final

import msgspec

from actors.core.clock import NS_PER_S, Clock
from sim.faults.fault import Fault
from sim.faults.registry import FAULTS
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultSwitch
from sim.steps.step import StepOutcome
from sim.stream.control_messages import LEASE_S, InjectFault, LiftFault

LEASE_NS: Final = round(LEASE_S * NS_PER_S)
LOOKED_EVERY_NS: Final = NS_PER_S // 2


class CommandedFaults:
    """Puts faults in and out by message instead of by time.

    Attributes:
        heard_ns: when the run was last heard of, on the worker's clock.

    Args:
        schedule: the faults that strike in workers; its times are not used.
        clock: the worker's clock.
    """

    def __init__(self, schedule: FaultSchedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self.heard_ns = clock.now_ns()

    def hear(self) -> None:
        """Take that the run is still there: the lease of what is in begins anew."""
        self.heard_ns = self._clock.now_ns()

    @property
    def silent(self) -> bool:
        """Whether the run was not heard of for `LEASE_S`."""
        return self._clock.now_ns() - self.heard_ns >= LEASE_NS

    def obey(self, command: InjectFault | LiftFault) -> StepOutcome:
        """Do what ``command`` says; done already is done too."""
        switch = self._schedule.switch(command.fault)
        if switch is None and isinstance(command, InjectFault) and command.kind:
            try:
                switch = self._schedule.put_around(fault_by_hand(command))
            except ValueError as error:
                return StepOutcome(done=False, detail=f"{command.fault} cannot be put in: {error}")
        if switch is None:
            return StepOutcome(done=False, detail=f"no fault {command.fault} strikes in workers")
        if isinstance(command, LiftFault):
            switch.lift()
            return StepOutcome(done=True, detail=_touched(switch))
        switch.inject()
        return StepOutcome(done=not switch.error, detail=switch.error)

    async def keep_lease(self) -> tuple[str, ...]:
        """Return once the run was not heard of for `LEASE_S` while faults were in; they are lifted, and named here.

        Whoever injected them is gone, and nobody else would lift them.
        """
        while True:
            await self._clock.sleep_ns(LOOKED_EVERY_NS)
            if self.silent and (lifted := self._schedule.lift_for_now()):
                return lifted


def injection(run: str, number: int, process: str, fault: str, by_hand: Fault | None) -> InjectFault:
    """Return command ``number`` of ``run``, with all of a fault ``by_hand``; others workers know from the scenario."""
    kind, values = ("", {}) if by_hand is None else (by_hand.kind, msgspec.to_builtins(by_hand))
    return InjectFault(run=run, number=number, process=process, fault=fault, kind=kind, values=values)


def fault_by_hand(command: InjectFault) -> Fault:
    """Return the fault that ``command`` describes.

    Raises:
        ValueError: there is no such kind in workers, or its values are none that it may have.
    """
    kind = FAULTS.get(command.kind)
    if kind is None or kind.on_stream != "worker":
        raise ValueError(f"{command.kind} is no kind of fault that strikes in workers")
    return msgspec.convert(command.values, kind)


def _touched(switch: FaultSwitch) -> str:
    return f"touched {switch.touched_count:,} {switch.touches}" if switch.touched_count else "touched nothing"
