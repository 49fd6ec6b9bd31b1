"""The folder of a run, or of what several runs come to: its name, and what is never overwritten."""

import contextlib
import datetime as dt
import os
from pathlib import Path

from actors.errors import OutputError

SUMMARY = "summary.json"
DECISIONS = "decisions.jsonl"
DEAD_LETTERS = "dead_letters.jsonl"
UNDELIVERED = "undelivered.jsonl"
ALERTS = "alerts.jsonl"
JOURNAL = "journal.jsonl"
LATENCY = "latency.hlog"
SCENARIO = "scenario.yaml"
RUN_FILES = frozenset({SUMMARY, DECISIONS, DEAD_LETTERS, UNDELIVERED, ALERTS, JOURNAL, LATENCY, SCENARIO})
ROLLBACK = "rollback"  # left there by the command of that name, taken away by the run
PARTIAL = ".partial"  # of a file that is being written; it takes its name when it is whole

RUNS = Path("runs")


class RunFolder:
    """One run's files, or those of a command that makes several runs.

    A folder is taken when it is new, empty, or holds nothing but an earlier run, whose files are then replaced. Any
    other folder is refused: nothing that a run did not write is ever overwritten.

    Args:
        path: of the folder.
        own: names of what may be in it and is replaced; folders among them clear themselves.

    Raises:
        OutputError: it cannot be written, or holds other files.
    """

    def __init__(self, path: Path, own: frozenset[str] = RUN_FILES) -> None:
        self.path = path
        self._own = own
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._clear()
            self._probe()
        except OSError as error:
            reason = "is not a folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
            raise OutputError(f"{path}: cannot be written: {reason}; choose another folder with --out") from error

    @staticmethod
    def create(
        out: Path | None, scenario: str, stamp: str | None = None, own: frozenset[str] = RUN_FILES
    ) -> "RunFolder":
        """Return the folder ``out``, or a new one under ``runs/`` named after now and ``scenario``.

        Args:
            out: what the user asked for.
            scenario: its name.
            stamp: stands for now; for tests.
            own: names of what may be in it and is replaced.

        Raises:
            OutputError: the folder cannot be written, or holds other files.
        """
        if out is not None:
            return RunFolder(out, own)
        name = f"{stamp or _now()}-{scenario}"
        path, count = RUNS / name, 1
        while path.exists():  # two runs in one second
            count += 1
            path = RUNS / f"{name}-{count}"
        return RunFolder(path, own)

    def file(self, name: str) -> Path:
        """Return the path of a file in it."""
        return self.path / name

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a whole file at once: a reader sees the old one or the new one, never a part.

        Raises:
            OutputError: it cannot be written; an older file of the name stays.
        """
        path, partial = self.file(name), self.file(name + PARTIAL)
        try:
            partial.write_bytes(content if isinstance(content, bytes) else content.encode())
            partial.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                partial.unlink()
            raise OutputError(f"{path}: cannot be written: {error.strerror}; make room or choose --out") from error
        return path

    def _clear(self) -> None:
        found = {entry.name for entry in os.scandir(self.path)}
        foreign = sorted(found - self._own - {name + PARTIAL for name in self._own})
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise OutputError(
                f"{self.path}: is not a run's folder: it holds {foreign[0]}{more}; choose an empty folder with --out"
            )
        for name in found:
            if not self.file(name).is_dir():
                self.file(name).unlink()

    def _probe(self) -> None:
        """Write and remove a file, since permissions alone do not tell: the disk may be full or read-only."""
        probe = self.file(min(self._own) + PARTIAL)
        probe.write_bytes(b"#")
        probe.unlink()


def _now() -> str:
    return dt.datetime.now(dt.UTC).astimezone().strftime("%Y%m%d-%H%M%S")  # noqa: TID251 - a name, for people
