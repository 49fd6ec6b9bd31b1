"""Children: what comes from them, what they hear, and that none is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from actors.core.child_process import Child
from actors.core.errors import ArtifactError, InternalError, MachineError
from tests.support.repository import ROOT, run_python


def send(pipe: Connection, *messages: object) -> None:
    for message in messages:
        pipe.send(message)


def fail(_: Connection, error: Exception) -> None:
    raise error


def end_by(_: Connection, number: int) -> None:
    os.kill(os.getpid(), number)


def hear(pipe: Connection) -> None:
    """Send what is told by each signal and by standard input."""
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)
        pipe.send(number.name)
    pipe.send(sys.stdin.read())


def send_for_ever(pipe: Connection) -> None:
    while True:
        pipe.send(os.getpid())


def all_of(child: Child) -> list[object]:
    try:
        return list(iter(child.receive, None))
    finally:
        child.close()


def test_what_a_child_sends_comes_in_order() -> None:
    """Then it is done, and ends well."""
    child = Child(send, 1, "two", b"3" * 1_000_000)
    assert all_of(child) == [1, "two", b"3" * 1_000_000]
    assert child.close() == 0


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (ArtifactError("is damaged"), ArtifactError, "^is damaged"),
        (ValueError("no"), InternalError, "^ValueError: no"),
        (MemoryError(), MachineError, "the machine lacks memory"),
    ],
)
def test_error_of_a_child_comes_as_one_of_ours(raised: Exception, kind: type[Exception], told: str) -> None:
    """One of ours as it was; of another it is said what was lacking, or what it was."""
    with pytest.raises(kind, match=told) as caught:
        all_of(Child(fail, raised))
    assert "in fail" in "".join(caught.value.__notes__), "where it was raised"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_death_of_a_child_is_the_end_of_its_messages(number: int) -> None:
    """Nothing is made up in place of what it had no time to say."""
    child = Child(end_by, number)
    with pytest.raises(EOFError):
        child.receive()
    assert child.close() == -number


def test_a_terminal_says_nothing_to_a_child() -> None:
    """Neither Ctrl-C nor its end ends the child, the first or another; what is typed is left to the parent."""
    code = "from tests.core.test_child_process import *; print([all_of(Child(hear)) for _ in range(2)])"
    done = run_python("-c", code)
    assert done.stdout == f"{[['SIGINT', 'SIGHUP', '']] * 2}\n", done.stderr


@pytest.mark.parametrize("ended", [Child.close, Child.kill, Child.terminate])
def test_a_child_that_is_ended_in_the_middle_is_gone(ended: Callable[[Child], None]) -> None:
    """However it is ended, and however much it has to say."""
    child = Child(send_for_ever)
    pid = child.receive()
    ended(child)
    child.close()
    assert not psutil.pid_exists(pid)


def test_a_child_does_not_outlive_its_parent() -> None:
    """Where the parent is killed and can end nobody."""
    code = (
        "from tests.core.test_child_process import *; print(Child(send_for_ever).receive(), flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=60)


def test_a_child_imports_nothing_from_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of the user's that happens to be called as a module of Python's is not run."""
    for name in ("multiprocessing", "signal", "selectors"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run by mistake')")
    monkeypatch.chdir(tmp_path)
    assert all_of(Child(send, 1)) == [1]
