"""Laws of the trace hash."""

import hashlib
import io
import re
from pathlib import Path

from sim.run.output import trace_hash
from tests.support.drills import run_thin


def hashed(decisions: bytes, journal: bytes) -> str:
    return trace_hash(io.BytesIO(decisions), io.BytesIO(journal))


def test_hash_is_of_both_files_and_of_each_apart() -> None:
    """A byte more here and a byte less there is another trace, and so is one that changes sides."""
    first = hashed(b"ab\n", b"c\n")
    inner = [hashlib.sha256(content).digest() for content in (b"ab\n", b"c\n")]
    assert first == hashlib.sha256(b"".join(inner)).hexdigest()
    others = [(b"ab\n", b"d\n"), (b"aa\n", b"c\n"), (b"a", b"b\nc\n")]
    assert len({first, *(hashed(*each) for each in others)}) == 4


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
    journal = tmp_path / "first" / "journal.jsonl"
    assert hashed(log.read_bytes(), journal.read_bytes()) == first.summary.trace_hash
