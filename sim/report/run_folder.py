"""The folder of a run, or of what several runs come to: its name, its lock, and what is never overwritten."""

import contextlib
import datetime as dt
import errno
import os
import stat
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from actors.adapters.files import AppendOnlyFile
from actors.core.errors import OutputError
from actors.core.process_failures import ROOM
from sim.report.lock import HeldError, hold

RESULTS = ("summary.json", "twin.json", "explore.json")  # the file of a folder that says what its runs came to
SHOWN = 3  # names of files, where there is nothing better to tell it by
MOST_BYTES = 50_000_000  # a summary has about 30,000; what is larger is not read


class _Result(msgspec.Struct):
    scenario: str = ""
    verdict: str = ""


def earlier_run(folder: Path) -> str:
    """Return scenario, verdict and end of the run that left its files in ``folder``; "" when it is empty."""
    try:
        names = sorted(each.name for each in folder.iterdir())
    except OSError:
        return ""
    if not names:
        return ""
    for name in RESULTS:
        with contextlib.suppress(OSError, ValueError):  # what cannot be read is no summary
            content, ended_s = read_regular(folder / name)
            result = msgspec.json.decode(content, type=_Result)
            ended = dt.datetime.fromtimestamp(ended_s, dt.UTC).astimezone().strftime("ended %Y-%m-%d %H:%M:%S")
            return ", ".join(filter(None, (result.scenario, result.verdict, ended)))
    return f"it left no summary, only {', '.join(names[:SHOWN])}{', …' if names[SHOWN:] else ''}"


def read_regular(file: Path) -> tuple[bytes, float]:
    """Return the content of a file and when it was written; a pipe or device is never waited for.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            raise OSError(errno.EINVAL, "is no file that a run has written")
        return stream.read(), about.st_mtime


SUMMARY = "summary.json"
JUNIT = "junit.xml"
METRICS = "metrics.json"
JOB_SUMMARY = "summary.md"  # only with --ci, where GitHub gives no place of its own for it
DECISIONS = "decisions.jsonl"
DEAD_LETTERS = "dead_letters.jsonl"
UNDELIVERED = "undelivered.jsonl"
ALERTS = "alerts.jsonl"
JOURNAL = "journal.jsonl"
LATENCY = "latency.hlog"
SCENARIO = "scenario.yaml"
AS_WRITTEN = "as_written.yaml"  # with its comments, without what was changed on the command line
SERIES = "series.jsonl"
REPORT = "report.html"
AS_PLAYED = "as_played.yaml"  # only of a run that was changed by hand
DEBRIEF = "debrief.json"  # only of a blind drill
RUN_FILES = frozenset(
    {
        *(SUMMARY, METRICS, JUNIT, REPORT, DECISIONS, DEAD_LETTERS, UNDELIVERED, ALERTS, JOURNAL, LATENCY, SERIES),
        *(SCENARIO, AS_WRITTEN, AS_PLAYED, DEBRIEF, JOB_SUMMARY),
    }
)
ROLLBACK = "rollback"  # left there by the command of that name, taken away by the run
PARTIAL = ".partial"  # of a file that is being written; it takes its name when it is whole

RUNS = Path("runs")

Identity = tuple[int, int]
"""Device and inode of a file or folder."""


class RunFolder:
    """One run's files, or those of a command that makes several runs.

    A folder is taken when it is new, empty, or holds nothing but an earlier run, and when no other process is writing
    to it. Nothing that a run did not write is ever overwritten or removed. It is opened once: what is written later
    goes to that folder, wherever it has been moved, and never to another one in its place.

    Attributes:
        path: as it was named.
        replaces: the earlier run whose files `clear` removes, in a line; "" when there is none.
        unlocked: why nothing keeps another run out; "" when the lock is held.

    Args:
        path: of the folder.
        own: names of the files that may be in it and are replaced.
        folders: names of the folders that may be in it, with folders of runs in them, and are replaced.

    Raises:
        OutputError: it cannot be written, holds other files, or another process is writing to it.
    """

    def __init__(self, path: Path, own: frozenset[str] = RUN_FILES, folders: frozenset[str] = frozenset()) -> None:
        self.path = path
        self._own = _with_partials(own)
        self._folders = folders
        self._written: dict[str, os.stat_result] = {}
        self._begins = False
        try:
            self._new = not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            self.close = weakref.finalize(self, os.close, self._fd)
            self.unlocked = self._lock()
            self._refuse_foreign()
            self._probe()
            self.replaces = earlier_run(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    @staticmethod
    def create(
        out: Path | None,
        scenario: str,
        stamp: str | None = None,
        own: frozenset[str] = RUN_FILES,
        folders: frozenset[str] = frozenset(),
    ) -> "RunFolder":
        """Return the folder ``out``, or a new one under ``runs/`` named after now and ``scenario``.

        Args:
            out: what the user asked for.
            scenario: its name.
            stamp: stands for now; for tests.
            own: names of the files that may be in it and are replaced.
            folders: names of the folders that may be in it and are replaced.

        Raises:
            OutputError: the folder cannot be written, holds other files, or another process is writing to it.
        """
        if out is not None:
            return RunFolder(out, own, folders)
        name = f"{stamp or _now()}-{scenario}"
        path, count = RUNS / name, 1
        try:
            while not _made(path):  # two runs in one second
                count += 1
                path = RUNS / f"{name}-{count}"
        except OSError as error:
            raise _unwritable(RUNS, error) from error
        folder = RunFolder(path, own, folders)
        folder._new = True
        return folder

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the lock back; after an error give up the folder too: who was refused does not want an empty one."""
        if kind is None:
            self.close()
        else:
            self.give_up()

    def file(self, name: str) -> Path:
        """Return the path of a file in it."""
        return self.path / name

    def notices(self) -> list[str]:
        """Return what whoever asked for this folder should know before it is written to, a line each."""
        lines = [f"{self.path}: the files of an earlier run are replaced: {self.replaces}"] if self.replaces else []
        if self.unlocked:
            lines.append(f"{self.path}: cannot be locked ({self.unlocked}): see to it that no other run writes there")
        return lines

    def clear(self) -> None:
        """Remove the files of the earlier run, once it is certain that there will be a new one.

        Raises:
            OutputError: one of them cannot be removed, or a file that no run wrote has come in.
        """
        self._begins = True
        try:
            self._refuse_foreign()
            for name in os.listdir(self._fd):  # noqa: PTH208 - of the folder that was opened, wherever it is
                if name in self._folders:
                    self._clear_folder(name)
                else:
                    os.unlink(name, dir_fd=self._fd)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be cleared: {error.strerror}; choose another with --out") from error

    def begin(self) -> None:
        """Keep from now on what is in it, however the run ends: it has begun."""
        self._begins = False

    def give_up(self) -> None:
        """Close it, without the files of a run that was cleared for and did not begin.

        The folder is removed again if it was made for this run and is empty.
        """
        if self._begins:
            with contextlib.suppress(OutputError):
                self.clear()
        if self._new:
            with contextlib.suppress(OSError):
                self.path.rmdir()
        self.close()

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a whole file at once: a reader sees the old one or the new one, never a part.

        Raises:
            OutputError: it cannot be written; an older file of the name stays.
        """
        with self.writing(name) as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.file(name)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Give a file that takes its name when the context is left, whole; otherwise as `write`."""
        partial = name + PARTIAL
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=self._fd)
            with open(partial, "xb", opener=self._open) as file:
                yield file
                file.flush()
                about = os.fstat(file.fileno())
            os.replace(partial, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                os.unlink(partial, dir_fd=self._fd)
            remedy = "make room or choose --out" if error.errno in ROOM else "choose another folder with --out"
            why = self.mishap() or f"{error.strerror}; {remedy}"
            raise OutputError(f"{self.file(name)}: cannot be written: {why}") from error
        self._written[name] = about

    def mishap(self) -> str:
        """Return what someone else did to the folder since it was opened, in a few words; "" for nothing."""
        opened = os.fstat(self._fd)
        try:
            there = self.path.stat()
        except OSError:
            there = None
        if there is not None and os.path.samestat(opened, there):
            return ""
        if not opened.st_nlink:
            return "the folder was removed during the run"
        now = _place_of(self._fd)
        return f"the folder was moved during the run{now and f', to {now}'}"

    def changed(self) -> list[str]:
        """Return a line for each file that `write` wrote and someone else has removed, replaced or changed since."""
        lines = []
        for name, written in self._written.items():
            line = self._changed(name, (written.st_dev, written.st_ino), written.st_size)
            about = self._about(name)
            if not line and about is not None and about.st_mtime_ns != written.st_mtime_ns:
                line = f"{name}: was changed by others during the run"
            lines.append(line)
        return list(filter(None, lines))

    def changed_log(self, log: AppendOnlyFile) -> str:
        """Return in a line what someone else did to a file that the run appends to; "" for nothing."""
        return self._changed(log.path.name, log.identity, log.size)

    def holds(self, log: AppendOnlyFile) -> bool:
        """Return whether ``log`` is still the file of its name."""
        about = self._about(log.path.name)
        return about is not None and (about.st_dev, about.st_ino) == log.identity

    def _changed(self, name: str, identity: Identity, size: int) -> str:
        about = self._about(name)
        if about is None:
            return f"{name}: was removed or moved away during the run, with all that was in it"
        if (about.st_dev, about.st_ino) != identity or not stat.S_ISREG(about.st_mode):
            return f"{name}: was replaced by {_kind(about.st_mode)} during the run, which is left as it is"
        if about.st_size != size:
            return f"{name}: was changed by others during the run: {size:,} bytes written, {about.st_size:,} there"
        return ""

    def _about(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except OSError:
            return None

    def _lock(self) -> str:
        try:
            return hold(self._fd)
        except HeldError as error:
            who = "another process" if error.pid is None else f"process {error.pid}"
            text = f"{self.path}: {who} is writing to it; wait until that has ended, or choose another with --out"
            raise OutputError(text) from error

    def _refuse_foreign(self) -> None:
        foreign = sorted(self._foreign())
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise OutputError(
                f"{self.path}: is not a run's folder: it holds {foreign[0]}{more}; choose an empty folder with --out"
            )

    def _foreign(self) -> Iterator[str]:
        """Yield what no run wrote; a folder that has the name of a file is such a thing too."""
        for entry in os.scandir(self.path):
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and entry.name in self._folders:
                known = _with_partials(RUN_FILES)
                for place, _, names in os.walk(entry.path):
                    inner = Path(place).relative_to(self.path)
                    yield from (str(inner / name) for name in names if name not in known)
            elif is_folder or entry.name not in self._own:
                yield entry.name

    def _clear_folder(self, name: str) -> None:
        for place, _, names in os.walk(self.file(name), topdown=False):
            for each in names:
                Path(place, each).unlink()
            Path(place).rmdir()

    def _probe(self) -> None:
        """Write and remove a file, since permissions alone do not tell: the disk may be full or read-only."""
        probe = min(self._own) + PARTIAL
        with contextlib.suppress(FileNotFoundError):
            os.unlink(probe, dir_fd=self._fd)
        with open(probe, "xb", opener=self._open) as file:
            file.write(b"#")
        os.unlink(probe, dir_fd=self._fd)

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o644, dir_fd=self._fd)


def _with_partials(names: frozenset[str]) -> frozenset[str]:
    return names | {name + PARTIAL for name in names} | {ROLLBACK}


def _unwritable(path: Path, error: OSError) -> OutputError:
    reason = "is not a folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
    return OutputError(f"{path}: cannot be written: {reason}; choose another folder with --out")


def _made(path: Path) -> bool:
    """Make a folder; return False when there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _place_of(folder: int) -> str:
    """Return where an open folder is now; "" where the system does not tell."""
    try:
        return str(Path(f"/proc/self/fd/{folder}").readlink())
    except OSError:
        return ""


def _kind(mode: int) -> str:
    kinds = {stat.S_IFREG: "another file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _now() -> str:
    return dt.datetime.now(dt.UTC).astimezone().strftime("%Y%m%d-%H%M%S")  # noqa: TID251 - a name, for people
