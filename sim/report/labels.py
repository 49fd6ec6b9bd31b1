"""The labels joined to the decision log after the run.

A decision is logged before anyone knows the truth. When the run is over, each line whose label has become known gets
it, and every other keeps its null.
"""

from collections.abc import Callable, Container, Iterable
from typing import BinaryIO

import msgspec

_UNLABELLED = b',"label":null'  # cannot stand inside a text: JSON escapes its quotes
_LABELLED = (b',"label":0', b',"label":1')


class _Line(msgspec.Struct, gc=False):
    id: str
    event_time: int


def join_labels(lines: Iterable[bytes], joined: BinaryIO, fraud_ids: Container[str], known_until_us: int) -> int:
    """Copy a decision log, with the label of each transaction before ``known_until_us``; return how many got theirs.

    A line that is no decision (cut off by a crash, or changed by someone else) stays as it is.

    Args:
        lines: of ``decisions.jsonl``.
        joined: gets all of them.
        fraud_ids: ids of the transactions that were fraud; all others were legitimate.
        known_until_us: event time, exclusive, up to which labels are known: the end of the run less the label delay.

    Raises:
        OSError: ``lines`` cannot be read, or ``joined`` not written.
    """
    decode = msgspec.json.Decoder(_Line).decode
    count = 0
    for line in lines:
        at = line.rfind(_UNLABELLED) if line.endswith(b"\n") else -1
        transaction = _read(decode, line) if at >= 0 else None
        if transaction is not None and transaction.event_time < known_until_us:
            label = _LABELLED[transaction.id in fraud_ids]
            joined.write(line[:at] + label + line[at + len(_UNLABELLED) :])
            count += 1
        else:
            joined.write(line)
    return count


def _read(decode: Callable[[bytes], _Line], line: bytes) -> _Line | None:
    try:
        return decode(line)
    except ValueError:  # of msgspec, and of bytes that are no text
        return None
