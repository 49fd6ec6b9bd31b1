"""The files of a run at its end: what is not whole in them, and what is written only then.

Other people and programs may have emptied, replaced, moved or removed them meanwhile. That costs what they held, and a
line; never the verdict.

A decision is logged before anyone knows the truth. When the run is over, each line whose label has become known gets
it, and every other keeps its null.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from io import BufferedIOBase
from typing import BinaryIO

import msgspec

from actors.adapters.files import AppendOnlyFile
from actors.core.errors import OutputError
from sim.report import run_folder as files
from sim.report.jsonl import PatientLines
from sim.report.run_folder import RunFolder
from sim.run_parts import RunParts
from sim.scenario.render import resolved
from sim.scenario.scenario import Scenario

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


def trace_hash(decisions: BufferedIOBase, journal: BufferedIOBase) -> str:
    """Return the SHA-256, in hexadecimal, over the decision log as the run wrote it and the journal.

    It is taken before labels are joined, so that it does not depend on how long the run waited for them. On the virtual
    clock two runs of one scenario, seed and model have equal hashes, in any process.

    Args:
        decisions: ``decisions.jsonl``, not labelled yet, from its begin.
        journal: ``journal.jsonl``, whole, from its begin.

    Raises:
        OSError: one of the two cannot be read.
    """
    total = hashlib.sha256()
    for file in (decisions, journal):
        total.update(hashlib.file_digest(file, "sha256").digest())  # by file, so that no byte can change sides
    return total.hexdigest()


LOOK_UP_EVERY = 1 << 12  # lines, a few milliseconds


class Output:
    """What a run leaves behind, while its files are still open.

    Args:
        folder: of the run.
        parts: write the pipeline's files.
        own: the laboratory's files; the journal is the first.
        hurried: tells whether someone has asked since that it come to an end.
    """

    def __init__(
        self,
        folder: RunFolder,
        parts: RunParts,
        own: Sequence[PatientLines],
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder = folder
        self.parts = parts
        self._own = own
        self._hurried = hurried
        self._journal = own[0].file

    def troubles(self) -> Iterator[str]:
        """Yield a line for each file that is not whole."""
        yield from self.parts.shortfalls()
        for lines in self._own:
            if lines.problem:
                yield lines.problem
        if mishap := self._folder.mishap():
            yield f"{self._folder.path}: {mishap}"
            return
        yield from self._folder.changed()
        yield from filter(None, map(self._folder.changed_log, self._logs()))

    def trace_hash(self, problems: list[str]) -> str | None:
        """Return the hash of what the run wrote; None, and a line in ``problems``, if it is not there any more."""
        decisions, journal = self.parts.output, self._journal
        try:
            for log in (decisions, journal):
                if log.present_size != log.size:
                    problems.append(f"no trace hash: {log.path.name} is not what the run wrote")
                    return None
            with decisions.reader() as first, journal.reader() as second:
                return trace_hash(first, second)
        except OSError as error:
            problems.append(f"no trace hash: {decisions.path.name} or {journal.path.name}: {error.strerror}")
            return None

    def join_labels(self, known_until_us: int, problems: list[str]) -> None:
        """Fill the labels of the decision log that are known; what cannot be is a line in ``problems``.

        Args:
            known_until_us: event time up to which labels are known.
            problems: gets the line.
        """
        log, fraud_ids = self.parts.output, self.parts.book.fraud_ids
        if not self._folder.holds(log):
            return  # `troubles` has said so
        try:
            with log.reader() as lines, self._folder.writing(files.DECISIONS) as joined:
                join_labels(self._unless_hurried(lines), joined, fraud_ids, known_until_us)
        except OutputError as error:
            why = "interrupted" if self._hurried() else error
            problems.append(f"labels are not joined, decisions stay as they are: {why}")

    def _unless_hurried(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield ``lines``, of which a long run has gigabytes, until someone asks for the end.

        Raises:
            InterruptedError: someone did.
        """
        for number, line in enumerate(lines):
            if not number % LOOK_UP_EVERY and self._hurried():
                raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
            yield line

    def write_figures(
        self, junit: bytes, metrics: Mapping[str, Mapping[str, float | None]] | None, problems: list[str]
    ) -> None:
        """Write the verdict for CI systems, and every metric by span; what cannot be is a line in ``problems``.

        Args:
            junit: the verdict.
            metrics: None where nobody will ask.
            problems: gets the line.
        """
        try:
            self._folder.write(files.JUNIT, junit)
            if metrics is not None:
                self._folder.write(files.METRICS, msgspec.json.format(msgspec.json.encode(metrics), indent=1) + b"\n")
        except OutputError as error:
            problems.append(str(error))

    def write_as_played(self, scenario: Scenario, problems: list[str]) -> None:
        """Write the scenario that plays the run again as it was played; if it cannot be, say why in ``problems``."""
        try:
            self._folder.write(files.AS_PLAYED, resolved(scenario))
        except OutputError as error:
            problems.append(str(error))

    def write_summary(self, text: bytes, problems: list[str]) -> bool:
        """Write the summary; return whether it is where the run was asked to write it, else say why not."""
        try:
            self._folder.write(files.SUMMARY, text)
        except OutputError as error:
            problems.append(str(error))
            return False
        return not self._folder.mishap()

    def _logs(self) -> tuple[AppendOnlyFile, ...]:
        parts = self.parts
        return (parts.output, parts.dead_letters.file, parts.undelivered, *(lines.file for lines in self._own))
