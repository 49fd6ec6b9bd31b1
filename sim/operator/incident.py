"""The incident of a blind drill: what the operator calls, what of it is right, and what may not be done meanwhile.

A call names what is broken and, if the operator can tell, how. It is held against the faults that have come in and that
no call has named yet, those that are over among them: one may understand late. The right part alone is half of an
answer, once for each fault; what names no part that is broken, or another way in which it is, is a false call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from dashboard.actions import Acknowledge, Action, Burst, Call, EndIncident, Inject, Lift, Release
from sim.faults.fault import FaultRecord, Part
from sim.faults.registry import FAULTS, PARTS
from sim.installation import PROGRAM
from sim.operator.refusals import RefusedError

CallVerdict = Literal["right", "half", "wrong"]

FORBIDDEN: Final[dict[type, str]] = {
    Inject: "in a blind drill nothing is injected by hand; d calls what is broken",
    Burst: "in a blind drill no burst is let in by hand; + and - change the rate",
    Lift: "in a blind drill nothing is lifted: its name would name it; roll back, lower the rate, or end it with r",
    Release: "in a blind drill no model is released by hand; rolling back is allowed",
}
KEYS: Final[dict[str, type]] = {"f": Inject, "b": Burst, "l": Lift}
NO_DRILL: Final = f"nothing is hidden in this run; {PROGRAM} drill plays a scenario blind"


class CallMade(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the operator.

    Attributes:
        at_s: seconds since the run began.
        part: what was called broken.
        kind: how, as a kind of fault; "" where the operator did not say.
        verdict: right names the fault, half its part alone; wrong is a false call.
        fault: the fault that it is put down to; "" for a false one.
    """

    at_s: float
    part: Part
    kind: str
    verdict: CallVerdict
    fault: str = ""


class Incident:
    """Takes the calls of one drill.

    Attributes:
        calls: in the order in which they were made.
        ended_at_s: when the operator said that it was over; None: never.

    Args:
        records: tells what each fault did so far.
        now_s: tells how long the run has lasted.
        end: ends the run, as planned and before its time.
        write: writes what was done into the journal.
        shown_as: the names of alerts that are shown under another one, with that.
    """

    def __init__(
        self,
        records: Callable[[], Sequence[FaultRecord]],
        now_s: Callable[[], float],
        end: Callable[[], None],
        write: Callable[[str, str], None],
        shown_as: Mapping[str, str],
    ) -> None:
        self._records = records
        self._now_s = now_s
        self._end = end
        self._write = write
        self._meant = {shown: name for name, shown in shown_as.items()}
        self.calls: list[CallMade] = []
        self.ended_at_s: float | None = None

    @property
    def named(self) -> frozenset[str]:
        """The faults that were named."""
        return frozenset(each.fault for each in self.calls if each.verdict == "right")

    def meant(self, action: Action) -> Action:
        """Return the action with the alert's own name in it."""
        if isinstance(action, Acknowledge):
            return Acknowledge(self._meant.get(action.alert, action.alert))
        return action

    def obey(self, action: Action) -> str:
        """Do what is asked and say what came of it; "" where the action is not about the incident.

        Raises:
            RefusedError: it is not done in a blind drill, or was done already.
        """
        if type(action) in FORBIDDEN:
            raise RefusedError(FORBIDDEN[type(action)])
        if isinstance(action, Call):
            return self._call(action)
        if isinstance(action, EndIncident):
            self.ended_at_s = self._now_s()
            self._write("end of the incident", "")
            self._end()
            return "the incident is over; the debrief follows"
        return ""

    def _call(self, action: Call) -> str:
        part = next((part for part in PARTS if part == action.part), None)
        if part is None or (action.kind and getattr(FAULTS.get(action.kind), "breaks", "") != part):
            raise RefusedError(f"{action.part} {action.kind}: is no suspect; press d to choose one")
        made, words = self._judged(part, action.kind, list(self._open())), PARTS[part]
        self.calls.append(made)
        self._write("call", f"{words}{f', {made.kind}' if made.kind else ''}: {made.verdict}")
        if made.verdict == "right":
            return f"right: it is {made.fault}, {made.kind}"
        if made.verdict == "half":
            return f"half right: {words} it is; say how with another d"
        return "that is not it; d calls again"

    def _judged(self, part: Part, kind: str, unnamed: list[FaultRecord]) -> CallMade:
        verdict: CallVerdict = "wrong"
        right = [each for each in unnamed if each.kind == kind]
        halved = {each.fault for each in self.calls if each.verdict == "half"}
        near = [each for each in unnamed if part_of(each.kind) == part and each.name not in halved]
        if right or near:
            verdict = "right" if right else "half"
        fault = next((each.name for each in (*right, *near)), "")
        return CallMade(at_s=self._now_s(), part=part, kind=kind, verdict=verdict, fault=fault)

    def _open(self) -> Iterator[FaultRecord]:
        """Yield the faults that have come in and are not named, those that are in first, the latest of them first."""
        came = [each for each in self._records() if each.injected_at_s is not None and each.name not in self.named]
        yield from sorted(came, key=lambda each: (each.state != "injected", -(each.injected_at_s or 0.0)))


def part_of(kind: str) -> Part:
    """Return what a kind of fault breaks."""
    return FAULTS[kind].breaks
