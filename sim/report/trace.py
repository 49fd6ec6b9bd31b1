"""The trace hash: one name for everything that a run decided and everything that happened in it."""

import hashlib
from pathlib import Path

from actors.errors import OutputError


def trace_hash(decisions: Path, journal: Path) -> str:
    """Return the SHA-256, in hexadecimal, over the decision log as the run wrote it and the journal.

    It is taken before labels are joined, so that it does not depend on how long the run waited for them. On the virtual
    clock two runs of one scenario, seed and model have equal hashes, in any process.

    Args:
        decisions: ``decisions.jsonl``, not labelled yet.
        journal: ``journal.jsonl``, whole.

    Raises:
        OutputError: one of the two cannot be read.
    """
    total = hashlib.sha256()
    for path in (decisions, journal):
        try:
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())  # by file, so that no byte can change sides
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}; the run has no trace hash") from error
    return total.hexdigest()
