"""The ends of a pipeline on a stream: each row is committed once, whatever its client says meanwhile."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from typing import cast

import numpy as np
import pytest

from actors.adapters.kafka.client import EpochAbortedError, StillWaitingError, WorkerFencedError
from actors.adapters.kafka.ends import StreamEnds
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.epochs import Epoch, Fetched, Row
from actors.adapters.kafka.messages import Offered
from actors.core.arrays import I64
from actors.core.clock import RealClock
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns
from actors.output.decision_record import DecisionLines

PARTITIONS = (0, 1, 2)
EACH, AT_ONCE = 40, 3
SHORT_S = 0.3
HANGING = 3  # which commit
HANGS_S = 2.0  # none of the others takes so long
CALL_S = 0.002  # so that the event loop asks for the next thing while a call lasts


class ScriptedClient:
    """A client whose commits end as a test says, and which is given and loses partitions when a test says so.

    Args:
        commits: raises, or not, for each call of `commit` in turn; calls beyond them pass.
        begun: offset at which each partition goes on.

    Attributes:
        committed: places of rows, in order.
        to_revoke: partitions that the next fetch takes away.
        given_up: how many commits were left to their thread.
        reread_from: partitions that were read again, and from where.
        unreadable: why nothing can be read again; None where it can.
    """

    def __init__(self, commits: Iterable[Exception | None] = (), begun: int = 0) -> None:
        self._commits = iter(commits)
        self._at = dict.fromkeys(PARTITIONS, begun)
        self._owned = dict.fromkeys(PARTITIONS, 1)
        self._change = Fetched(assigned=dict.fromkeys(PARTITIONS, begun))
        self.committed: list[tuple[int, int]] = []
        self.to_revoke: set[int] = set()
        self.on_commit: Callable[[], None] = lambda: None
        self.losing, self.foreign = "", 0
        self.given_up = 0
        self.reread_from: list[tuple[int, int]] = []
        self.unreadable: Exception | None = None

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

    def reread(self, partition: int, start: int, end: int, _: int) -> tuple[list[tuple[int, bytes]], int]:
        self.reread_from.append((partition, start))
        if self.unreadable is not None:
            raise self.unreadable
        return [], end

    def give_up_commit(self) -> None:
        self.given_up += 1

    def rewind(self, offsets: dict[int, int]) -> None:
        self._at.update({partition: offset for partition, offset in offsets.items() if partition in self._owned})


def played(
    client: ScriptedClient,
    wanted: Iterable[int],
    *,
    cancelling: bool = False,
    losing: Container[int] = (),
    epoch_s: float = 30.0,
    hangs_s: float = 10.0,
) -> StreamEnds:
    """Hand everything out, end each row at once, and return when all of the ``wanted`` partitions is committed.

    Args:
        client: where it lies.
        wanted: partitions.
        cancelling: whether whoever takes is restarted again and again.
        losing: numbers of rows that never end.
        epoch_s: how long a row may take.
        hangs_s: how long a call may take.
    """

    async def whole() -> StreamEnds:
        lines = cast("DecisionLines", None)  # rows end as duplicates, which have no lines
        ends = StreamEnds(
            cast("EpochClient", client), dict.fromkeys(PARTITIONS, 0), lines, RealClock(), SHORT_S, hangs_s
        )
        await ends.start()
        ends.begin(0)
        pipeline = asyncio.create_task(_through(ends, cancelling=cancelling, losing=losing))
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


async def _through(ends: StreamEnds, *, cancelling: bool, losing: Container[int] = ()) -> None:
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
        ends.on_duplicates(np.array([each for each in numbers.tolist() if each not in losing], dtype=np.int64))


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


class ScriptedWindows:
    """Windows that end where a test says, and count what they are told again.

    Attributes:
        heads: by partition the offset below which all was counted.
        away: whether they do not answer.
        order: what happened, in order.
    """

    def __init__(self, heads: dict[int, int]) -> None:
        self.heads = heads
        self.away = False
        self.order: list[str] = []
        self.ends: StreamEnds
        self.client: ScriptedClient

    async def look(self, partitions: Sequence[int]) -> None:
        """Tell of those that end too early."""
        for partition in partitions:
            if self.heads[partition] < self.ends.book.committed(partition):
                self.ends.book.behind(partition, self.heads[partition])
        if self.away:
            raise StreamStateError("gone")

    async def recount(self, partition: int, _: I64, __: Columns | None, next_offset: int) -> None:
        """Count what was missed."""
        if self.away:
            raise StreamStateError("gone")
        self.order.append(f"counted {partition} to {next_offset}")
        self.heads[partition] = next_offset


def with_windows(windows: ScriptedWindows, law: Callable[[StreamEnds], Awaitable[None]]) -> StreamEnds:
    """Look at ends with ``windows`` whose group has committed 6 rows of each partition."""

    async def whole() -> StreamEnds:
        client = ScriptedClient(begun=6)
        lines = cast("DecisionLines", None)
        ends = StreamEnds(cast("EpochClient", client), dict.fromkeys(PARTITIONS, 0), lines, RealClock())
        windows.ends, windows.client = ends, client
        ends.windows = windows
        await ends.start()
        async with asyncio.timeout(30):
            await law(ends)
            await ends.close()
        return ends

    return asyncio.run(whole())


def test_what_was_missed_before_partitions_came_is_counted_before_anything_of_them_is_handed_out() -> None:
    """No row is decided without windows because whoever had its partition left dead letters, or an outage, behind."""
    windows = ScriptedWindows({0: 6, 1: 4, 2: 0})

    async def law(ends: StreamEnds) -> None:
        arrivals = await ends.take()
        assert arrivals is not None
        windows.order.append("handed out")
        rows = [ends.book.row(number) for number in range(len(arrivals.raws))]
        assert [row.offset for row in rows if row is not None and row.partition == 1] == [6, 7, 8]
        ends.on_duplicates(np.arange(len(arrivals.raws)))
        windows.heads = dict.fromkeys(PARTITIONS, EACH)

    with_windows(windows, law)
    assert windows.order == ["counted 1 to 6", "counted 2 to 6", "handed out"]


@pytest.mark.parametrize("away", [False, True])
def test_what_was_decided_last_without_windows_is_counted_before_the_end_or_told(*, away: bool) -> None:
    """A worker that leaves has its windows count what they missed; where they are gone, it knows how much that is."""
    windows = ScriptedWindows(dict.fromkeys(PARTITIONS, 6))

    async def law(ends: StreamEnds) -> None:
        arrivals = await ends.take()
        assert arrivals is not None
        windows.away = away
        ends.finish()
        ends.on_duplicates(np.arange(len(arrivals.raws)))

    ends = with_windows(windows, law)
    assert ends.uncounted == (AT_ONCE * len(PARTITIONS) if away else 0)
    assert windows.order == ([] if away else [f"counted {partition} to 9" for partition in PARTITIONS])


def test_a_worker_that_is_fenced_while_it_leaves_says_so() -> None:
    """What it has decided is committed; that its last rows cannot be counted is a line, and no error of ours."""
    windows = ScriptedWindows(dict.fromkeys(PARTITIONS, 6))

    async def law(ends: StreamEnds) -> None:
        arrivals = await ends.take()
        assert arrivals is not None
        windows.client.unreadable = WorkerFencedError("payments is not there any more")
        ends.finish()
        ends.on_duplicates(np.arange(len(arrivals.raws)))
        await ends.close()
        assert await ends.failed() is windows.client.unreadable

    ends = with_windows(windows, law)
    assert len(windows.client.committed) == ends.uncounted == AT_ONCE * len(PARTITIONS)


def test_rows_that_are_lost_in_the_process_are_handed_out_again() -> None:
    """An epoch of which a row does not end is dropped after a while, and committed once when it comes again."""
    client = ScriptedClient()
    ends = played(client, PARTITIONS, losing={1}, epoch_s=SHORT_S)
    assert sorted(client.committed) == everything(*PARTITIONS)
    assert ends.book.aborted_epochs >= 1


def test_a_worker_that_loses_rows_again_and_again_ends_and_says_so() -> None:
    """Nothing of their epoch was committed, and another process may do better."""

    async def whole() -> Exception:
        client = ScriptedClient()
        ends = StreamEnds(
            cast("EpochClient", client), dict.fromkeys(PARTITIONS, 0), cast("DecisionLines", None), RealClock(), SHORT_S
        )
        await ends.start()
        ends.begin(0)
        pipeline = asyncio.create_task(_through(ends, cancelling=False, losing=range(10_000)))
        async with asyncio.timeout(30):
            why = await ends.failed()
        await ends.close()
        await pipeline
        assert client.committed == []
        return why

    why = asyncio.run(whole())
    assert f"have not ended for {SHORT_S:g} s, 3 times in a row" in str(why)


def test_a_commit_that_hangs_is_left_to_itself() -> None:
    """The epoch is committed by another thread, once, and what the first one does later has no effect."""
    client = ScriptedClient()
    release = threading.Event()
    seen = 0

    def hang() -> None:
        nonlocal seen
        seen += 1
        if seen == HANGING:
            release.wait(30)
            raise StillWaitingError("nobody waits for this call any more")

    client.on_commit = hang
    played(client, PARTITIONS, hangs_s=HANGS_S)
    release.set()
    assert client.given_up == 1
    assert sorted(client.committed) == everything(*PARTITIONS)


def test_what_another_worker_missed_is_counted_with_what_this_one_missed() -> None:
    """Also where windows did not answer when the partition came: else it would be passed over for ever."""
    windows = ScriptedWindows(dict.fromkeys(PARTITIONS, 6))

    async def law(ends: StreamEnds) -> None:
        arrivals = await ends.take()
        assert arrivals is not None
        ends.book.behind(1, 6)
        windows.heads[1] = 2  # nobody could say so then
        ends.on_duplicates(np.arange(len(arrivals.raws)))
        second = await ends.take()
        assert second is not None
        ends.on_duplicates(np.arange(len(arrivals.raws), len(arrivals.raws) + len(second.raws)))

    with_windows(windows, law)
    assert windows.client.reread_from[0] == (1, 2)
