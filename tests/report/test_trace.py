"""Laws of the trace hash."""

import hashlib
import re
from pathlib import Path

import pytest

from actors.errors import OutputError
from sim.report.trace import trace_hash
from tests.drills import run_thin


def write(folder: Path, decisions: bytes, journal: bytes) -> tuple[Path, Path]:
    """Return the paths of two files with these contents."""
    folder.mkdir(exist_ok=True)
    files = folder / "decisions.jsonl", folder / "journal.jsonl"
    for file, content in zip(files, (decisions, journal), strict=True):
        file.write_bytes(content)
    return files


def test_hash_is_of_both_files_and_of_each_apart(tmp_path: Path) -> None:
    """A byte more here and a byte less there is another trace, and so is one that changes sides."""
    first = trace_hash(*write(tmp_path, b"ab\n", b"c\n"))
    inner = [hashlib.sha256(content).digest() for content in (b"ab\n", b"c\n")]
    assert first == hashlib.sha256(b"".join(inner)).hexdigest()
    others = [(b"ab\n", b"d\n"), (b"aa\n", b"c\n"), (b"a", b"b\nc\n")]
    assert len({first, *(trace_hash(*write(tmp_path, *each)) for each in others)}) == 4


def test_hash_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A run whose log cannot be read back has no hash, and says why."""
    decisions, journal = write(tmp_path, b"a\n", b"b\n")
    journal.unlink()
    with pytest.raises(OutputError, match=r"journal\.jsonl: cannot be read"):
        trace_hash(decisions, journal)


def test_equal_runs_have_equal_hashes_and_labels_do_not_count(tmp_path: Path, world_model: Path) -> None:
    """The hash is that of the log before labels; another seed is another trace."""
    first = run_thin(tmp_path / "first", world_model, ["world.label_delay=1s"])
    again = run_thin(tmp_path / "again", world_model, ["world.label_delay=1s"])
    other_seed = run_thin(tmp_path / "seed", world_model, ["seed=12"])
    assert first.summary == again.summary
    assert first.summary.trace_hash == again.summary.trace_hash != other_seed.summary.trace_hash

    log = tmp_path / "first" / "decisions.jsonl"
    labelled = log.read_bytes()
    log.write_bytes(re.sub(rb'"label":[01]', b'"label":null', labelled))
    assert b'"label":1' in labelled
    assert trace_hash(log, tmp_path / "first" / "journal.jsonl") == first.summary.trace_hash
