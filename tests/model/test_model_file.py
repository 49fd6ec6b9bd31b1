"""A model's file is data: whoever wrote it, nothing in it is run, and all but a booster is refused by name."""

import contextlib
import os
import pickle
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from actors.core.errors import ArtifactError
from actors.model import model_file
from actors.model.lightgbm_engine import lightgbm
from actors.model.model_file import ModelFile, read_model_file, write_model_file
from tests.support.actors.pickles import Trap, carrying
from tests.support.actors.small_model import Fitted

PLACE = "model.joblib"


def refusal(file: Path) -> str:
    """Return the one line with which ``file`` is refused."""
    with pytest.raises(ArtifactError) as caught:
        read_model_file(file)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert "\n" not in text
    return text.removeprefix(f"{file}: ")


def test_a_models_file_is_read_without_a_model_and_written_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    """The text is LightGBM's own, and what is written loads as the same model."""
    found = read_model_file(folder / PLACE)
    assert found.text.startswith("tree\nversion=")
    write_model_file(tmp_path / "again", found)
    again = joblib.load(tmp_path / "again")
    assert isinstance(again, lightgbm.Booster)
    assert again.model_to_string() == joblib.load(folder / PLACE).model_to_string()
    assert read_model_file(tmp_path / "again").text == found.text


def test_the_booster_of_a_models_file_scores_as_the_one_that_was_saved(folder: Path, fitted: Fitted) -> None:
    """What the text says is all there is to a model."""
    scores = read_model_file(folder / PLACE).booster().predict(fitted.rows, num_threads=1)
    assert np.asarray(scores).tolist() == np.asarray(fitted.booster.predict(fitted.rows, num_threads=1)).tolist()


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda trap: trap, "pathlib.Path.touch"),
        (lambda trap: [{"deep": (1, trap)}], "pathlib.Path.touch"),
        (lambda trap: np.array([trap], dtype=object), "joblib.numpy_pickle.NumpyArrayWrapper"),
        (lambda trap: {"params": [np.array([[1, trap]], dtype=object)]}, "joblib.numpy_pickle.NumpyArrayWrapper"),
        (lambda _: np.arange(3), "joblib.numpy_pickle.NumpyArrayWrapper"),
        (lambda _: LogisticRegression(), "sklearn.linear_model._logistic.LogisticRegression"),
        (lambda _: OrderedDict(), "collections.OrderedDict"),
        (lambda _: Path("x"), "pathlib."),
        (lambda _: {"hello": 1}, "got dict"),
        (lambda _: "text", "got str"),
        (lambda _: b"bytes", "the instruction SHORT_BINBYTES of a pickle"),
    ],
)
def test_all_but_a_booster_is_refused_by_name_and_never_run(
    made: Callable[[Trap], Any], named: str, compress: int, tmp_path: Path
) -> None:
    """Plain, nested, or inside an array of objects, which joblib's own reader hands to a bare pickle."""
    joblib.dump(made(Trap(tmp_path / "sprung")), tmp_path / PLACE, compress=compress)
    told = refusal(tmp_path / PLACE)
    assert ("uncompressed" if compress else named) in told
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("wrapped", [lambda trap: trap, lambda trap: np.array([trap], dtype=object)])
def test_a_booster_that_carries_more_than_values_is_refused_whole(
    wrapped: Callable[[Trap], Any], fitted: Fitted, tmp_path: Path
) -> None:
    """A sound text does not make up for what comes with it."""
    joblib.dump(carrying(fitted.booster, wrapped(Trap(tmp_path / "sprung"))), tmp_path / PLACE)
    assert "nothing of it was run" in refusal(tmp_path / PLACE)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_booster_is_read_whatever_the_protocol_of_its_pickle(protocol: int, fitted: Fitted, tmp_path: Path) -> None:
    """Those that any Python that runs this has written by default, and the ones before."""
    text = fitted.booster.model_to_string()
    (tmp_path / PLACE).write_bytes(pickle.dumps(lightgbm.Booster(model_str=text), protocol))
    assert read_model_file(tmp_path / PLACE).text == text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "must hold a LightGBM booster as joblib writes it"),
        (b"hello", "must hold a LightGBM booster as joblib writes it"),
        (b"cos\nsystem\n(S'false'\ntR.", "must hold a LightGBM booster as joblib writes it"),
        (b"\x80\x02cos\nsystem\n(X\x05\x00\x00\x00falsetR.", "got os.system"),
        (b"\x80\x02X\x01\x00\x00\x00xR.", "the instruction REDUCE"),
        (b"\x80\x04r\xff\xff\xff\x7f.", "must hold"),  # a reference numbered two thousand million
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.", "must hold"),  # a text of 2^63 bytes
        (b"\x80\x04" + b"(" * 100_000, "must hold"),
        (b"\x80\x04K\x01" + b"\x85" * 100_000 + b".", "got tuple"),  # nested a hundred thousand deep
        (b"\x80\x04Pid\n.", "the instruction PERSID"),
        (b"\x80\x04\x82\x01.", "the instruction EXT1"),
        (b"\x80\x04\x97.", "the instruction NEXT_BUFFER"),
    ],
)
def test_bytes_that_are_no_booster_are_refused_in_one_line(content: bytes, told: str, tmp_path: Path) -> None:
    """Numbers that a pickle makes up set no memory aside."""
    (tmp_path / PLACE).write_bytes(content)
    assert told in refusal(tmp_path / PLACE)


def test_what_is_no_file_is_refused_without_being_waited_for(tmp_path: Path) -> None:
    """A pipe that no one writes to, a device without an end, a folder, nothing at all."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "pipe", Path("/dev/zero")):
        refusal(place)


def test_a_file_too_large_to_be_a_model_is_not_read_whole(tmp_path: Path) -> None:
    """The limit is told; a sparse file of it takes no room."""
    with (tmp_path / PLACE).open("wb") as file:
        file.truncate(model_file.MOST_BYTES + 1)
    assert "must have at most 268,435,456 bytes" in refusal(tmp_path / PLACE)


@pytest.mark.parametrize("text", [None, 7, "a\0b"])
def test_a_booster_without_a_whole_text_is_refused(text: Any, tmp_path: Path) -> None:  # noqa: ANN401 - wrong on purpose
    """LightGBM's reader would take the text to end at a NUL."""
    write_model_file(tmp_path / PLACE, ModelFile(text, {}, ""))
    assert "text" in refusal(tmp_path / PLACE)


@given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
def test_damaged_bytes_are_refused_or_hold_a_text(noise: bytes, at: int, cut: bool) -> None:
    """Whatever is done to a file, it is one line or a booster's text."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / PLACE
        write_model_file(file, ModelFile("tree", {"params": {"boosting": ["gbdt", 1, 0.5, None, True]}}, ""))
        content = file.read_bytes()
        file.write_bytes(content[:at] + noise + (b"" if cut else content[at + len(noise) :]))
        with contextlib.suppress(ArtifactError):
            assert isinstance(read_model_file(file).text, str)
