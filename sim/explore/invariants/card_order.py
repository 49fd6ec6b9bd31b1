"""The transactions of a card are decided in the order in which they were offered."""

import numpy as np

from sim.explore.invariants.evidence import Evidence


def card_order(run: Evidence) -> str:
    """Return what breaks the rule.

    What counts is the decision, not its delivery, which a caller may take at the second try. Decisions of one instant
    were made in one batch, and stand in its order.
    """
    record = run.record
    by_time = np.argsort(record.arrival_ns + record.latency_ns, kind="stable")
    codes = np.unique(np.array(record.cards, dtype=np.str_), return_inverse=True)[1].reshape(-1)
    by_card = by_time[np.argsort(codes[by_time], kind="stable")]
    card, number = codes[by_card], record.number[by_card]
    wrong = np.flatnonzero((card[1:] == card[:-1]) & (number[1:] < number[:-1]))
    if not len(wrong):
        return ""
    earlier, later = (record.ids[by_card[wrong[0] + step]] for step in (1, 0))
    return f"{len(wrong):,} transactions were overtaken by a later one of their card, among them {earlier} by {later}"
