"""What batch features mean, in the plainest Python: a look through all of history for each of them."""

import math
from dataclasses import dataclass, field

from actors.core.transaction import Columns

DAY_US = 86_400_000_000
DAYS = (1, 7, 30)


@dataclass
class NaiveHistory:
    """Everything that ever happened, and what became known of it."""

    sales: list[tuple[int, str, str, int]] = field(default_factory=list)  # when, card, merchant, cents
    labels: list[tuple[int, int, str, str | None, int]] = field(default_factory=list)  # when, known, merchant, …

    def append(self, columns: Columns) -> None:
        times, cents = columns.event_us.tolist(), columns.cents.tolist()
        self.sales += zip(times, columns.cards, columns.merchants, cents, strict=True)

    def card(self, name: str, at_us: int) -> list[float] | None:
        """Return counts and mean amounts over 1, 7 and 30 days; None without a transaction in 30 days."""
        windows = [
            [sale[3] for sale in self.sales if sale[1] == name and within(sale[0], at_us, days)] for days in DAYS
        ]
        if not windows[-1]:
            return None
        return [*map(len, windows), *(ratio(sum(cents) / 100, len(cents)) for cents in windows)]

    def merchant(self, name: str, at_us: int, delay_us: int) -> list[float] | None:
        """Return counts, risks and the category's risk; None without a transaction or label in 30 days."""
        counts = [sum(sale[2] == name and within(sale[0], at_us, days) for sale in self.sales) for days in DAYS]
        known = [label for label in self.labels if label[1] <= at_us and within(label[0], at_us - delay_us, 30)]
        own = [label for label in known if label[2] == name]
        if not counts[-1] and not own:
            return None
        risks = []
        for days in DAYS:
            frauds = [label[4] for label in own if within(label[0], at_us - delay_us, days)]
            risks.append(ratio(sum(frauds), len(frauds)))
        named = [label[3] for label in own if label[3] is not None]
        peers = [label[4] for label in known if named and label[3] == named[-1]]
        return [*counts, *risks, ratio(sum(peers), len(peers))]


def within(when_us: int, at_us: int, days: int) -> bool:
    return at_us - days * DAY_US < when_us <= at_us


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
