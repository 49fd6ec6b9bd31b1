"""The shelf for machine code: entries are whole and one's own, or are not there."""

import errno
import fcntl
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from actors.core import jit_cache
from actors.core.jit_cache import NotKeptError, place, read, write
from tests.support.small_disk import small_disk

NAME, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def array_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where code is kept, of a user whose home is empty."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".cache/riskdrill/kernels"


def test_what_is_kept_is_read_again(array_store: Path) -> None:
    """And nothing else."""
    write(NAME, b"code")
    assert (read(NAME), read(OTHER)) == (b"code", None)
    assert [each.name for each in array_store.iterdir()] == [NAME]


def test_folder_is_the_users_alone(array_store: Path) -> None:
    """From the first moment, whatever the mask for new files allows."""
    before = os.umask(0)
    try:
        write(NAME, b"code")
    finally:
        os.umask(before)
    folders = (array_store, array_store.parent, array_store.parent.parent)
    assert [stat.S_IMODE(each.stat().st_mode) for each in folders] == [0o700] * 3
    assert stat.S_IMODE((array_store / NAME).stat().st_mode) == 0o600


def test_nothing_is_made_by_reading(array_store: Path) -> None:
    """A process that compiles nothing leaves no trace."""
    assert read(NAME) is None
    assert not array_store.parent.parent.exists()


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 200])
def test_damaged_entry_is_dropped(array_store: Path, damage: bytes) -> None:
    """It is neither read nor kept."""
    write(NAME, b"code" * 50)
    (array_store / NAME).write_bytes(damage)
    assert read(NAME) is None
    assert not (array_store / NAME).exists()


def test_one_changed_bit_is_damage(array_store: Path) -> None:
    """Wherever it is."""
    write(NAME, b"code")
    whole = (array_store / NAME).read_bytes()
    for at in range(len(whole)):
        (array_store / NAME).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read(NAME) is None


def test_entry_under_another_name_is_damage(array_store: Path) -> None:
    """Code that was made from something else is not run."""
    write(NAME, b"code")
    (array_store / NAME).rename(array_store / OTHER)
    assert read(OTHER) is None


@pytest.mark.parametrize("outer", [0, 1])
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_folder_that_others_can_write_to_is_not_used(array_store: Path, outer: int, mode: int) -> None:
    """Neither to read from nor to write to; the reason is given."""
    write(NAME, b"code")
    (array_store, array_store.parent)[outer].chmod(mode)
    assert read(NAME) is None
    with pytest.raises(NotKeptError, match="others may write to it"):
        write(NAME, b"code")


def test_entry_that_others_can_write_to_is_not_used(array_store: Path) -> None:
    """Whatever its checksum says."""
    write(NAME, b"code")
    (array_store / NAME).chmod(0o666)
    assert read(NAME) is None


def test_folder_of_someone_else_is_not_used(array_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a program is run for once with the rights of another user, and their home is still named."""
    write(NAME, b"code")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert read(NAME) is None
    with pytest.raises(NotKeptError, match=f"belongs to user {owner}, and this is user {owner + 1}"):
        write(NAME, b"code")


@pytest.mark.parametrize("outer", [0, 1])
def test_link_to_elsewhere_is_not_followed(array_store: Path, tmp_path: Path, outer: int) -> None:
    """What it points to may be shared with anyone."""
    link, elsewhere = (array_store, array_store.parent)[outer], tmp_path / "elsewhere"
    elsewhere.mkdir()
    link.parent.mkdir(parents=True, mode=0o700)
    link.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(NotKeptError):
        write(NAME, b"code")
    assert list(elsewhere.iterdir()) == []


def test_shared_temporary_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even if it is asked for."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared))
    with pytest.raises(NotKeptError, match="others may write to it"):
        write(NAME, b"code")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(NotKeptError, match="belongs to user"):
        write(NAME, b"code")


def test_cache_folder_can_be_named(array_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the usual variable, if it names one from the root."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "named"))
    write(NAME, b"code")
    assert (tmp_path / "named/riskdrill/kernels" / NAME).is_file()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert place() == array_store


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_nothing_is_kept(array_store: Path, monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    """And the place of no one else is taken for it."""
    if home is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", home)
    assert read(NAME) is None
    with pytest.raises(NotKeptError, match="neither HOME nor XDG_CACHE_HOME"):
        write(NAME, b"code")


def test_home_that_is_not_there_is_not_made(array_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has none is told."""
    monkeypatch.setenv("HOME", str(tmp_path / "absent"))
    with pytest.raises(NotKeptError, match="No such file"):
        write(NAME, b"code")
    assert not (tmp_path / "absent").exists()


def test_full_disk_leaves_no_half_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was whole before stays so."""
    with small_disk(tmp_path / "small", "64k") as disk:
        disk.chmod(0o700)
        monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
        write(NAME, b"code")
        with pytest.raises(NotKeptError, match="No space left"):
            write(OTHER, bytes(200_000))
        assert (read(NAME), read(OTHER)) == (b"code", None)
        assert [each.name for each in place().iterdir()] == [NAME]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_write_that_fails_leaves_no_half_entry(array_store: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Whatever the reason; it is given."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(NotKeptError, match=os.strerror(number)):
        write(NAME, b"code")
    assert list(array_store.iterdir()) == []


def test_least_recently_used_is_forgotten(array_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading counts as use; what a killed process left goes the same way."""
    for age, name in enumerate(("c", "d", f"{OTHER}.1234", "e")):
        write(name, b"code")
        os.utime(array_store / name, (age, age))
    monkeypatch.setattr(jit_cache, "_MOST", 3)
    read("c")
    write(NAME, b"code")
    assert sorted(each.name for each in array_store.iterdir()) == [NAME, "c", "e"]


def test_folder_that_cannot_be_written_is_read(array_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an image that was made with everything compiled."""
    write(NAME, b"code")

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", read_only)
    assert read(NAME) == b"code"


def _take_turn(entered: "multiprocessing.Queue[int]") -> None:
    with jit_cache.turn():
        entered.put(os.getpid())


def test_turns_are_taken_one_at_a_time(array_store: Path) -> None:
    """Whoever comes second waits for the first to be done, or to be gone."""
    context = multiprocessing.get_context("spawn")
    entered: multiprocessing.Queue[int] = context.Queue()
    second = context.Process(target=_take_turn, args=(entered,))
    with jit_cache.turn():
        second.start()
        descriptor = os.open(array_store, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
        assert entered.empty()
    assert entered.get(timeout=60) == second.pid
    second.join()


def test_turn_without_a_folder_is_taken_at_once(array_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can share anything there."""
    monkeypatch.delenv("HOME")
    with jit_cache.turn():
        pass


def test_nobody_waits_for_ever(array_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a process that is stopped while it has its turn, say."""
    monkeypatch.setattr(jit_cache, "_PATIENCE_S", 0.1)
    with jit_cache.turn(), jit_cache.turn():
        pass
