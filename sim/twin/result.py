"""What a twin found: ``twin.json``. Keys are stable; a new one may come, none changes its meaning.

Instants are seconds since the run began, amounts in the currency of the transactions. Differences are those of the run
with the faults less its twin.
"""

from typing import Literal

import msgspec

from sim.report.schema import indented, schema_of
from sim.twin.harm import Harm
from sim.verdict import VerdictWord

TWIN = "twin.json"
RUNS = "runs"


class TwinRun(msgspec.Struct, frozen=True, kw_only=True):
    """One of the runs that were compared.

    Attributes:
        name: ``all-faults``, ``no-faults``, or ``without-`` and the fault that was left out; its files are in
            the folder of that name under ``runs/``.
        faults: those that were in.
        trace_hash: as in its summary.
        verdict: of its own expectations; runs without all faults have none.
        reasons: of the verdict.
    """

    name: str
    faults: tuple[str, ...]
    trace_hash: str | None
    verdict: VerdictWord
    reasons: tuple[str, ...] = ()


class FaultWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault did, from its injection until nothing of it was felt any more.

    Attributes:
        against: name of the run without it, that the run with all faults is compared with. Where the windows of
            faults overlap each is left out alone; what they only do together is then in neither window.
        lifted_at_s: null for a fault that is over at once.
        start_s: of the window: the injection; earlier by those transactions that still waited for their decision then,
            and for which it came out differently.
        end_s: the first instant, not before the lift, from which for a second of arrivals both runs agree in mode,
            decision and latency class (within 10 ms, within 50 ms, later); the end of the run if there is none.
        recovered: whether there is one.
        overlaps: faults whose windows have an instant in common with this one's.
        touched_count: transactions whose treatment the fault changed, by its own count.
    """

    fault: str
    kind: str
    against: str
    injected_at_s: float
    lifted_at_s: float | None
    start_s: float
    end_s: float
    recovered: bool
    overlaps: tuple[str, ...]
    touched_count: int
    harm: Harm


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions that only one of two runs decided; they are in no comparison.

    Attributes:
        amount: of all of them.
        fraud: how many are fraud.
    """

    count: int
    amount: float
    fraud: int


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario with and without its faults.

    Attributes:
        format: of this file.
        scenario_digest: of the scenario with its faults.
        model: digest of the model that served.
        labelled: whether the truth is known; otherwise all fraud, and what depends on it, counts as 0.
        duration_s: planned length of the runs, or up to the last arrival where a replay has none.
        runs: all that were made; the first has every fault.
        windows: of each fault that was injected, in the order of the scenario.
        never_injected: faults that the run did not come to.
        whole: the whole run, with all faults against none.
        outside: transactions that differ between these two and are in no window.
        only_with_faults: decided only with the faults.
        only_without_faults: decided only without them.
        git: commit of the code; null outside a checkout.
    """

    format: Literal[1] = 1
    scenario: str
    scenario_digest: str
    seed: int
    model: str | None
    labelled: bool
    duration_s: float
    runs: tuple[TwinRun, ...]
    windows: tuple[FaultWindow, ...]
    never_injected: tuple[str, ...]
    whole: Harm
    outside: int
    only_with_faults: Apart
    only_without_faults: Apart
    git: str | None = None
    versions: dict[str, str] = {}


def twin_text(twin: Twin) -> bytes:
    """Return ``twin.json``."""
    return indented(twin)


def twin_schema() -> bytes:
    """Return the JSON Schema of ``twin.json``."""
    return schema_of(Twin)
