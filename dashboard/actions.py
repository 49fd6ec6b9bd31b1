"""What the person at the screen asks of the run: one value for each thing that can be asked.

The screen's process makes them and the run obeys or refuses; neither side trusts the other's patience. Values of a
fault's parameters travel as they were typed, and are read by the rules of a scenario.
"""

from typing import ClassVar

from msgspec import Struct


class _Asked(Struct, frozen=True, array_like=True):
    """A frozen value that travels as an array: both ends of the pipe are the same version."""

    answered: ClassVar[bool] = True  # the run says what came of it; answers are numbered as what they answer


class Quit(_Asked, frozen=True, tag="quit"):
    """Take nothing new, finish what was accepted, end; asked again, stop finishing too."""

    answered: ClassVar[bool] = False


class Inject(_Asked, frozen=True, tag="inject"):
    """Put a fault of ``kind`` in, now; ``values`` are its keys and what was typed for them."""

    kind: str
    values: tuple[tuple[str, str], ...] = ()


class Lift(_Asked, frozen=True, tag="lift"):
    """Take out the fault called ``fault``; "" takes out all."""

    fault: str = ""


class Burst(_Asked, frozen=True, tag="burst"):
    """Let more arrive from now on: ``rate`` as in 3x or 5000, for as long as ``length`` says, as in 10s."""

    rate: str
    length: str


class ShiftRate(_Asked, frozen=True, tag="shift_rate"):
    """Let so many tenths of the planned rate more arrive, or fewer, until the run ends or it is asked again."""

    tenths: int


class Release(_Asked, frozen=True, tag="release"):
    """Verify the model in ``folder`` and let it serve."""

    folder: str


class RollBack(_Asked, frozen=True, tag="roll_back"):
    """Let the model before the last release serve again."""


class Acknowledge(_Asked, frozen=True, tag="acknowledge"):
    """Say that someone has seen ``alert``."""

    alert: str


class Note(_Asked, frozen=True, tag="note"):
    """Write ``text`` into the journal."""

    text: str


class Call(_Asked, frozen=True, tag="call"):
    """Say in a blind drill that ``part`` is broken, and how: as a fault of ``kind`` would; "" leaves that open."""

    part: str
    kind: str = ""


class EndIncident(_Asked, frozen=True, tag="end_incident"):
    """Say in a blind drill that the incident is over; the run ends."""


class NotRecorded(_Asked, frozen=True, tag="not_recorded"):
    """Know that the recording of the screen has ended early, and ``why``."""

    answered: ClassVar[bool] = False
    why: str


Action = (
    Quit
    | Inject
    | Lift
    | Burst
    | ShiftRate
    | Release
    | RollBack
    | Acknowledge
    | Note
    | Call
    | EndIncident
    | NotRecorded
)
