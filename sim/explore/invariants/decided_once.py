"""Every transaction that was handed over is decided exactly once, or is a dead letter or a duplicate."""

from collections import Counter

from sim.explore.invariants.evidence import Evidence


def decided_once(run: Evidence) -> str:
    """Return what breaks the rule; the ledger's counts are held against the transactions themselves."""
    twice = [name for name, count in Counter(run.logged_ids).items() if count > 1]
    if twice:
        return f"{len(twice):,} transactions are in the decision log twice, among them {twice[0]}"
    both = run.dead_numbers.intersection(run.record.number.tolist())
    if both:
        return f"{len(both):,} transactions are decided and dead letters, among them number {min(both)}"
    books = run.summary.ledger
    if books.log_failed and books.undelivered:
        return ""  # a decision may be in neither place; the ledger alone knows of it
    decided = len(set(run.logged_ids).union(run.record.ids))
    ended = decided + books.dead_lettered + books.duplicate
    if ended != books.produced:
        lost = books.produced - ended
        what = f"{lost:,} are lost" if lost > 0 else f"{-lost:,} came from nowhere"
        return f"of {books.produced:,} transactions handed over {ended:,} came to an end: {what}"
    return ""
