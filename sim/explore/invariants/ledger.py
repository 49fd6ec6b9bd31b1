"""The books balance during and after the run."""

from sim.explore.invariants.evidence import Evidence


def ledger(run: Evidence) -> str:
    """Return the first equation that did not hold."""
    broken = run.summary.ledger.imbalances
    return broken[0] if broken else ""
