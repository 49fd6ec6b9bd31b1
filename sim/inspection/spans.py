"""Which days of a file to train on and to judge on, so that labels are known in between."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

US: Final = 1_000_000
LEAST_DAYS: Final = 4  # one to train on, one to wait for its labels, one to judge on, and one of history
LABEL_DELAY_DAYS: Final = 7
MOST_TEST_DAYS: Final = 7
MOST_WARM_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Spans:
    """Days, both ends included.

    Attributes:
        train: first and last day of the training transactions.
        test: first and last day of the judgement.
        label_delay_days: from a transaction to its label.
    """

    train: tuple[dt.date, dt.date]
    test: tuple[dt.date, dt.date]
    label_delay_days: int


def spans_of(first_us: int, last_us: int) -> Spans | None:
    """Return spans for a file from ``first_us`` to ``last_us``; None if it has too few days.

    The first days are history for the features; the last are for the judgement; the label delay lies between.

    Example:
        >>> day = 86_400_000_000
        >>> found = spans_of(0, 60 * day)
        >>> [str(each) for each in (*found.train, *found.test)], found.label_delay_days
        (['1970-01-15', '1970-02-16', '1970-02-24', '1970-03-02'], 7)
        >>> spans_of(0, 2 * day) is None
        True
    """
    first, last = (dt.datetime.fromtimestamp(each // US, dt.UTC).date() for each in (first_us, last_us))
    days = (last - first).days + 1
    if days < LEAST_DAYS:
        return None
    delay = LABEL_DELAY_DAYS if days >= 4 * LABEL_DELAY_DAYS else max(1, days // 6)
    tested = max(1, min(MOST_TEST_DAYS, days // 5))
    warm = min(MOST_WARM_DAYS, days // 4)
    test_from = last - dt.timedelta(days=tested - 1)
    train_to = test_from - dt.timedelta(days=delay + 1)
    train_from = min(first + dt.timedelta(days=warm), train_to)
    return Spans((train_from, train_to), (test_from, last), delay)
