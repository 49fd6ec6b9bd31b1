"""The transactions of a card are decided in the order in which they were offered."""

import numpy as np

from actors.arrays import I64
from sim.explore.invariants.evidence import Evidence


def card_order(run: Evidence) -> str:
    """Return what breaks the rule.

    What counts is the decision, not its delivery, which a caller may take at the second try. Two instants tell which of
    two decisions came first. Within one instant, that of a batch, the log tells: a batch stands in it in its order,
    while its parts, once it was split after a crash, may be delivered in any.
    """
    record = run.record
    codes = np.unique(np.array(record.cards, dtype=np.str_), return_inverse=True)[1].reshape(-1)
    decided_ns = record.arrival_ns + record.latency_ns
    by_time = np.lexsort((record.number, decided_ns, codes))
    place = {name: line for line, name in enumerate(run.logged_ids)}
    logged = np.array([row for row, name in enumerate(record.ids) if name in place], dtype=np.int64)
    lines = np.array([place[record.ids[row]] for row in logged.tolist()], dtype=np.int64)
    in_log = logged[np.lexsort((lines, codes[logged]))]
    return _overtaken(run, codes, by_time) or _overtaken(run, codes, in_log)


def _overtaken(run: Evidence, codes: I64, order: I64) -> str:
    """Return what stands after a later one of its card, card by card in ``order``."""
    card, number = codes[order], run.record.number[order]
    wrong = np.flatnonzero((card[1:] == card[:-1]) & (number[1:] < number[:-1]))
    if not len(wrong):
        return ""
    earlier, later = (run.record.ids[order[wrong[0] + step]] for step in (1, 0))
    return f"{len(wrong):,} transactions were overtaken by a later one of their card, among them {earlier} by {later}"
