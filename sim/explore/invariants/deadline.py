"""A transaction that is late already takes a lower rung: no model is asked after the deadline."""

import numpy as np

from actors.messages import Mode
from sim.explore.invariants.evidence import Evidence
from sim.units import render_duration


def deadline(run: Evidence) -> str:
    """Return what breaks the rule; without a deadline it holds.

    The scorer promises by an estimate: what it scores in time may still come late by the batch's own time. But a
    transaction whose deadline has passed when its scoring begins must be decided by rules or below.
    """
    limit_ns = run.scenario.pipeline.scorer.deadline
    if limit_ns is None:
        return ""
    record = run.record
    late = np.flatnonzero((record.scoring_ns > limit_ns) & (record.mode < Mode.RULES))
    if not len(late):
        return ""
    first = int(late[0])
    after = render_duration(int(record.scoring_ns[first]) // 1_000 * 1_000)
    return f"{len(late):,} transactions were scored after their deadline, among them {record.ids[first]} after {after}"
