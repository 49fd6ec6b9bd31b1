"""Labels: the truth about transactions, learnt later, and the port they come through."""

from dataclasses import dataclass
from typing import Protocol

from actors.arrays import I64, U8


@dataclass(frozen=True, slots=True)
class Labels:
    """What became known about some transactions, one array or list a field, all of length n.

    Attributes:
        number: of the transactions in offered order; -1 for history, which was never offered.
        merchants: where they happened.
        categories: the merchant's category, None if unknown.
        event_us: when they happened, µs since the Unix epoch.
        fraud: 1 fraud, 0 not.
    """

    number: I64
    merchants: list[str]
    categories: list[str | None]
    event_us: I64
    fraud: U8

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self.merchants)


class LabelSource(Protocol):
    """Where labels come from, each once and not before its delay has passed."""

    def take_due(self, now_us: int) -> Labels | None:
        """Return labels that became known up to event time ``now_us`` and were not taken before, None if none is left.

        The earliest come first; of many only a part comes at once. Called at each refresh of the batch tier until none
        is left, on the event loop; it must not block.
        """
        ...


class NoLabels:
    """A source for runs without labels: it never has any."""

    def take_due(self, now_us: int) -> Labels | None:  # noqa: ARG002 - the port's signature
        """Return None."""
        return None
