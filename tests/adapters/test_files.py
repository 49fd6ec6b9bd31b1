"""Laws of the files that are appended to, a full disk included."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.adapters.memory import InMemoryLines
from actors.contracts.dead_letters import DeadLettersContract
from actors.core.batches import DeadLetter
from actors.core.errors import OutputError, SinkError
from actors.output.dead_letters import DeadLetterSink
from actors.output.sinks import LineSink

FULL_DISK = Path("/dev/full")


@pytest.mark.parametrize("kind", ["memory", "file"])
@given(steps=st.lists(st.binary(min_size=1, max_size=20), max_size=12))
def test_what_is_appended_is_kept_in_order(
    kind: str, tmp_path_factory: pytest.TempPathFactory, steps: list[bytes]
) -> None:
    """Contract of a line sink."""
    path = tmp_path_factory.mktemp("lines") / "log"
    sink: LineSink = InMemoryLines() if kind == "memory" else AppendOnlyFile(path)
    for lines in steps:
        sink.append(lines)
    content = bytes(sink.content) if isinstance(sink, InMemoryLines) else path.read_bytes()
    assert content == b"".join(steps)


@pytest.mark.skipif(not FULL_DISK.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_and_leaves_whole_lines() -> None:
    """Nothing of a line that does not fit counts as written."""
    log = AppendOnlyFile(FULL_DISK)
    with pytest.raises(SinkError, match="No space left on device"):
        log.append(b"line\n")
    assert log.size == 0
    log.close()


def test_a_file_that_cannot_be_made_names_the_remedy(tmp_path: Path) -> None:
    """A folder that is not there is the user's error, in one line."""
    with pytest.raises(OutputError, match=r"cannot be written: No such file or directory; choose another.*--out"):
        AppendOnlyFile(tmp_path / "missing" / "log")


class TestDeadLetterFile(DeadLettersContract):
    """Dead letters in a file keep the laws of the port."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    async def empty(self) -> DeadLetterSink:
        return DeadLetterFile(self.folder / "dead.jsonl")

    async def kept(self, sink: DeadLetterSink) -> list[DeadLetter]:
        assert isinstance(sink, DeadLetterFile)
        lines = [json.loads(line) for line in sink.file.path.read_text(encoding="utf-8").splitlines()]
        return [DeadLetter(**{**line, "raw": line["raw"].encode()}) for line in lines]

    async def broken(self) -> DeadLetterSink | None:
        return DeadLetterFile(FULL_DISK) if FULL_DISK.exists() else None


def test_a_flood_of_dead_letters_is_bounded(tmp_path: Path) -> None:
    """Beyond the limit letters are counted, not kept."""
    file = DeadLetterFile(tmp_path / "dead.jsonl", limit=3)
    asyncio.run(file.put([DeadLetter(number, "not_json", "broken", b"\xff", 5) for number in range(5)]))
    file.close()
    lines = [json.loads(line) for line in (tmp_path / "dead.jsonl").read_text().splitlines()]
    assert [line["number"] for line in lines] == [0, 1, 2]
    assert lines[0] == {"number": 0, "reason": "not_json", "detail": "broken", "raw": "\ufffd", "at_ns": 5}
    assert file.unkept_count == 2
