"""The ends of a pipeline on a stream: each row is committed once, whatever its client says meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import cast

import numpy as np
import pytest

from actors.adapters.kafka.client import EpochAbortedError, StillWaitingError, WorkerFencedError
from actors.adapters.kafka.ends import StreamEnds
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epochs import Epoch, Fetched, Row
from actors.adapters.kafka.messages import Offered
from actors.core.clock import RealClock
from actors.output.decision_record import DecisionLines

PARTITIONS = (0, 1, 2)
EACH, AT_ONCE = 40, 3
CALL_S = 0.002  # so that the event loop asks for the next thing while a call lasts


class ScriptedClient:
    """A client whose commits end as a test says, and which is given and loses partitions when a test says so.

    Args:
        commits: raises, or not, for each call of `commit` in turn; calls beyond them pass.

    Attributes:
        committed: places of rows, in order.
        to_revoke: partitions that the next fetch takes away.
    """

    def __init__(self, commits: Iterable[Exception | None] = ()) -> None:
        self._commits = iter(commits)
        self._at = dict.fromkeys(PARTITIONS, 0)
        self._owned = dict.fromkeys(PARTITIONS, 1)
        self._change = Fetched(assigned=dict.fromkeys(PARTITIONS, 0))
        self.committed: list[tuple[int, int]] = []
        self.to_revoke: set[int] = set()
        self.on_commit: Callable[[], None] = lambda: None
        self.losing, self.foreign = "", 0

    def start(self) -> None:
        """Join."""

    def close(self) -> None:
        """Leave."""

    def measure(self) -> tuple[tuple[int, ...], int]:
        return tuple(self._owned), 0

    def fetch(self) -> Fetched:
        threading.Event().wait(CALL_S)
        fetched, self._change = self._change, Fetched()
        for partition in self.to_revoke:
            del self._owned[partition]
        fetched.revoked, self.to_revoke = self.to_revoke, set()
        for partition, assignment in self._owned.items():
            at = self._at[partition]
            self._at[partition] = min(EACH, at + AT_ONCE)
            rows = range(at, self._at[partition])
            fetched.rows += [Row(partition, row, b"k", b"{}", Offered(row, 0), assignment) for row in rows]
        return fetched

    def commit(self, epoch: Epoch) -> None:
        self.on_commit()
        threading.Event().wait(CALL_S)
        ending = next(self._commits, None)
        if ending is not None:
            raise ending
        if any(row.partition not in self._owned for row in epoch.rows):
            raise EpochAbortedError("given away")
        self.committed += [(row.partition, row.offset) for row in epoch.rows]

    def rewind(self, offsets: dict[int, int]) -> None:
        self._at.update({partition: offset for partition, offset in offsets.items() if partition in self._owned})


def played(client: ScriptedClient, wanted: Iterable[int], *, cancelling: bool = False) -> StreamEnds:
    """Hand everything out, end each row at once, and return when all of the ``wanted`` partitions is committed."""

    async def whole() -> StreamEnds:
        lines = cast("DecisionLines", None)  # rows end as duplicates, which have no lines
        ends = StreamEnds(cast("EpochClient", client), dict.fromkeys(PARTITIONS, 0), lines, RealClock())
        await ends.start()
        pipeline = asyncio.create_task(_through(ends, cancelling=cancelling))
        failed = asyncio.create_task(ends.failed())
        goal = {(partition, offset) for partition in wanted for offset in range(EACH)}
        async with asyncio.timeout(30):
            while not goal <= set(client.committed) and not failed.done():  # noqa: ASYNC110 - in the client's thread
                await asyncio.sleep(CALL_S)
        failed.cancel()
        await ends.close()
        await pipeline
        return ends

    return asyncio.run(whole())


async def _through(ends: StreamEnds, *, cancelling: bool) -> None:
    number = 0
    while True:
        taking = asyncio.create_task(ends.take())
        while cancelling and not taking.done():  # as an actor that is restarted again and again
            await asyncio.sleep(CALL_S / 4)
            if taking.cancel():
                await asyncio.gather(taking, return_exceptions=True)
                if not taking.cancelled():
                    break
                taking = asyncio.create_task(ends.take())
        arrivals = await taking
        if arrivals is None:
            return
        numbers = np.arange(number, number + len(arrivals.raws))
        number += len(numbers)
        ends.on_duplicates(numbers)


def everything(*partitions: int) -> list[tuple[int, int]]:
    return [(partition, offset) for partition in partitions for offset in range(EACH)]


@pytest.mark.parametrize("failing", range(8))
def test_an_aborted_epoch_is_played_again_once(failing: int) -> None:
    """Rows that were fetched while it failed are handed out again with it, not twice."""
    client = ScriptedClient([*[None] * failing, EpochAbortedError("rebalanced")])
    ends = played(client, PARTITIONS)
    assert sorted(client.committed) == everything(*PARTITIONS)
    assert ends.book.aborted_epochs >= 1


def test_each_partition_is_committed_in_its_order() -> None:
    """Also where epochs failed in between."""
    client = ScriptedClient([None, EpochAbortedError("rebalanced"), None, EpochAbortedError("rebalanced")])
    played(client, PARTITIONS)
    for partition in PARTITIONS:
        assert [offset for own, offset in client.committed if own == partition] == list(range(EACH))


@pytest.mark.parametrize("commits_before", range(4))
def test_a_partition_that_is_given_away_costs_the_others_nothing(commits_before: int) -> None:
    """What is being committed meanwhile is committed once, and nothing of what went is committed any more."""
    client = ScriptedClient()
    seen = 0

    def revoke() -> None:
        nonlocal seen
        seen += 1
        if seen == commits_before + 1:
            client.to_revoke = {2}

    client.on_commit = revoke
    played(client, (0, 1))
    assert sorted(place for place in client.committed if place[0] != 2) == everything(0, 1)
    gone = [offset for partition, offset in client.committed if partition == 2]
    assert gone == list(range(len(gone)))
    assert len(gone) < EACH


def test_a_broker_that_does_not_answer_is_waited_for() -> None:
    """The same epoch is committed when it answers again."""
    client = ScriptedClient([StillWaitingError("nobody")] * 2)
    ends = played(client, PARTITIONS)
    assert sorted(client.committed) == everything(*PARTITIONS)
    assert ends.book.aborted_epochs == 0


def test_a_worker_that_is_fenced_ends_and_commits_nothing_more() -> None:
    """Whatever was decided meanwhile belongs to whoever has its partitions now."""
    client = ScriptedClient([None, WorkerFencedError("another worker has this place")])
    ends = played(client, PARTITIONS)
    assert len(client.committed) <= len(PARTITIONS) * AT_ONCE
    assert ends.book.committed_epochs == 1


def test_an_actor_that_is_restarted_while_it_takes_loses_nothing() -> None:
    """Whoever is cancelled has taken nothing, and the next one has it all."""
    client = ScriptedClient()
    played(client, PARTITIONS, cancelling=True)
    assert sorted(client.committed) == everything(*PARTITIONS)
