"""One variation of a scenario, run and checked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from actors.core.errors import InputError, MachineError
from actors.core.process_failures import lack_of
from actors.pipeline import Pipeline
from sim.explore.invariants import INVARIANTS, Evidence
from sim.judging.verdict import GIVEN_UP, seen
from sim.report.summary import Summary
from sim.run.composition import NO_ATTACHMENTS
from sim.scenario.render import digest
from sim.scenario.timeline import Cut
from sim.trials.trial import Trial, carried_out

Proof = Literal["failed", "passed", "held", "nothing"]


class Broken(msgspec.Struct, frozen=True):
    """Something that does not hold.

    Attributes:
        what: ``invariant``, ``expectation``, or ``breakdown`` where the run did not get to its end.
        name: of the invariant or expectation; of the error.
        text: what was seen.
    """

    what: str
    name: str
    text: str

    def __str__(self) -> str:
        """Return all of it in a line."""
        return f"{self.what} {self.name}: {self.text}"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one run.

    Attributes:
        trace_hash: of the run; null where it broke down.
        calibration: digest of the service times that it used; null where it broke down.
        broken: all that did not hold; empty for a run that passes.
        doubts: what it leaves unproved, where nothing is broken.
        bit: faults that had an effect.
        idle: faults that touched nothing; none of one that failed in its own code.
    """

    scenario_digest: str
    trace_hash: str | None
    broken: tuple[Broken, ...]
    calibration: str | None = None
    doubts: tuple[str, ...] = ()
    bit: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def proof(self) -> Proof:
        """What the run proves.

        ``failed``: something is broken. ``passed``: everything holds, and every fault bit. ``held``: everything was
        checked and holds while at least one fault bit, and all that is missing is the effect of others. ``nothing``:
        no fault bit, or more is in doubt than that.
        """
        if self.broken:
            return "failed"
        if not self.doubts:
            return "passed"
        return "held" if self.bit and len(self.doubts) == len(self.idle) else "nothing"


def attempt(shorter: Cut, model: Path, alter: Callable[[Pipeline], None] = NO_ATTACHMENTS.alter) -> Attempt:
    """Run a scenario on the virtual clock and check everything that can be checked.

    Args:
        shorter: the scenario, cut or whole.
        model: folder of its model.
        alter: plants a mistake in the pipeline, for tests.

    Raises:
        InputError: the model cannot be used.
        MachineError: the machine lacks what the run needs, which is not the run's fault.
        KeyboardInterrupt: the run was interrupted.
    """
    scenario = shorter.scenario
    try:
        with carried_out(Trial(shorter, model, alter=alter)) as (outcome, folder):
            evidence = Evidence(scenario, outcome.summary, outcome.record, folder)
            broken = (*_broken_invariants(evidence), *_broken_promises(outcome.summary))
    except (InputError, MachineError):
        raise
    except Exception as error:  # a run that breaks down, for whatever reason of its own, is what is looked for
        if lack := lack_of(error):
            raise MachineError(lack) from error
        text = " ".join(str(error).split())
        return Attempt(
            scenario_digest=digest(scenario),
            trace_hash=None,
            broken=(Broken("breakdown", type(error).__name__, text),),
        )
    summary = outcome.summary
    return Attempt(
        scenario_digest=summary.scenario_digest,
        trace_hash=summary.trace_hash,
        broken=broken,
        calibration=summary.calibration,
        doubts=summary.reasons if summary.verdict == "inconclusive" else (),
        bit=tuple(fault.name for fault in summary.faults if fault.touched_count),
        idle=tuple(fault.name for fault in summary.faults if not fault.touched_count and not fault.error),
    )


def _broken_invariants(evidence: Evidence) -> Iterator[Broken]:
    for name, invariant in INVARIANTS.items():
        if text := invariant(evidence):
            yield Broken("invariant", name, text)


def _broken_promises(summary: Summary) -> Iterator[Broken]:
    for each in summary.expectations:
        if each.state == "failed":
            yield Broken("expectation", each.name, f"{seen(each)}, wanted {each.wanted}")
    for reason in summary.reasons:
        if reason.startswith(GIVEN_UP):
            yield Broken("breakdown", "escalation", reason)
