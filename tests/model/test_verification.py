"""A candidate that may be damaged is first loaded where it can do no harm."""

import errno
import signal
import subprocess
from pathlib import Path

import msgspec
import pytest

from actors.core.errors import ArtifactError, MachineError
from actors.model.integrity import sha256_of
from actors.model.manifest import read_manifest
from actors.model.model_file import read_model_file, write_model_file
from actors.model.verification import LACKING, verify_in_child


def test_a_sound_candidate_passes(folder: Path) -> None:
    """The child loads it and says which file it loaded, so that no other is loaded here."""
    assert verify_in_child(folder) == sha256_of(folder / "model.joblib")


def test_a_candidate_passes_whatever_python_is_told_about_its_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child finds the program by where it is, not by the folder it stands in, which the setting forbids."""
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert verify_in_child(folder) == sha256_of(folder / "model.joblib")


def test_a_damaged_candidate_gives_the_line_that_loading_gives(folder: Path) -> None:
    """The child's complaint is handed on as it is."""
    (folder / "golden.npz").unlink()
    with pytest.raises(ArtifactError, match=r"golden.npz: must be there, and is missing; train it again"):
        verify_in_child(folder)


def test_a_model_that_aborts_its_process_is_only_an_error_here(folder: Path) -> None:
    """A truncated LightGBM text aborts the child; this process goes on and says so."""
    model = read_model_file(folder / "model.joblib")
    write_model_file(folder / "model.joblib", model._replace(text=model.text[: len(model.text) * 2 // 3]))
    manifest = read_manifest(folder / "manifest.json")
    sealed = msgspec.structs.replace(manifest, sha256=sha256_of(folder / "model.joblib"))
    sealed.write(folder / "manifest.json")
    with pytest.raises(ArtifactError, match="in a child process"):
        verify_in_child(folder)


def test_a_candidate_that_takes_too_long_is_refused(folder: Path) -> None:
    """Waiting is bounded; the old model serves meanwhile and afterwards."""
    with pytest.raises(ArtifactError, match=r"must load within 0.01 s"):
        verify_in_child(folder, timeout_s=0.01)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_was_killed_says_nothing_about_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by: signal.Signals
) -> None:
    """No one is told to train again because someone ended a process, or memory ran short."""

    def killed(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, -by, b"", b"")

    monkeypatch.setattr(subprocess, "run", killed)
    with pytest.raises(MachineError, match=rf"is not verified: the process .* was killed \({by.name}\), .* try again"):
        verify_in_child(folder)


def test_a_child_that_lacks_memory_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line comes through, and blames the machine."""

    def lacking(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, LACKING, b"", b"the machine lacks memory\n")

    monkeypatch.setattr(subprocess, "run", lacking)
    with pytest.raises(MachineError, match="is not verified: the machine lacks memory"):
        verify_in_child(folder)


def test_a_child_that_cannot_be_started_is_the_machines_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, as for all that the machine lacks."""

    def fail(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(MachineError, match="no process can be started: the machine lacks processes"):
        verify_in_child(folder)
