"""What becomes of transactions on a stream: each that was sent is open until a committed message ends it, once.

Where delivery is ``at_least_once`` the same end may come again: the same decision by the same model, for the same
reasons and with the same score; when it was made, and how long that took, differs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.adapters.kafka.messages import Ended, LetterDocument
from actors.adapters.streams import Delivery
from actors.core.arrays import I64, U8
from actors.core.awaiting import at_once
from actors.core.batches import (
    ARRIVAL,
    DECIDED,
    NUMBER,
    Cause,
    DeadLetter,
    DecidedBatch,
    Decision,
    FeatureBatch,
    Mode,
    Reason,
    Track,
)
from actors.core.clock import NS_PER_US, wall_ns
from actors.core.errors import SinkError
from actors.output.dead_letters import redacted
from actors.output.sinks import FirstFailure
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.servers import PartitionWaits
from sim.outcomes.outcome_book import OutcomeBook
from sim.stream.listening import MOST_NUMBERS

_UNSENT, _OPEN, _ENDED, _AHEAD = range(4)
_FIRST_ROOM = 1 << 16
_DECISIONS = {each.label: each for each in Decision}
_MODES = {each.label: each for each in Mode}
_CAUSES = {each.label: each for each in Cause}
_REASONS = {each.label: each for each in Reason}


class _Line(msgspec.Struct, gc=False):
    """What is read of a line of the decision log."""

    id: str
    card: str
    event_time: int
    amount: float
    decision: str
    mode: str
    cause: str
    reason: str
    model: str
    score: float | None = None


_read_line = msgspec.json.Decoder(_Line).decode
_read_letter = msgspec.json.Decoder(LetterDocument).decode


def _known(value: bytes) -> _Line:
    """Return the line in ``value``.

    Raises:
        DecodeError: it is none, or has words that we do not have.
    """
    line = _read_line(value)
    words = ((line.decision, _DECISIONS), (line.mode, _MODES), (line.cause, _CAUSES), (line.reason, _REASONS))
    if any(word not in known for word, known in words):
        raise msgspec.ValidationError("a line of another version")
    return line


class Collector:
    """Takes what workers have committed: into the ledger, the book of outcomes, and the files of the run.

    Attributes:
        open_count: transactions that were sent and have come to no end.
        decided_twice: messages that ended what had ended, beyond the first, and are not counted as ``redelivered``.
        redelivered: messages that say again what the first one said, where delivery is at least once.
        unknown_count: messages about transactions that were never sent; they are counted and passed over.
        ahead_count: messages of a topic that others write which have come to an end and were not found there yet.
        later_count: ends of messages that came to such a topic when the run had ended.
        negative_count: decisions whose instant lies before their transaction was due.
        waits: for how long partitions had undecided transactions and got no end, on the run's clock.
        models: decisions by the digest of the model that made them.
        log_failure: why the decision log could not take lines, the first time.

    Args:
        telemetry: of the run.
        book: takes decisions with their truth.
        output: the decision log.
        dead_letters: what could not be handled.
        delivery: what workers promise.
        listening: whether others write the topic of the transactions, so that one may end before it is found.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        book: OutcomeBook,
        output: AppendOnlyFile,
        dead_letters: DeadLetterFile,
        delivery: Delivery = "exactly_once",
        *,
        listening: bool = False,
    ) -> None:
        self._telemetry = telemetry
        self._book = book
        self._output = output
        self._dead_letters = dead_letters
        self._states: U8 = np.zeros(_FIRST_ROOM, dtype=np.uint8)
        self._said: I64 | None = None if delivery == "exactly_once" else np.zeros(_FIRST_ROOM, dtype=np.int64)
        self._wall_less_clock_ns = 0
        self._listening = listening
        self._beyond: Callable[[int], bool] = lambda _: False
        self.open_count = 0
        self.ahead_count = self.later_count = 0
        self.decided_twice = self.redelivered = 0
        self.unknown_count = 0
        self.negative_count = 0
        self.waits = PartitionWaits()
        self.models: Counter[str] = Counter()
        self.log_failure = FirstFailure("decisions cannot be logged")

    def begin(self, wall_less_clock_ns: int) -> None:
        """Take that wall time is ahead of the run's clock by ``wall_less_clock_ns``."""
        self._wall_less_clock_ns = wall_less_clock_ns

    def sent(self, first: int, count: int) -> None:
        """Take that the ``count`` transactions from number ``first`` on are on their way."""
        self._make_room(first + count)
        self._states[first : first + count] = _OPEN
        self.open_count += count

    def _make_room(self, upto: int) -> None:
        if upto > len(self._states):
            more = max(upto, 2 * len(self._states)) - len(self._states)
            self._states = np.pad(self._states, (0, more))
            if self._said is not None:
                self._said = np.pad(self._said, (0, more))

    def taken(self, counts: Mapping[int, int]) -> None:
        """Take that brokers have so many more of the transactions that were sent, by partition."""
        at_ns = self._now_ns()
        for partition, count in counts.items():
            self.waits.taken(partition, count, at_ns)

    def _now_ns(self) -> int:
        return wall_ns() - self._wall_less_clock_ns

    def stop(self) -> None:
        """Take that nothing more is read."""
        self.waits.stop(self._now_ns())

    def found(self, numbers: I64, partitions: I64) -> None:
        """Take that messages lie in a topic that others write; some may have ended.

        Args:
            numbers: of the messages, int64 (n,).
            partitions: in which each of them lies, int64 (n,).
        """
        self._make_room(int(numbers.max()) + 1)
        states = self._states[numbers]
        ahead, new = numbers[states == _AHEAD], numbers[states == _UNSENT]
        self._states[ahead] = _ENDED
        self.ahead_count -= len(ahead)
        mine = np.array([each for each in new.tolist() if not self._beyond(each)], dtype=np.int64)
        self.taken(Counter(partitions[np.isin(numbers, mine) | (states == _AHEAD)].tolist()))
        self._states[mine] = _OPEN
        self.open_count += len(mine)
        self._offer(len(mine))

    def end_at(self, beyond: Callable[[int], bool]) -> None:
        """Take that messages of whose number ``beyond`` is true do not belong to the run, unless they have ended."""
        self._beyond = beyond

    def _offer(self, count: int) -> None:
        """Count transactions that nobody here has sent."""
        self._telemetry.ledger.offer(count)
        self._telemetry.ledger.send(count)

    def take(self, ended: Sequence[Ended], seen_wall_ns: int) -> None:
        """Take what was committed and seen at wall time ``seen_wall_ns``, all of it at once."""
        lines: list[_Line] = []
        decisions: list[Ended] = []
        letters: list[DeadLetter] = []
        duplicate_count = 0
        for each in ended:
            try:
                line = _known(each.value) if each.kind == "decision" else None
                letter = self._letter(each) if each.kind == "dead_letter" else None
            except msgspec.DecodeError:  # under our headers something that no worker writes
                self.unknown_count += 1
                continue
            if not self._ends(each, _content(line or letter)):
                continue
            self.waits.ended(each.partition, seen_wall_ns - self._wall_less_clock_ns)
            if line is not None:
                lines.append(line)
                decisions.append(each)
            elif letter is not None:
                letters.append(letter)
            else:
                duplicate_count += 1
        if duplicate_count:
            self._telemetry.ledger.duplicate(duplicate_count)
        if letters:
            self._set_aside(letters)
        if decisions:
            self._decide(lines, decisions, seen_wall_ns)

    def _ends(self, ended: Ended, content: int) -> bool:
        """Return whether this is the end of a transaction, and not a second one; ``content`` tells what it says."""
        number, said = ended.number, self._said
        if self._listening and 0 <= number < MOST_NUMBERS:
            self._make_room(number + 1)
        state = self._states[number] if 0 <= number < len(self._states) else _UNSENT
        if state == _OPEN:
            self._states[number] = _ENDED
            if said is not None:
                said[number] = content
            self.open_count -= 1
            return True
        if state == _UNSENT and self._listening and 0 <= number < len(self._states):
            return self._ends_ahead(number, content)
        if state in (_ENDED, _AHEAD) and said is not None and said[number] == content:
            self.redelivered += 1
        elif state in (_ENDED, _AHEAD):
            self.decided_twice += 1
        else:
            self.unknown_count += 1
        return False

    def _ends_ahead(self, number: int, content: int) -> bool:
        """Return whether this is the end of a message of the run, which workers have read before it was found here."""
        if self._beyond(number):
            self.later_count += 1
            return False
        self._states[number] = _AHEAD
        if self._said is not None:
            self._said[number] = content
        self.ahead_count += 1
        self._offer(1)
        return True

    def refused(self, number: int, why: str, raw: bytes) -> None:
        """Take that the transaction ``number`` could not be sent: it is a dead letter of whoever sends."""
        if number < len(self._states) and self._states[number] == _OPEN:
            self._states[number] = _ENDED
            self.open_count -= 1
            self._set_aside([DeadLetter(number, "too_large", why, redacted(raw), self._now_ns())])

    def _letter(self, ended: Ended) -> DeadLetter:
        document = _read_letter(ended.value)
        at_ns = ended.done_ns - self._wall_less_clock_ns
        return DeadLetter(ended.number, document.reason, document.detail, document.raw.encode(), at_ns)

    def _set_aside(self, letters: list[DeadLetter]) -> None:
        for letter in letters:
            self._telemetry.ledger.dead_letter(letter.reason, 1)
        try:
            at_once(self._dead_letters.put(letters))
        except SinkError:
            self._dead_letters.unkept_count += len(letters)

    def _decide(self, lines: Sequence[_Line], decisions: Sequence[Ended], seen_wall_ns: int) -> None:
        due_ns = np.array([each.due_ns for each in decisions], dtype=np.int64)
        done_ns = np.array([each.done_ns for each in decisions], dtype=np.int64)
        track = np.zeros((len(lines), len(Track)), dtype=np.int64)
        track[:, NUMBER] = self._numbers(lines, decisions)
        track[:, ARRIVAL] = due_ns - self._wall_less_clock_ns
        track[:, DECIDED] = done_ns - self._wall_less_clock_ns
        decided = _batch(lines, track)
        ledger, stages = self._telemetry.ledger, self._telemetry.stages
        ledger.decide(decided.decision, decided.mode)
        at_once(self._book.deliver(decided))
        ledger.deliver(len(lines))
        self._log([each.value for each in decisions])
        self.negative_count += int(np.count_nonzero(done_ns < due_ns))
        self.models.update(line.model for line in lines)
        stages[Stage.LATENCY].record((done_ns - due_ns) // NS_PER_US)
        stages[Stage.COMMITTED].record((seen_wall_ns - due_ns) // NS_PER_US)

    def _numbers(self, lines: Sequence[_Line], decisions: Sequence[Ended]) -> list[int]:
        """Return under which numbers the book knows decisions; of other people's messages it knows no truth."""
        if not self._listening:
            return [each.number for each in decisions]
        first = self._book.count
        event_us = np.array([line.event_time for line in lines], dtype=np.int64)
        self._book.book(event_us, np.zeros(len(lines), dtype=np.uint8))
        return list(range(first, first + len(lines)))

    def _log(self, values: Sequence[bytes]) -> None:
        text = b"".join(value if value.endswith(b"\n") else value + b"\n" for value in values)
        try:
            self._output.append(text)
        except SinkError as error:
            self.log_failure.note(error)
            self._telemetry.ledger.log_failed(len(values))
        else:
            self._telemetry.ledger.log(len(values))


def _content(said: _Line | DeadLetter | None) -> int:
    """Return a number that is another one where something else was said; times are no part of it."""
    match said:
        case _Line():
            return hash((said.id, said.decision, said.mode, said.cause, said.reason, said.model, said.score))
        case DeadLetter():
            return hash((said.reason, said.detail, said.raw))
    return 0


def _batch(lines: Sequence[_Line], track: I64) -> DecidedBatch:
    """Return what the lines say as the pipeline's own message."""
    count = len(lines)
    mode = np.array([_MODES[line.mode] for line in lines], dtype=np.uint8)
    batch = FeatureBatch(
        [line.id for line in lines],
        [line.card for line in lines],
        np.array([line.event_time for line in lines], dtype=np.int64),
        np.array([line.amount for line in lines], dtype=np.float64),
        np.zeros((count, 0), dtype=np.float32),
        mode,
        track,
    )
    return DecidedBatch(
        batch,
        np.array([np.nan if line.score is None else line.score for line in lines], dtype=np.float64),
        np.array([_DECISIONS[line.decision] for line in lines], dtype=np.uint8),
        mode,
        np.array([_CAUSES[line.cause] for line in lines], dtype=np.uint8),
        np.array([_REASONS[line.reason] for line in lines], dtype=np.uint8),
        np.zeros(count, dtype=np.uint16),
    )
