"""One fault in a run: whether it is in, what it touched, and what happened when its own code failed."""

from types import TracebackType
from typing import Literal

import msgspec

from actors.clock import NS_PER_S, Clock
from actors.errors import DependencyError
from sim.journal import Journal

FaultState = Literal["waiting", "injected", "lifted", "failed"]


class FaultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault did, for the summary. Instants are seconds since the run began; None did not happen.

    Attributes:
        touched_count: what the fault changed the treatment of, in ``touches``.
        touches: transactions, for most faults; refreshes, for one that stops them.
        error: why the fault's own code failed, "" if it did not.
    """

    name: str
    kind: str
    state: FaultState
    injected_at_s: float | None = None
    first_effect_at_s: float | None = None
    lifted_at_s: float | None = None
    touched_count: int = 0
    touches: str = "transactions"
    error: str = ""


class FaultSwitch:
    """Decides, call by call, whether a fault is in effect; shared by the wrapped port and the schedule.

    States: waiting → injected → lifted, or failed. Lifted means that the first call after the instant is untouched.
    Each step is one journal entry.

    Args:
        name: of the fault.
        kind: of the fault.
        clock: the run's clock.
        journal: where the steps are written.
        touches: what its effects are counted in.
    """

    def __init__(self, name: str, kind: str, clock: Clock, journal: Journal, touches: str = "transactions") -> None:
        self.name = name
        self.kind = kind
        self.touches = touches
        self.active = False
        self.touched_count = 0
        self.error = ""
        self._clock = clock
        self._journal = journal
        self._injected_ns: int | None = None
        self._first_effect_ns: int | None = None
        self._lifted_ns: int | None = None

    def inject(self) -> None:
        """Put the fault in; once only, a second call changes nothing."""
        if self._injected_ns is None:
            self._injected_ns = self._clock.now_ns()
            self.active = True
            self._journal.add("fault_injected", self.name, self.kind, at_ns=self._injected_ns)

    def lift(self) -> None:
        """Take the fault out; without a fault in, nothing happens."""
        if self.active:
            self.active = False
            self._lifted_ns = self._clock.now_ns()
            detail = f"touched {self.touched_count:,} {self.touches}" if self.touched_count else "touched nothing"
            self._journal.add("fault_lifted", self.name, detail, at_ns=self._lifted_ns)

    def fail(self, error: Exception) -> None:
        """Lift the fault because its own code raised ``error``; the run goes on and cannot be conclusive."""
        self.error = f"{type(error).__name__}: {error}"
        self._journal.add("fault_failed", self.name, self.error)
        self.lift()

    def effect(self, rows: int = 1) -> "Effect":
        """Return the context in which the fault does its harm to ``rows`` of what it touches."""
        return Effect(self, rows)

    def touch(self, rows: int) -> None:
        """Count ``rows`` more as touched; the first time is the fault's first effect."""
        if self._first_effect_ns is None:
            self._first_effect_ns = self._clock.now_ns()
            self._journal.add("fault_first_effect", self.name, at_ns=self._first_effect_ns)
        self.touched_count += rows

    @property
    def state(self) -> FaultState:
        """The state in one word."""
        if self.error:
            return "failed"
        if self._injected_ns is None:
            return "waiting"
        return "injected" if self.active else "lifted"

    def record(self) -> FaultRecord:
        """Return what the fault did so far."""
        return FaultRecord(
            name=self.name,
            kind=self.kind,
            state=self.state,
            injected_at_s=self._since_start(self._injected_ns),
            first_effect_at_s=self._since_start(self._first_effect_ns),
            lifted_at_s=self._since_start(self._lifted_ns),
            touched_count=self.touched_count,
            touches=self.touches,
            error=self.error,
        )

    def _since_start(self, at_ns: int | None) -> float | None:
        return None if at_ns is None else (at_ns - self._journal.start_ns) / NS_PER_S


class Effect:
    """The harm a fault does to one call, told apart from a mistake in the fault's own code.

    A `DependencyError` raised inside is the harm: it counts and goes on to the caller. Leaving without an error counts
    too. Any other exception is the fault's own: it is lifted, the exception ends here, and the call goes on unharmed.
    """

    def __init__(self, switch: FaultSwitch, rows: int) -> None:
        self._switch = switch
        self._rows = rows

    def __enter__(self) -> None:
        """Begin the harm."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """End it; return whether the exception ends here."""
        if error is None or isinstance(error, DependencyError):
            self._switch.touch(self._rows)
            return False
        if isinstance(error, Exception):
            self._switch.fail(error)
            return True
        return False
