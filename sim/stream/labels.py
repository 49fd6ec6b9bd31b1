"""Labels as documents, from a topic or a file: what became known of a transaction, and all a table needs of it."""

import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from actors.core.errors import InputError
from actors.core.transaction import EARLIEST_US, LATEST_US
from actors.features.history import Labels

AT_ONCE = 4_096  # labels that are handed over at a time, in about two milliseconds
NO_NUMBER = -1


class LabelDocument(msgspec.Struct, frozen=True):
    """One label: a line of a file, or the value of a message in the topic of labels; further keys are passed over.

    Attributes:
        event_time: of its transaction, µs since the Unix epoch.
        merchant: where that happened.
        fraud: what it was.
        category: the merchant's, absent if unknown.
    """

    event_time: Annotated[int, msgspec.Meta(ge=EARLIEST_US, le=LATEST_US)]
    merchant: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    fraud: bool
    category: str | None = None


_decode = msgspec.json.Decoder(LabelDocument).decode


class WaitingLabels:
    """A `LabelSource` of documents: each is handed out once the model's label delay has passed since its transaction.

    Args:
        delay_us: event time from a transaction to its label; one that comes later counts from then on.

    Attributes:
        refused: documents that were none.
    """

    def __init__(self, delay_us: int) -> None:
        self._delay_us = delay_us
        self._waiting: list[tuple[int, int, LabelDocument]] = []
        self._taken = 0
        self.refused = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def put(self, documents: Iterable[bytes]) -> None:
        """Take documents as JSON; count what is none."""
        for document in documents:
            try:
                label = _decode(document)
            except ValueError:
                self.refused += 1
                continue
            self._taken += 1
            heapq.heappush(self._waiting, (label.event_time, self._taken, label))

    async def take_due(self, now_us: int) -> Labels | None:
        """Return labels of transactions up to ``now_us`` less the delay, each once; None if none is left."""
        due: list[LabelDocument] = []
        while self._waiting and self._waiting[0][0] <= now_us - self._delay_us and len(due) < AT_ONCE:
            due.append(heapq.heappop(self._waiting)[2])
        if not due:
            return None
        return Labels(
            np.full(len(due), NO_NUMBER, dtype=np.int64),
            [each.merchant for each in due],
            [each.category for each in due],
            np.array([each.event_time for each in due], dtype=np.int64),
            np.array([each.fraud for each in due], dtype=np.uint8),
        )


def read_labels(file: Path, labels: WaitingLabels) -> None:
    """Put the labels in ``file``, one document a line, into ``labels``.

    Raises:
        InputError: it cannot be read, or a line is no label.
    """
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                labels.put([line] if line.strip() else [])
                if labels.refused:
                    raise InputError(f"--labels {file}:{number}: {_wrong(line)}")
    except OSError as error:
        raise InputError(f"--labels {file}: cannot be read: {error.strerror}") from error


def _wrong(line: bytes) -> str:
    try:
        _decode(line)
    except ValueError as error:
        why = str(error)
    return f'{why}; a label looks like {{"event_time": 1770000000000000, "merchant": "m1", "fraud": true}}'
