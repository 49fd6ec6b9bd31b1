"""From when to when a fault is felt."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64, Bool
from actors.clock import NS_PER_S
from sim.twin.pairs import Pairs

QUIET_NS = NS_PER_S  # of arrivals without a difference: longer than any batch, shorter than the pause between faults


@dataclass(frozen=True, slots=True)
class Felt:
    """The window of a fault, ns since the run began: transactions that arrived from ``start_ns`` on, before ``end_ns``.

    Attributes:
        start_ns: the injection; earlier by those transactions that still waited for their decision then, and for which
            it came out differently.
        end_ns: the first instant, not before the lift, from which for a second of arrivals the two runs agree in mode,
            decision and latency class; the end of the run if there is none.
        recovered: whether there is one.
    """

    start_ns: int
    end_ns: int
    recovered: bool

    def rows(self, arrival_ns: I64) -> Bool:
        """Return which arrivals are in the window, bool (n,)."""
        inside: Bool = (arrival_ns >= self.start_ns) & (arrival_ns < self.end_ns)
        return inside

    def overlaps(self, other: "Felt") -> bool:
        """Return whether the two have an instant in common."""
        return self.start_ns < other.end_ns and other.start_ns < self.end_ns


def window(pairs: Pairs, injected_ns: int, lifted_ns: int, run_ns: int) -> Felt:
    """Return the window of a fault.

    A second of arrivals that the end of the run cuts short counts, as long as anything is left of it. A transaction
    that only one of the runs decided is a difference at its arrival.

    Args:
        pairs: the run with the fault, and the one it is compared with.
        injected_ns: when the fault was injected.
        lifted_ns: when it was lifted; for a one-shot, when it was injected.
        run_ns: the end of the run.
    """
    differ = pairs.differ
    waiting = differ & (pairs.arrival_ns < injected_ns) & (pairs.decided_ns >= injected_ns)
    start_ns = int(pairs.arrival_ns[waiting].min(initial=injected_ns))
    alone = (pairs.only_given.arrival_ns, pairs.only_otherwise.arrival_ns)
    instants = np.unique(np.concatenate([pairs.arrival_ns[differ], *alone]))
    end_ns = lifted_ns
    for instant_ns in instants[instants >= lifted_ns].tolist():
        if instant_ns >= end_ns + QUIET_NS:
            break
        end_ns = instant_ns + 1
    return Felt(start_ns, min(end_ns, run_ns), recovered=end_ns < run_ns)
