"""What a scenario says about a fault."""

from typing import Annotated, ClassVar

import msgspec

from sim.scalars import Duration, Name


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault as a frozen value. A subclass names its kind and has ``build``, which wraps the port it aims at.

    Attributes:
        name: unique in the scenario, also among its phases.
        at: from the start of the run to the injection.
    """

    kind: ClassVar[str] = ""  # <target>_<effect>, the name in a file
    summary: ClassVar[str] = ""  # one line for lists
    touches: ClassVar[str] = "transactions"  # what its effects are counted in
    name: Name
    at: Duration

    @property
    def lift_at(self) -> int | None:
        """From the start of the run to the lift, ns; None for a one-shot, which has none."""
        return None


class LastingFault(Fault, frozen=True, kw_only=True):
    """A fault that is injected, stays for a while, and is lifted.

    Attributes:
        duration: from the injection to the lift.
    """

    duration: Annotated[Duration, msgspec.Meta(gt=0)]

    @property
    def lift_at(self) -> int:
        """From the start of the run to the lift, ns."""
        return self.at + self.duration
