"""The labels joined to the decision log after the run.

A decision is logged before anyone knows the truth. When the run is over, each line whose label has become known gets
it, and every other keeps its null.
"""

import contextlib
from collections.abc import Container
from pathlib import Path

import msgspec

from actors.errors import OutputError
from sim.report.folder import PARTIAL

_UNLABELLED = b',"label":null'  # cannot stand inside a text: JSON escapes its quotes
_LABELLED = (b',"label":0', b',"label":1')


class _Line(msgspec.Struct, gc=False):
    id: str
    event_time: int


def join_labels(decisions: Path, fraud_ids: Container[str], known_until_us: int) -> int:
    """Fill the label of each line whose transaction happened before ``known_until_us``; return how many were filled.

    The file is replaced when all of it has been rewritten; until then, and if that fails, the old one stays whole.

    Args:
        decisions: ``decisions.jsonl``.
        fraud_ids: ids of the transactions that were fraud; all others were legitimate.
        known_until_us: event time, exclusive, up to which labels are known: the end of the run less the label delay.

    Raises:
        OutputError: the file cannot be read or replaced.
    """
    partial = decisions.with_name(decisions.name + PARTIAL)
    decode = msgspec.json.Decoder(_Line).decode
    count = 0
    try:
        with decisions.open("rb") as lines, partial.open("wb") as joined:
            for line in lines:
                at = line.rfind(_UNLABELLED) if line.endswith(b"\n") else -1  # a line cut off by a crash stays as it is
                if at >= 0 and (transaction := decode(line)).event_time < known_until_us:
                    label = _LABELLED[transaction.id in fraud_ids]
                    joined.write(line[:at] + label + line[at + len(_UNLABELLED) :])
                    count += 1
                else:
                    joined.write(line)
        partial.replace(decisions)
    except OSError as error:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            partial.unlink()
        raise OutputError(f"{decisions}: labels cannot be joined: {error.strerror}; the file stays as it is") from error
    return count
