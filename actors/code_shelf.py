"""Where machine code is kept between two processes: a folder of the user's own, and whole entries or none.

An entry is named by the digest of all it was made from, so it is right or it is not found. What is read is run, hence
two rules. Nothing is read from a folder that anyone else can write to. And each entry begins with a checksum of its
name and content: one that is cut short, changed or copied under another name is dropped, not read.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

_FOLDERS: Final = ("riskdrill", "kernels")
_MOST: Final = 256  # entries, 10 to 100 kB each: what a dozen versions of the code compile; the least recently used go
_PATIENCE_S: Final = 120.0  # for another process that compiles: ten times what that takes on a busy machine
_STEP_S: Final = 0.05
_FOR_GROUP_OR_OTHERS: Final = 0o022
_FOR_OTHERS: Final = 0o002
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotKeptError(Exception):
    """Nothing can be kept; the text names the place and the reason."""


def read(name: str) -> bytes | None:
    """Return the content of the entry ``name``; None if there is none, or none that can be trusted."""
    try:
        with _opened(create=False) as folder:
            return _read(name, folder)
    except (NotKeptError, OSError):
        return None


def _read(name: str, folder: int) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = _checked(os.open(name, flags, dir_fd=folder), Path(name), _FOR_GROUP_OR_OTHERS)
    with os.fdopen(descriptor, "rb") as file:
        entry = file.read()
    size = hashlib.sha256().digest_size
    checksum, content = entry[:size], entry[size:]
    if checksum != _checksum(name, content):
        os.unlink(name, dir_fd=folder)
        return None
    with suppress(OSError):  # a folder that cannot be written serves as well
        os.utime(name, dir_fd=folder)
    return content


def write(name: str, content: bytes) -> None:
    """Keep ``content`` as the entry ``name``; forget what was used least recently, beyond some hundred entries.

    Raises:
        NotKeptError: it cannot be kept; nothing of it is left.
    """
    with _opened(create=True) as folder:
        draft = f"{name}.{os.getpid()}"  # what a killed process leaves grows old like an entry, and is never read
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(draft, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(_checksum(name, content) + content)
            os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            _forget_oldest(folder)
        except OSError as error:
            with suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise NotKeptError(f"{place()}: {error.strerror}") from error


def drop(name: str) -> None:
    """Forget the entry ``name``, if it is there and can be."""
    with suppress(NotKeptError, OSError), _opened(create=False) as folder:
        os.unlink(name, dir_fd=folder)


@contextmanager
def turn() -> Iterator[None]:
    """Hold the lock on the folder: of processes that start at once, one compiles and the others find it done.

    The lock ends with its holder. Where there is no folder or no lock, or the holder takes too long, all go on at once.
    """
    with ExitStack() as held:
        with suppress(NotKeptError):
            _wait_for(held.enter_context(_opened(create=True)))
        yield


def _wait_for(folder: int) -> None:
    for _ in range(round(_PATIENCE_S / _STEP_S)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_STEP_S)  # noqa: TID251 - for another process, which no run's clock moves
        except OSError:  # a network file system may not know such locks
            return
        else:
            return


def place() -> Path:
    """Return the folder, which need not exist.

    Raises:
        NotKeptError: the environment names no place.
    """
    named, home = os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", "")
    if Path(named).is_absolute():  # the specification says to ignore any other
        return Path(named, *_FOLDERS)
    if Path(home).is_absolute():
        return Path(home, ".cache", *_FOLDERS)
    raise NotKeptError("neither HOME nor XDG_CACHE_HOME names a folder")


@contextmanager
def _opened(*, create: bool) -> Iterator[int]:
    """Give a descriptor of the folder; otherwise as `_open`."""
    descriptor = _open(create=create)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(*, create: bool) -> int:
    """Return a descriptor of the folder, checked from the outside in.

    Each is opened relative to the one before it: what is checked is what is used, even if someone renames meanwhile.

    Raises:
        NotKeptError: it is not there and cannot be made, or it is not the user's alone.
    """
    path = place().parents[len(_FOLDERS) - 1]
    try:
        if create:
            path.mkdir(0o700, exist_ok=True)
        # Many systems let a group write to what its members create outside, and each user is alone in one.
        descriptor = _checked(os.open(path, _OPEN), path, _FOR_OTHERS)
        for name in _FOLDERS:
            path, outer = path / name, descriptor
            try:
                descriptor = _checked(_inner(name, outer, create=create), path, _FOR_GROUP_OR_OTHERS)
            finally:
                os.close(outer)
    except OSError as error:
        raise NotKeptError(f"{path}: {error.strerror}") from error
    return descriptor


def _inner(name: str, outer: int, *, create: bool) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=outer)
    return os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=outer)


def _checked(descriptor: int, path: Path, forbidden: int) -> int:
    """Return an open ``descriptor``; close it if it is not the user's own or gives others ``forbidden`` rights."""
    about, user = os.fstat(descriptor), os.geteuid()
    if about.st_uid == user and not about.st_mode & forbidden:
        return descriptor
    os.close(descriptor)
    if about.st_uid != user:
        raise NotKeptError(f"{path}: belongs to user {about.st_uid}, and this is user {user}")
    raise NotKeptError(f"{path}: others may write to it")


def _checksum(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + content).digest()


def _forget_oldest(folder: int) -> None:
    used_ns = {}
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):  # another process forgets at the same time
            used_ns[name] = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime_ns
    for name in sorted(used_ns, key=lambda each: (-used_ns[each], each))[_MOST:]:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
