"""What batch features need on a stream, in the run or beside it: transactions counted once, a table that is there."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import numpy as np

from actors.adapters.redis.connection import unanswered
from actors.core.arrays import I64
from actors.core.cancellation import CalledOffError, answer_of
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import FeatureStoreError
from actors.core.transaction import Columns, pick
from actors.remembered_ids import Deduplicator

LOOK_AFTER_NS: Final = 2 * NS_PER_S  # between two looks at whether the store still has the table
REMEMBERED: Final = 1 << 17  # ids: 15 MB of the process that keeps the ledger too
NO_NUMBERS: Final[I64] = np.zeros(0, dtype=np.int64)  # ids are remembered by no number here


class SentOnce:
    """Keeps in history what is sent, each id once: what batch features are computed from.

    Args:
        append: adds transactions to history.
        after_us: event time up to which history has everything already.
        remembered: how many of the last ids are remembered.
    """

    def __init__(
        self, append: Callable[[Columns], None], after_us: int | None = None, remembered: int = REMEMBERED
    ) -> None:
        self._append = append
        self._after_us = after_us
        self._remembered = Deduplicator(remembered)

    def __call__(self, columns: Columns) -> Columns:
        """Keep those of ``columns`` that are new, and return them."""
        keep = self._remembered.fresh(NO_NUMBERS, columns).value
        if self._after_us is not None:
            later = columns.event_us > self._after_us
            keep = later if keep is None else keep & later
        if keep is not None:
            columns = pick(columns, np.flatnonzero(keep))
        if len(columns):
            self._remembered.remember(NO_NUMBERS, columns)
            self._append(columns)
        return columns


class LosesTables(Protocol):
    """A store whose server may come back without what was published."""

    async def put_back(self) -> bool:
        """Publish the last table again if it is lost; return whether it was."""
        ...


async def keep_served(
    store: LosesTables, clock: Clock, tell: Callable[[str], object], refused: Callable[[str], object]
) -> None:
    """Look now and then whether the last table is still there, and put it back where it is not; goes on for ever.

    Args:
        store: to which this process alone publishes.
        clock: of the run.
        tell: told in a line that the table was put back.
        refused: told in a line, once, that the store answers and serves none, and why: decisions only become poorer.
    """
    why = ""
    while True:
        await clock.sleep_ns(LOOK_AFTER_NS)
        with suppress(CalledOffError):  # it is asked again
            before, why = why, ""
            try:
                if await answer_of(store.put_back()):
                    tell("the store had lost the table, and has it again")
            except FeatureStoreError as error:
                why = "" if unanswered(error.__cause__) else str(error)
                if why not in ("", before):
                    refused(f"no batch features are served: {why}")
