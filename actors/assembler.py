"""The assembler: parses transactions, sets repeated ones aside, gives the rest their features."""

import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import numpy as np

from actors.actor import Actor, Environment
from actors.config import AssemblerConfig
from actors.core.arrays import F32, I64, Bool
from actors.core.awaiting import Completed, at_once
from actors.core.batches import ASSEMBLY_START, NUMBER, SENT, DeadLetter, FeatureBatch, Mode, RawBatch, Track
from actors.core.cancellation import CalledOffError
from actors.core.clock import NS_PER_MS, NS_PER_US
from actors.core.errors import FeatureStoreError, StreamStateError
from actors.core.transaction import Columns, Read, pick, read, read_each, refusal
from actors.core.work import FEATURES, PARSE
from actors.features.assembly import FeatureAssembly
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.history import History
from actors.features.store import FeatureStore, StoreRows
from actors.features.stream_state import StreamState
from actors.mailbox import Lease, Mailbox
from actors.output.dead_letters import DeadLetterBuffer, redacted
from actors.output.sinks import FirstFailure
from actors.remembered_ids import OwnIds, RememberedIds
from actors.resilience.timeout import ReusableTimeout
from actors.telemetry.stages import Stage, StageRecorder, StageSpan

T = TypeVar("T")

NO_DUPLICATES: Final[I64] = np.empty(0, dtype=np.int64)


OnDuplicates: TypeAlias = Callable[[I64], object]
"""Told the numbers of transactions, int64 (n,), that repeat others and end here, in the instant in which they do."""


def passed_over(_: I64) -> None:
    """Take no note of duplicates: the ledger counts them."""


class Assembling(msgspec.Struct):
    """A lease's work so far: what parsed, what did not, and what the feature store and the windows said.

    ``numbers`` are those of ``columns``, ``duplicates`` those of what was seen before, int64 (n,) each; ``waited_ns``
    is how long remembered ids were waited for.
    """

    columns: Columns | None
    batch: RawBatch
    numbers: I64
    rows: StoreRows | None
    stream: F32 | None
    letters: list[DeadLetter]
    duplicates: I64
    started_ns: int
    assembly_ns: int
    waited_ns: int = 0


@dataclass(frozen=True, slots=True)
class AssemblerParts:
    """What the assembler works with.

    Attributes:
        remembered: the ids seen before.
        own_ids: ids that this assembler has seen, asked while ``remembered`` do not answer; may be the same.
    """

    assembly: FeatureAssembly
    stream: StreamState
    store: FeatureStore
    history: History | None
    dead_letters: DeadLetterBuffer
    remembered: RememberedIds
    own_ids: OwnIds
    read: Read = read
    on_duplicates: OnDuplicates = passed_over


class Assembler(Actor[RawBatch, Assembling, FeatureBatch]):
    """Turns raw transactions into feature rows.

    What does not parse becomes a dead letter, a repeated id a duplicate. When the feature store fails, the batch tier
    of the whole batch is missing and its mode is ``realtime_only``. When the windows do not answer, no model was
    trained for what is left: the mode is ``rules``.
    """

    def __init__(
        self,
        config: AssemblerConfig,
        parts: AssemblerParts,
        inbox: Mailbox[RawBatch],
        outlet: Mailbox[FeatureBatch],
        environment: Environment,
    ) -> None:
        super().__init__("assembler", inbox, outlet, environment)
        self._config = config
        self._parts = parts
        stages = self.telemetry.stages
        self._parse_time, self._store_time = stages[Stage.PARSE], stages[Stage.STORE]
        self._features_time = stages[Stage.FEATURES]
        waiting = StageSpan(stages[Stage.ASSEMBLER_WAITING], SENT, ASSEMBLY_START)
        self._times = StageRecorder(ASSEMBLY_START, (waiting,))
        self._windows_timeout = ReusableTimeout(config.windows_timeout_ns, environment.clock)
        self.windows_failure = FirstFailure("transactions cannot be counted in their windows")

    def batch_limit(self) -> int:
        """Return the configured batch size."""
        return self._config.max_batch_size

    async def prepare(self, lease: Lease[RawBatch]) -> Assembling:
        """Parse, set duplicates apart, look the batch tier up."""
        started_ns = self.clock.now_ns()
        found = self._parse(lease.message, started_ns)
        if found.columns is not None:
            try:
                call = self._parts.remembered.fresh(found.numbers, found.columns)
                fresh = call.value if type(call) is Completed else await self._answer_on(found, call)
            except StreamStateError as error:
                self.windows_failure.note(error)
                fresh = self._parts.own_ids.fresh(found.numbers, found.columns).value
            if fresh is not None:
                _set_apart(found, found.columns, fresh)
        await self.work.spend(PARSE, lease.rows)
        parsed_ns = self.clock.now_ns()
        self._parse_time.record_span((parsed_ns - started_ns - found.waited_ns) // NS_PER_US, lease.rows)
        if found.columns is not None:
            await self._look_up(found, found.columns, parsed_ns)
            await self.work.spend(FEATURES, len(found.batch.raws))
            await self._advance(found, found.columns)
        return found

    def commit(self, lease: Lease[RawBatch], prepared: Assembling) -> FeatureBatch | None:
        """Remember ids, count; return the feature rows."""
        columns, ledger = prepared.columns, self.telemetry.ledger
        assembled = None
        if columns is not None:
            assembled = self._assemble(columns, prepared)
            self._remember(prepared.numbers, columns)
            if self._parts.history is not None:
                self._parts.history.append(columns, lease.sequence)
        if len(prepared.duplicates):
            ledger.duplicate(len(prepared.duplicates))
            self._parts.on_duplicates(prepared.duplicates)
        if prepared.letters:
            self._dead_letter(prepared.letters)
        return assembled

    def discard(self, message: RawBatch, error: BaseException) -> None:
        """Make a poison dead letter of ``message``."""
        detail = f"crashed the assembler twice: {type(error).__name__}: {error}"
        self._dead_letter([self._letter(message, index, "poison", detail) for index in range(len(message))])

    def assemble_at_once(self, message: RawBatch) -> FeatureBatch | None:
        """Return the feature rows of ``message`` without waiting for anything; for the end of a run.

        The feature store is not asked, and windows are left out that would have to be waited for.
        """
        lease = Lease(message, len(message), self.inbox.next_sequence())
        started_ns = self.clock.now_ns()
        try:
            found = self._parse(message, started_ns)
            if found.columns is not None:
                fresh = self._parts.own_ids.fresh(found.numbers, found.columns).value
                if fresh is not None:
                    _set_apart(found, found.columns, fresh)
            if found.columns is not None:
                with contextlib.suppress(StreamStateError):
                    stream = at_once(self._parts.stream.advance(found.numbers, found.columns))
                    found.stream = None if stream is None else _as_asked(stream, len(found.columns))
            return self.commit(lease, found)
        except Exception as error:  # noqa: BLE001 - it may be what kept crashing this actor
            self.discard(message, error)
            return None

    def _parse(self, message: RawBatch, started_ns: int) -> Assembling:
        columns: Columns | None
        letters: list[DeadLetter] = []
        try:
            batch, columns = message, self._parts.read(message.raws)
        except ValueError:  # rare: find out which, one by one
            batch, columns = self._read_singly(message, letters)
        numbers = batch.track[:, NUMBER]
        return Assembling(columns, batch, numbers, None, None, letters, NO_DUPLICATES, started_ns, started_ns)

    async def _answer_on(self, found: Assembling, call: Coroutine[Any, Any, Bool | None]) -> Bool | None:
        """Return the answer of remembered ids if it comes in time; measure how long it took."""
        asked_ns = self.clock.now_ns()
        try:
            return await self._waited_for(call)
        finally:
            found.waited_ns = self.clock.now_ns() - asked_ns

    def _remember(self, numbers: I64, columns: Columns) -> None:
        remembered, own_ids = self._parts.remembered, self._parts.own_ids
        own_ids.remember(numbers, columns)
        if remembered is not own_ids:
            remembered.remember(numbers, columns)

    def _read_singly(self, message: RawBatch, letters: list[DeadLetter]) -> tuple[RawBatch, Columns | None]:
        """Return what can be read and its columns (None if nothing can); add a letter for each of the others."""
        columns, rows, refused = read_each(message.raws)
        for index, error in refused.items():
            letters.append(self._letter(message, index, *refusal(message.raws[index], error)))
        return RawBatch([message.raws[index] for index in rows], message.track[rows]), columns

    async def _look_up(self, found: Assembling, columns: Columns, started_ns: int) -> None:
        try:
            found.rows = await self._parts.store.lookup(columns.cards, columns.merchants, columns.event_us)
        except FeatureStoreError:
            found.rows = None
        found.assembly_ns = self.clock.now_ns()
        self._store_time.record_span((found.assembly_ns - started_ns) // NS_PER_US, len(found.batch.raws))

    async def _advance(self, found: Assembling, columns: Columns) -> None:
        """Have the windows count; what they do not answer, or not in time, or not as asked, is missing."""
        counters = self.telemetry.counters
        counters.windows_calls += 1
        try:
            call = self._parts.stream.advance(found.numbers, columns)
            stream = call.value if type(call) is Completed else await self._waited_for(call)
            found.stream = _as_asked(stream, len(columns))
        except StreamStateError as error:
            counters.windows_errors += 1
            self.windows_failure.note(error)

    async def _waited_for(self, call: Coroutine[Any, Any, T]) -> T:
        """Return the answer to ``call`` if it comes in time."""
        try:
            return await self._windows_timeout.guard(call)
        except TimeoutError as error:
            raise StreamStateError(f"no answer within {self._config.windows_timeout_ns / NS_PER_MS:g} ms") from error
        except CalledOffError as error:
            raise StreamStateError(str(error)) from error

    def _assemble(self, columns: Columns, prepared: Assembling) -> FeatureBatch:
        features, mode = self._parts.assembly.join(columns, prepared.stream, prepared.rows)
        done_ns = self.clock.now_ns()
        track = prepared.batch.track
        self._times.record(track, prepared.started_ns, done_ns)
        self._features_time.record_span((done_ns - prepared.assembly_ns + prepared.waited_ns) // NS_PER_US, len(track))
        self.telemetry.observe_rows(mode)
        self.telemetry.observe_features(features)
        if prepared.stream is None:
            mode = np.full(len(track), Mode.RULES, dtype=np.uint8)
        return FeatureBatch(columns.ids, columns.cards, columns.event_us, columns.amount, features, mode, track)

    def _letter(self, message: RawBatch, index: int, reason: str, detail: str) -> DeadLetter:
        number = int(message.track[index, Track.NUMBER])
        return DeadLetter(number, reason, detail, redacted(message.raws[index]), self.clock.now_ns())

    def _dead_letter(self, letters: list[DeadLetter]) -> None:
        for letter in letters:
            self.telemetry.ledger.dead_letter(letter.reason, 1)
        self._parts.dead_letters.put(letters)


def _set_apart(found: Assembling, columns: Columns, fresh: Bool) -> None:
    """Leave only what is ``fresh``, bool (n,), of ``columns``, which are those found."""
    batch, kept = found.batch, np.flatnonzero(fresh)
    found.duplicates = found.numbers[~fresh]
    found.columns = pick(columns, kept) if len(kept) else None
    found.batch = RawBatch([batch.raws[index] for index in kept], batch.track[kept])
    found.numbers = found.numbers[kept]


def _as_asked(stream: F32, count: int) -> F32:
    """Return ``stream``, what windows answered for ``count`` transactions: whoever reads it checks no bounds.

    Raises:
        StreamStateError: it has not the shape that was asked for.
    """
    if stream.shape != (count, len(STREAM_COLUMNS)):
        raise StreamStateError(f"the answer has not the {count} rows that were asked for")
    return stream
