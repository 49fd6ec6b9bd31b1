"""The trace hash: one name for everything that a run decided and everything that happened in it."""

import hashlib
from io import BufferedIOBase


def trace_hash(decisions: BufferedIOBase, journal: BufferedIOBase) -> str:
    """Return the SHA-256, in hexadecimal, over the decision log as the run wrote it and the journal.

    It is taken before labels are joined, so that it does not depend on how long the run waited for them. On the virtual
    clock two runs of one scenario, seed and model have equal hashes, in any process.

    Args:
        decisions: ``decisions.jsonl``, not labelled yet, from its begin.
        journal: ``journal.jsonl``, whole, from its begin.

    Raises:
        OSError: one of the two cannot be read.
    """
    total = hashlib.sha256()
    for file in (decisions, journal):
        total.update(hashlib.file_digest(file, "sha256").digest())  # by file, so that no byte can change sides
    return total.hexdigest()
