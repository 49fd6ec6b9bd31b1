"""A model folder is seen whole or not at all, whoever else is training."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actors.core.errors import OutputError
from sim.training.cache import is_model, publish


def write(folder: Path, words: str) -> str:
    """Fill a draft as training does, the manifest last."""
    for name in ("model.joblib", "manifest.json"):
        (folder / name).write_text(words, encoding="utf-8")
    return words


def words_in(folder: Path) -> set[str]:
    return {file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_the_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    """While it is being filled there is nothing at its place."""

    def build(draft: Path) -> str:
        assert not (tmp_path / "models" / "key").exists()
        return write(draft, "one")

    assert publish(tmp_path / "models" / "key", build) == "one"
    assert is_model(tmp_path / "models" / "key")


def test_a_new_model_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """No file of the old one stays behind, and no draft either."""
    publish(tmp_path / "key", lambda draft: [write(draft, "one"), (draft / "extra").write_text("one")])
    publish(tmp_path / "key", lambda draft: write(draft, "two"))
    assert words_in(tmp_path / "key") == {"two"}
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_a_failure_leaves_the_old_model(tmp_path: Path) -> None:
    """Whatever goes wrong, what was there is there, and the draft is gone."""
    publish(tmp_path / "key", lambda draft: write(draft, "one"))

    def fail(draft: Path) -> None:
        write(draft, "two")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        publish(tmp_path / "key", fail)
    assert words_in(tmp_path / "key") == {"one"}
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_many_may_publish_at_once(tmp_path: Path) -> None:
    """One of them wins, whole, and none fails."""
    names = [f"writer {number}" for number in range(12)]
    with ThreadPoolExecutor(len(names)) as pool:
        done = list(pool.map(lambda name: publish(tmp_path / "key", lambda draft: write(draft, name)), names))
    assert done == names
    assert len(words_in(tmp_path / "key")) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_an_empty_folder_may_be_filled_and_a_file_may_not(tmp_path: Path) -> None:
    """What a user made for it is taken; what a user keeps is not."""
    (tmp_path / "empty").mkdir()
    publish(tmp_path / "empty", lambda draft: write(draft, "one"))
    assert is_model(tmp_path / "empty")
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with pytest.raises(OutputError, match="holds something else"):
        publish(tmp_path / "file", lambda draft: write(draft, "one"))


def test_a_place_that_cannot_be_written_is_the_users_to_change(tmp_path: Path) -> None:
    """One line with the folder, the reason and the remedy."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError, match=r"key: must be writable, and is not: .*; name another with train --out"):
        publish(tmp_path / "file" / "key", lambda draft: write(draft, "one"))


def test_what_came_in_while_a_model_was_made_is_left_alone(tmp_path: Path) -> None:
    """A run that took the folder meanwhile keeps its files; the model is refused, not the run."""

    def build(draft: Path) -> str:
        (tmp_path / "key").mkdir()
        (tmp_path / "key" / "decisions.jsonl").touch()
        return write(draft, "one")

    with pytest.raises(OutputError, match="holds something else; name another"):
        publish(tmp_path / "key", build)
    assert [each.name for each in (tmp_path / "key").iterdir()] == ["decisions.jsonl"]
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
